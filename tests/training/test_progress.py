"""Learning keeps every step, refuses to skip, and ends in exactly one completion."""

import datetime as dt

from django.db import IntegrityError, transaction

import pytest

from tests.factories import course_document, make_revision
from tests.training.walking import open_cycle, pass_scenario, walk_to
from training import progress, standing
from training.models import Attempt, Completion, Cycle, Decision


@pytest.fixture
def cycle(cast, course, now):
    return progress.start(open_cycle(course, cast.employee, now=now), now=now)


def test_starting_pins_the_newest_revision_and_keeps_it(cycle, course, now):
    newer = make_revision(course, course_document())
    type(course).objects.update(current=newer)
    assert progress.start(Cycle.objects.get(pk=cycle.pk), now=now).revision.number == 1


def test_a_lesson_cannot_be_marked_as_seen_before_its_opening_is_answered(cycle, now):
    with pytest.raises(standing.NotThere):
        progress.mark_seen(cycle, "rule-1", now=now)


def test_the_first_answer_to_an_opening_stays(cycle, now):
    progress.answer_opening(cycle, "rule-1", option=1, now=now)
    progress.answer_opening(cycle, "rule-1", option=0, now=now)
    assert cycle.lessons.get().opening_choice == 1


@pytest.mark.parametrize("option", [-1, 2, 99])
def test_an_answer_that_is_not_on_offer_is_refused(cycle, now, option):
    with pytest.raises(standing.NotThere):
        progress.answer_opening(cycle, "rule-1", option=option, now=now)


def test_a_later_lesson_cannot_be_answered_before_the_one_before_it_is_done(cycle, now):
    with pytest.raises(standing.NotThere):
        progress.answer_opening(cycle, "rule-2", option=0, now=now)


def test_a_scenario_cannot_be_begun_before_its_lesson_is_seen(cycle, now):
    with pytest.raises(standing.NotThere):
        progress.begin_attempt(cycle, "rule-1", now=now)
    assert not Attempt.objects.exists()


def test_beginning_twice_returns_the_same_attempt(cycle, now):
    walk_to(cycle, "play-rule-1", now=now)
    first = progress.begin_attempt(cycle, "rule-1", now=now)
    assert progress.begin_attempt(cycle, "rule-1", now=now).pk == first.pk


def test_deciding_the_same_step_twice_keeps_the_first_decision(cycle, now):
    walk_to(cycle, "play-rule-1", now=now)
    attempt = progress.begin_attempt(cycle, "rule-1", now=now)
    progress.decide(cycle, attempt.pk, step=0, position=0, now=now)
    run = progress.decide(cycle, attempt.pk, step=0, position=1, now=now)
    assert len(run.state.steps) == 1
    assert Decision.objects.count() == 1


@pytest.mark.parametrize(("step", "position"), [(1, 0), (0, 3), (0, -1)])
def test_a_decision_ahead_of_the_run_or_not_on_offer_is_refused(cycle, now, step, position):
    walk_to(cycle, "play-rule-1", now=now)
    attempt = progress.begin_attempt(cycle, "rule-1", now=now)
    with pytest.raises(standing.NotThere):
        progress.decide(cycle, attempt.pk, step=step, position=position, now=now)
    assert not Decision.objects.exists()


def test_an_attempt_of_someone_else_cannot_be_decided(cycle, course, cast, now):
    walk_to(cycle, "play-rule-1", now=now)
    attempt = progress.begin_attempt(cycle, "rule-1", now=now)
    other = progress.start(open_cycle(course, cast.colleague, now=now), now=now)
    with pytest.raises(standing.NotThere):
        progress.decide(other, attempt.pk, step=0, position=0, now=now)


def test_failing_then_passing_keeps_both_attempts_and_the_first_pass_is_the_result(cycle, now):
    walk_to(cycle, "play-rule-1", now=now)
    failed = pass_scenario(cycle, "rule-1", choices=["c", "b"], now=now)
    passed = pass_scenario(cycle, "rule-1", now=now)
    assert (failed.number, failed.passed, passed.number, passed.passed) == (1, False, 2, True)
    assert standing.Progress(cycle).result("rule-1") == passed


def test_a_passed_scenario_is_not_graded_again(cycle, now):
    walk_to(cycle, "lesson-rule-2", now=now)
    with pytest.raises(standing.NotThere):
        progress.begin_attempt(cycle, "rule-1", now=now)


def test_the_acknowledgement_cannot_be_signed_early(cycle, now):
    walk_to(cycle, "play-final", now=now)
    with pytest.raises(standing.NotThere):
        progress.acknowledge(cycle, agreed=True, name="Ewa Pracownicka", language="pl", now=now)
    assert not Completion.objects.exists()


