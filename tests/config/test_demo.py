"""The demo company: a story that says something on every page, in the shape that the real verbs leave."""

import datetime as dt
from io import StringIO

from django.core.management import CommandError, call_command
from django.utils import timezone

import pytest

from accounts.models import Person
from courses.models import Course, CourseRevision
from quizzes import engine
from reminders.models import Reminder
from training.models import Attempt, Completion, Cycle, Decision, Status
from training.standing import Progress


@pytest.fixture(scope="module")
def company(django_db_setup, django_db_blocker):
    """Told once for all the tests of this module, which only read; taken away afterwards."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        call_command("setup", demo=True)
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _read(company, db):
    """Each test in a savepoint of the story."""


def statuses():
    cycles = Cycle.objects.current().of_employed(timezone.localdate()).with_status(timezone.localdate())
    return [cycle.status for cycle in cycles]


def test_about_three_hundred_people_have_the_duty():
    assert 290 <= Person.objects.count() <= 310
    assert len(statuses()) >= 290


@pytest.mark.parametrize(
    ("status", "least"),
    [
        (Status.COMPLETED, 100),
        (Status.IN_PROGRESS, 5),
        (Status.NOT_STARTED, 5),
        (Status.OVERDUE, 10),
        (Status.ON_LEAVE, 1),
        (Status.WAIVED, 1),
    ],
)
def test_every_status_occurs(status, least):
    assert statuses().count(status) >= least


def test_completed_cycles_look_as_the_verbs_leave_them():
    for completion in Completion.objects.select_related("cycle", "result").order_by("pk")[:25]:
        progress = Progress(completion.cycle)
        assert progress.current is None
        assert progress.result(progress.content.final) == completion.result
        assert completion.score == completion.result.score
        assert completion.completed_on == timezone.localdate(completion.completed_at)
        assert completion.late == (completion.completed_on > completion.due_on)


def test_every_attempt_scores_what_its_decisions_replay_to():
    content = CourseRevision.objects.get().content
    attempts = Attempt.objects.prefetch_related("decisions").order_by("?")[:200]
    for attempt in attempts:
        state = engine.replay(content.scenario(attempt.scenario_key), [d.choice_key for d in attempt.decisions.all()])
        assert (state.ending.key, state.score) == (attempt.ending_key, attempt.score)
        assert attempt.passed == engine.passed(state.score, content.pass_mark)


def test_the_ledger_has_something_to_say():
    found = set(Reminder.objects.values_list("state", flat=True))
    assert {"sent", "cancelled", "failed", "unknown"} <= found


def test_nobody_learns_before_the_duty_was_opened_or_in_the_future():
    assert not [cycle for cycle in Cycle.objects.exclude(started_at=None) if cycle.started_at < cycle.opened_at]
    assert Decision.objects.order_by("-at").first().at < timezone.now()


def test_a_second_start_changes_nothing():
    before = (Person.objects.count(), Course.objects.count(), Cycle.objects.count(), Reminder.objects.count())
    call_command("setup", demo=True)
    assert (Person.objects.count(), Course.objects.count(), Cycle.objects.count(), Reminder.objects.count()) == before


def test_the_printed_accounts_can_sign_in():
    output = StringIO()
    call_command("setup", demo=True, print_accounts=True, stdout=output)
    lines = [line.split("\t") for line in output.getvalue().splitlines()]
    assert len(lines) == 7
    for _role, email, password in lines:
        assert Person.objects.get(email=email).check_password(password)


def test_known_passwords_do_not_go_into_production(settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="known passwords"):
        call_command("setup", demo=True)


def test_the_story_took_place_in_the_last_four_weeks():
    first = Cycle.objects.order_by("opened_at").first().opened_at
    assert dt.timedelta(days=27) < timezone.now() - first < dt.timedelta(days=30)
