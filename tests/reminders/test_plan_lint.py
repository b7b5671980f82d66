"""What the linter warns of, each with the steps concerned; pure data, no database."""

import datetime as dt
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.utils import translation

import pytest

from reminders.calendar import Hours
from reminders.models.plan import MAX_OFFSET, step_in_words
from reminders.plan_lint import CHECKS, Finding, lint
from reminders.plan_model import AFTERMATH, GRACE_DAYS, RENEWAL_DAYS, Facts, Step
from training import assigning, due

WEEKDAYS = Hours(dt.time(8), dt.time(18), frozenset(range(5)), skips_holidays=True)
DAILY = replace(WEEKDAYS, weekdays=frozenset(range(7)))


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def step(anchor: str, offset: int, repeat: int | None = None, audience: str = "person", text: str = "") -> Step:
    number = hash((anchor, offset, audience))
    text = text or ("overdue" if offset > 0 else "before")
    return Step(number, anchor, offset, repeat, audience, text, step_in_words(anchor, offset, repeat))


ASSIGNED, BEFORE_7, BEFORE_1, OVERDUE = step("assigned", 0), step("due", -7), step("due", -1), step("due", 1, 7)
DONE, MANAGER, HR = step("completed", 0), step("due", 14, audience="manager"), step("due", 30, audience="hr")
GOOD = (ASSIGNED, BEFORE_7, BEFORE_1, OVERDUE, DONE, MANAGER, HR)


def facts(*steps: Step, **more: Any) -> Facts:
    given = {"hours": WEEKDAYS, "standard_hours": WEEKDAYS, "catch_up_days": 14, **more}
    return Facts(steps=steps or GOOD, **given)


def codes(*steps: Step, **more: Any) -> set[str]:
    return {finding.code for finding in lint(facts(*steps, **more))}


def found(code: str, *steps: Step, **more: Any) -> Finding:
    [finding] = [finding for finding in lint(facts(*steps, **more)) if finding.code == code]
    return finding


def test_a_good_plan_has_no_warnings():
    assert lint(facts(standard=True, digest=True, due_weekdays=frozenset(range(5)), longest_duty=30)) == []


def test_every_check_is_tried_here():
    """The name of a check is the code of its finding, and each is in a test below."""
    source = Path(__file__).read_text()
    assert all(f'"{check.__name__}"' in source for check in CHECKS)


@pytest.mark.parametrize("escalation", [step("assigned", 0, audience="hr"), step("due", -8, audience="manager")])
def test_an_escalation_before_any_reminder(escalation):
    finding = found("escalation_first", BEFORE_7, BEFORE_1, OVERDUE, MANAGER, escalation)
    assert finding.steps == (escalation.id,)
    assert f"“{escalation.words}”" in finding.text


def test_an_escalation_on_the_day_of_the_first_reminder_is_early_too():
    assert "escalation_first" in codes(step("due", 1), step("due", 1, audience="manager"))
    assert "escalation_first" not in codes(step("due", 1), step("due", 2, audience="manager"))


def test_the_mail_after_the_completion_is_no_reminder_before_an_escalation():
    assert found("escalation_first", DONE, MANAGER).steps == (MANAGER.id,)


def test_nothing_reminds_the_person():
    finding = found("no_reminder", DONE, MANAGER)
    assert finding.steps == (DONE.id, MANAGER.id)
    assert "no_reminder" not in codes(ASSIGNED)


@pytest.mark.parametrize(
    ("hours", "catch_up", "days"),
    [
        (WEEKDAYS, 0, "Saturday, Sunday"),
        (WEEKDAYS, 1, "Saturday"),
        (replace(WEEKDAYS, weekdays=frozenset({0})), 3, "Tuesday, Wednesday, Thursday"),
    ],
)
def test_a_step_on_a_day_that_never_sends(hours, catch_up, days):
    finding = found("closed_days", ASSIGNED, OVERDUE, DONE, hours=hours, catch_up_days=catch_up)
    assert f"falls on {days};" in finding.text
    assert ("makes up for nothing" if catch_up == 0 else f"at most {catch_up} day") in finding.text
    assert finding.steps == (ASSIGNED.id, OVERDUE.id, DONE.id)