@pytest.mark.parametrize(("agreed", "name"), [(False, "Ewa Pracownicka"), (True, "  "), (True, "E")])
def test_the_acknowledgement_needs_tick_and_name(cycle, now, agreed, name):
    walk_to(cycle, "acknowledgement", now=now)
    with pytest.raises(progress.NameMissing):
        progress.acknowledge(cycle, agreed=agreed, name=name, language="pl", now=now)


def test_signing_closes_the_cycle_and_writes_the_completion_as_it_was_on_that_day(cycle, cast, course, now):
    walk_to(cycle, "acknowledgement", now=now)
    completion = progress.acknowledge(cycle, agreed=True, name=" Ewa  Pracownicka ", language="pl", now=now)
    cycle.refresh_from_db()
    assert cycle.closed_at == now
    assert completion.department_path == "Firma / Sales / Shops"
    assert completion.acknowledgement_text == "I have read the rules. (pl)"
    assert completion.acknowledgement_name == "Ewa Pracownicka"
    assert completion.result == standing.Progress(cycle).result("final")
    assert completion.expires_on == dt.date(2027, 6, 1)
    assert completion.late is False


def test_signing_twice_returns_the_same_record(cycle, now):
    walk_to(cycle, "acknowledgement", now=now)
    first = progress.acknowledge(cycle, agreed=True, name="Ewa P", language="pl", now=now)
    assert progress.acknowledge(cycle, agreed=True, name="Other", language="en", now=now) == first


def test_completing_after_the_due_date_is_late(cast, course, now):
    cycle = progress.start(
        open_cycle(course, cast.employee, due_on=now.date() - dt.timedelta(days=1), now=now), now=now
    )
    walk_to(cycle, "acknowledgement", now=now)
    assert progress.acknowledge(cycle, agreed=True, name="Ewa P", language="pl", now=now).late is True


def test_the_database_refuses_to_change_a_closed_cycle_or_its_evidence(cycle, now):
    walk_to(cycle, "acknowledgement", now=now)
    completion = progress.acknowledge(cycle, agreed=True, name="Ewa P", language="pl", now=now)
    changes = [
        lambda: Cycle.objects.filter(pk=cycle.pk).update(due_on=None),
        lambda: Completion.objects.filter(pk=completion.pk).update(score=1),
        completion.delete,
        lambda: Attempt.objects.filter(cycle=cycle).update(score=1),
        lambda: Attempt.objects.create(cycle=cycle, scenario_key="rule-1", number=9, seed=1, started_at=now),
        lambda: cycle.lessons.update(opening_choice=0),
        lambda: Decision.objects.filter(attempt__cycle=cycle).update(choice_key="z"),
        lambda: Decision.objects.create(attempt=cycle.attempts.first(), step=9, node_key="x", choice_key="y", at=now),
    ]
    for change in changes:
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_the_database_holds_one_open_cycle_per_person_and_course(cycle, cast, course, now):
    with pytest.raises(IntegrityError), transaction.atomic():
        Cycle.objects.create(person=cast.employee, course=course, number=2, opened_at=now)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (dt.date(2024, 2, 29), 12, dt.date(2025, 2, 28)),
        (dt.date(2026, 1, 31), 1, dt.date(2026, 2, 28)),
        (dt.date(2026, 11, 30), 3, dt.date(2027, 2, 28)),
        (dt.date(2026, 6, 1), 12, dt.date(2027, 6, 1)),
    ],
)
def test_months_are_added_to_the_same_day_or_the_last_of_the_month(day, months, expected):
    assert progress.add_months(day, months) == expected


def test_what_is_read_at_once_is_what_the_models_read(cycle, cast, now):
    walk_to(cycle, "lesson-rule-2", now=now)
    at_once, one_by_one = standing.Progress.of(cast.employee, cycle.pk), standing.Progress(cycle)
    assert at_once.lessons.keys() == one_by_one.lessons.keys() == {"rule-1"}
    for mine, theirs in (
        (at_once.lessons["rule-1"], one_by_one.lessons["rule-1"]),
        (at_once.attempts["rule-1"][0], one_by_one.attempts["rule-1"][0]),
    ):
        assert mine._asdict() == {name: getattr(theirs, name) for name in mine._fields}
    names = [field.attname for field in Cycle._meta.concrete_fields]
    assert [getattr(at_once.cycle, name) for name in names] == [getattr(one_by_one.cycle, name) for name in names]


def test_nobody_reads_the_duty_of_another(cycle, cast):
    with pytest.raises(Cycle.DoesNotExist):
        standing.Progress.of(cast.colleague, cycle.pk)
