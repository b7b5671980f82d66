"""Two tabs, two devices, a double click: 16 threads on a barrier never make two of anything, nor an error page."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connection
from django.test import Client
from django.urls import reverse

import pytest

from accounts.people import AddressTaken, invite_person, mark_left, take_back
from accounts.refusals import Refusal
from tests.cast import build_cast
from tests.factories import make_course, make_person
from tests.training.walking import walk_to
from training import assigning, progress
from training.due import DueRule
from training.models import AssignmentRule, Attempt, Completion, Cycle

THREADS = 16
ROUNDS = 200

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pool():
    with ThreadPoolExecutor(THREADS) as threads:
        yield threads
        at_once(threads, lambda _n: connection.close())


def at_once(pool, action):
    """Run the action in all threads at the same moment; the results, or the first error."""
    barrier = threading.Barrier(THREADS)

    def run(number):
        barrier.wait()
        return action(number)

    return list(pool.map(run, range(THREADS)))


@pytest.fixture
def stage(now):
    cast = build_cast()
    return cast, make_course(by=cast.editor), now


def test_assigning_to_the_same_person_from_all_sides_opens_one_cycle(stage, pool):
    cast, course, now = stage
    for _round in range(ROUNDS // 4):
        person = make_person(cast.shops)

        def assign(_n, person=person):
            assigning.assign_to_people(course, [person], due=DueRule(), by=cast.hr, now=now)

        at_once(pool, assign)
    assert Cycle.objects.filter(closed_at=None).count() == Cycle.objects.count() == ROUNDS // 4


@pytest.mark.parametrize("part", range(4))
def test_starting_and_finishing_twice_at_once_makes_one_record_and_no_error_page(stage, pool, part):
    """Each round: 16 tabs start the course at once, then (the steps between taken) 16 tabs sign at once. 200 rounds in
    four parts, so that a slow machine gets through each of them in time."""
    cast, course, now = stage
    statuses = set()
    for _round in range(ROUNDS // 4):
        person = make_person(cast.shops)
        clients = [Client() for _ in range(THREADS)]
        clients[0].force_login(person, backend="accounts.authentication.PersonBackend")
        for client in clients[1:]:
            client.cookies = clients[0].cookies
        (cycle,) = assigning.assign_to_people(course, [person], due=DueRule(), by=cast.hr, now=now)
        start = reverse("training:start", args=[cycle.pk])
        statuses |= set(at_once(pool, lambda n, clients=clients, url=start: clients[n].post(url).status_code))
        cycle.refresh_from_db()
        walk_to(cycle, "acknowledgement", now=now)
        sign = reverse("training:step", args=[cycle.pk, "acknowledgement"])
        data = {"agreed": "on", "typed_name": person.name}
        statuses |= set(
            at_once(pool, lambda n, clients=clients, url=sign, data=data: clients[n].post(url, data).status_code)
        )
    assert statuses == {302}
    assert Completion.objects.count() == ROUNDS // 4
    assert Cycle.objects.count() == ROUNDS // 4
    assert not Cycle.objects.filter(closed_at=None).exists()


def test_inviting_the_same_address_from_all_sides_makes_one_person_and_refusals(stage, pool):
    cast, _course, now = stage
    for number in range(5):

        def invite(_n, email=f"new{number}@example.com"):
            known = {"email": email, "first_name": "Nowa", "last_name": "Osoba", "department": cast.shops}
            try:
                invite_person(**known, by=cast.hr, now=now, today=now.date())
            except AddressTaken:
                return 0
            return 1

        assert sum(at_once(pool, invite)) == 1


def test_a_departure_and_its_end_at_once_never_wait_for_each_other_for_ever(stage, pool):
    """Half of the threads record it, half call it off; who comes too late is refused."""
    cast, _course, now = stage
    person = make_person(cast.shops)

    def leave_or_return(number):
        try:
            if number % 2:
                mark_left(person, left_on=now.date(), by=cast.hr, now=now, today=now.date())
            else:
                take_back(person, on=now.date(), department=cast.shops, by=cast.hr, now=now)
        except Refusal:
            return

    for _round in range(5):
        at_once(pool, leave_or_return)


def test_confirming_an_assignment_from_all_sides_makes_one_rule(stage, pool):
    cast, course, now = stage
    due = DueRule.after_start(30)

    def assign(_n):
        return assigning.assign_to_department(course, department=cast.sales, due=due, by=cast.hr, now=now).pk

    assert len(set(at_once(pool, assign))) == 1
    assert AssignmentRule.objects.count() == 1


def test_beginning_and_deciding_at_once_makes_one_attempt_and_one_decision(stage, pool):
    cast, course, now = stage
    for _round in range(ROUNDS // 4):
        person = make_person(cast.shops)
        (cycle,) = assigning.assign_to_people(course, [person], due=DueRule(), by=cast.hr, now=now)
        cycle = progress.start(cycle, now=now)
        walk_to(cycle, "play-rule-1", now=now)
        attempts = at_once(pool, lambda _n, cycle=cycle: progress.begin_attempt(cycle, "rule-1", now=now).pk)
        assert len(set(attempts)) == 1
        decided = at_once(
            pool,
            lambda n, cycle=cycle, a=attempts[0]: len(
                progress.decide(cycle, a, step=0, position=n % 3, now=now).state.steps
            ),
        )
        assert set(decided) == {1}
    assert Attempt.objects.count() == ROUNDS // 4