def test_days_of_the_week_are_small_inside_a_polish_warning():
    with translation.override("pl"):
        finding = found("closed_days", ASSIGNED, OVERDUE, DONE, catch_up_days=0)
    assert "gdy przypada na dni: sobota, niedziela;" in finding.text


@pytest.mark.parametrize(("hours", "catch_up"), [(WEEKDAYS, 2), (DAILY, 0)])
def test_a_plan_that_makes_up_for_its_closed_days(hours, catch_up):
    assert "closed_days" not in codes(hours=hours, standard_hours=hours, catch_up_days=catch_up)


def test_escalations_keep_the_hours_of_the_standard_plan():
    finding = found("closed_days", *GOOD, hours=DAILY, standard_hours=WEEKDAYS, catch_up_days=0)
    assert finding.steps == (MANAGER.id, HR.id)


@pytest.mark.parametrize(
    ("due_on", "late"),
    [
        ({6}, "Sunday"),  # 1 day before is Saturday, the next mails go out on Monday
        ({4, 5, 6}, "Sunday"),
    ],
)
def test_a_duty_due_at_the_weekend_gets_no_mail_in_time(due_on, late):
    finding = found("due_on_closed_days", *GOOD, due_weekdays=frozenset(due_on))
    assert f"due on {late}," in finding.text
    assert finding.steps == (BEFORE_1.id,)


def test_a_mail_on_the_due_date_cannot_go_out_on_a_closed_one():
    on_the_day = step("due", 0)
    assert "Saturday, Sunday" in found("due_on_closed_days", on_the_day, due_weekdays=frozenset({3, 5, 6})).text
    assert "due_on_closed_days" not in codes(on_the_day, due_weekdays=frozenset({0, 4}))


def test_days_before_the_weekend_that_still_leave_time_are_fine():
    assert "due_on_closed_days" not in codes(step("due", -3), due_weekdays=frozenset(range(7)))


def test_a_step_before_the_renewal_begins():
    early = step("expiry", -30)
    assert found("too_early", *GOOD, early).steps == (early.id,)
    assert "too_early" not in codes(*GOOD, step("expiry", -29))
    assert "too_early" not in codes(*GOOD, step("expiry", -40, 7))


def test_a_step_before_any_duty_begins():
    early = step("due", -30)
    assert "30 days" in found("too_early", *GOOD, early, longest_duty=30).text
    assert "too_early" not in codes(*GOOD, early, longest_duty=31)
    assert "too_early" not in codes(*GOOD, early, longest_duty=None)


def test_a_step_that_counts_from_an_expiry_that_never_comes():
    expiring = step("expiry", -14)
    assert found("nothing_expires", *GOOD, expiring, courses_expire=False).steps == (expiring.id,)
    assert "nothing_expires" not in codes(*GOOD, expiring)
    assert "nothing_expires" not in codes(*GOOD, courses_expire=False)


@pytest.mark.parametrize(
    "steps", [[step("due", 1, 1)], [step("due", n) for n in (-4, -3, -2, -1)], [step("assigned", 0, 2)]]
)
def test_more_than_three_mails_in_seven_days(steps):
    finding = found("flood", *steps, hours=DAILY)
    assert set(finding.steps) == {each.id for each in steps}
    number = int(finding.text.split(": ")[1].split()[0])
    assert number == {1: 7, 4: 4}.get(len(steps) if len(steps) > 1 else steps[0].repeat_days, 4)


def test_three_in_seven_days_are_not_too_many():
    assert "flood" not in codes(*(step("due", n) for n in (-3, -2, -1)), hours=DAILY)
    assert "flood" not in codes(step("due", 1, 3), hours=DAILY)


def test_mails_that_wait_for_the_same_day_become_one():
    assert "flood" in codes(step("due", 1, 1), hours=DAILY)
    assert "flood" not in codes(step("due", 1, 1), hours=replace(DAILY, weekdays=frozenset({0, 2, 3})))


def test_the_closeness_of_steps_shows_in_short_duties_only():
    """From the assignment and to the due date: apart in 30 days, together in 14."""
    steps = [step("assigned", 6), step("assigned", 8), step("due", -5), step("due", -4)]
    assert "flood" in codes(*steps, hours=DAILY)


def test_managers_can_be_flooded_too():
    daily = step("due", 14, 1, "manager")
    assert found("flood", ASSIGNED, BEFORE_7, OVERDUE, daily).steps == (daily.id,)


def test_nothing_for_late_joiners():
    finding = found("late_joiners", BEFORE_7, OVERDUE)
    assert "7 days or fewer" in finding.text
    assert "Nothing counts from the assignment." in finding.text
    assert finding.steps == (BEFORE_7.id,)


def test_late_joiners_who_have_one_day():
    assert "with 1 day until" in found("late_joiners", BEFORE_1, OVERDUE).text


def test_a_first_step_that_comes_too_late_for_late_joiners():
    finding = found("late_joiners", step("assigned", 10), OVERDUE)
    assert "10 days or fewer" in finding.text
    assert "Nothing counts" not in finding.text


def test_late_joiners_are_served_by_a_mail_at_the_assignment():
    assert "late_joiners" not in codes(ASSIGNED, OVERDUE)


def test_nothing_after_the_due_date():
    finding = found("nothing_after", ASSIGNED, BEFORE_1, BEFORE_7, DONE)
    assert finding.steps == (BEFORE_1.id,)
    assert "nothing_after" not in codes(ASSIGNED, step("due", 200))
    assert "nothing_after" not in codes(step("assigned", 0, 7))


def test_nothing_before_the_due_date():
    finding = found("nothing_before", step("due", 3), OVERDUE)
    assert finding.steps == (OVERDUE.id,)
    assert "late_joiners" not in codes(OVERDUE)
    assert "nothing_before" in codes(step("due", 0), OVERDUE)
    assert "nothing_before" not in codes(BEFORE_1, OVERDUE)


def test_a_text_that_does_not_hold_for_the_repetitions():
    nagging = step("due", -7, 3, text="before")
    assert found("untrue_later", ASSIGNED, nagging).steps == (nagging.id,)
    assert "untrue_later" not in codes(ASSIGNED, step("assigned", 5, 5), OVERDUE)


@pytest.mark.parametrize(
    ("opens", "closes", "minutes"), [(dt.time(8), dt.time(8, 59), 59), (dt.time(23, 30), None, 30)]
)
def test_quiet_hours_that_leave_less_than_an_hour(opens, closes, minutes):
    finding = found("little_time", *GOOD, hours=replace(WEEKDAYS, opens=opens, closes=closes))
    assert f"{minutes} minutes" in finding.text
    assert f"“{ASSIGNED.words}”" in finding.text


@pytest.mark.parametrize("closes", [dt.time(9), None])
def test_an_hour_is_enough(closes):
    assert "little_time" not in codes(hours=replace(WEEKDAYS, closes=closes))


def test_a_standard_plan_that_tells_nobody_else():
    person = (ASSIGNED, BEFORE_7, OVERDUE)
    assert "nobody_else" in codes(*person, standard=True)
    assert "nobody_else" not in codes(*person, standard=True, digest=True)
    assert "nobody_else" not in codes(*person, MANAGER, standard=True)
    assert "nobody_else" not in codes(*person, standard=False)


def test_many_steps_are_named_briefly():
    steps = [step("assigned", n) for n in range(6)]
    text = found("little_time", *steps, hours=replace(WEEKDAYS, closes=dt.time(8, 10))).text
    assert text.count("“") == 3
    assert "and 3 more" in text


def test_what_is_assumed_of_duties_is_so():
    assert (GRACE_DAYS, RENEWAL_DAYS, AFTERMATH) == (due.GRACE_DAYS, assigning.RENEWAL_LEAD_DAYS, MAX_OFFSET)


def test_the_linter_needs_no_models():
    program = "import sys, reminders.plan_lint; sys.exit(any(m.startswith('reminders.models') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
