"""HR changes plans: what is in the ledger stays true, what was read counts, what cannot be is refused."""

import datetime as dt
from dataclasses import replace
from typing import Any

from django.db import connection, transaction
from django.utils import translation

import pytest

from accounts.models import AuditEvent
from reminders import plan_editing, plan_rules
from reminders.models import CoursePlan, Escalation, PlanStep, Reason, Reminder, ReminderPlan, State
from reminders.notices import plan_notices
from reminders.plan_editing import (
    add_step,
    change_hours,
    change_step,
    create_plan,
    delete_plan,
    give_plan,
    remove_step,
    rename_plan,
)
from reminders.plan_rules import HourValues, PlanRefusal, StepValues
from reminders.planning import LOCK, plan
from tests.reminders.plans import ALWAYS, make_plan, make_step, rows, send, standard, step_of
from tests.training.walking import complete, open_cycle


@pytest.fixture
def act(cast, now):
    """Who and when, for every verb."""
    return {"by": cast.hr, "now": now}


@pytest.fixture
def own(db):
    """A plan with three steps, in force for ever."""
    made = make_plan("Own")
    for anchor, offset in (("assigned", 0), ("due", -7), ("due", 1)):
        make_step(made, anchor, offset)
    return made


def values(anchor: str = "due", offset: int = -3, **more: Any) -> StepValues:
    given = {"repeat_days": None, "audience": "person", "text": "before", **more}
    return StepValues(anchor=anchor, offset_days=offset, **given)


def shape(made: ReminderPlan) -> list[tuple[str, int, int | None, str, str]]:
    steps = made.steps.in_force().in_order()
    return list(steps.values_list("anchor", "offset_days", "repeat_days", "audience", "text"))


def written(own: ReminderPlan, cast: Any, course: Any, day: Any) -> PlanStep:
    """The step 7 days before the due date has sent a mail today."""
    CoursePlan.objects.create(course=course, plan=own, since=ALWAYS)
    open_cycle(course, cast.employee, now=day(-30), due_on=day(7).date())
    plan(now=day(0))
    mail = Reminder.objects.get(occurs_on=day(0).date())
    send(mail, now=day(0))
    return mail.step


# Creating and deleting


def test_a_new_plan_is_a_copy_that_begins_today(act, today, cast):
    made = create_plan(standard(), name="  Sales   team ", **act)
    assert made.name == "Sales team"
    assert shape(made) == shape(standard())
    assert set(made.steps.values_list("since", flat=True)) == {today}
    assert HourValues.of(made) == replace(HourValues.of(standard()), digest_weekday=None)
    assert not made.standard
    assert (made.version, made.updated_by, made.updated_at) == (1, cast.hr, act["now"])


def test_a_copy_has_only_the_steps_in_force(own, act):
    PlanStep.objects.filter(plan=own, offset_days=1).update(ended_at=act["now"])
    assert len(shape(create_plan(own, name="Copy", **act))) == 2


def test_a_new_plan_changes_nothing_for_the_other(own, act):
    before = shape(own)
    made = create_plan(own, name="Copy", **act)
    remove_step(step_of(made, "due", 1), version=1, **act)
    assert shape(own) == before


@pytest.mark.parametrize("name", ["Own", "own", " OWN "])
def test_two_plans_never_have_the_same_name(name, own, act):
    with pytest.raises(plan_rules.NameTaken):
        create_plan(own, name=name, **act)
    with pytest.raises(plan_rules.NameTaken):
        rename_plan(standard(), name=name, version=1, **act)


def test_a_plan_is_renamed(own, act):
    assert rename_plan(own, name="Shops", version=1, **act).name == "Shops"
    own.refresh_from_db()
    assert (own.name, own.version) == ("Shops", 2)


def test_its_own_name_in_other_letters_is_no_clash(own, act):
    assert rename_plan(own, name="OWN", version=1, **act).name == "OWN"


def test_an_unused_plan_can_be_deleted(own, act):
    delete_plan(own, version=1, **act)
    assert not ReminderPlan.objects.filter(pk=own.pk).exists()
    assert AuditEvent.objects.get(action="reminders.plan_delete").subject_name == "Own"


def test_the_standard_plan_stays(act):
    with pytest.raises(plan_editing.StandardStays):
        delete_plan(standard(), version=1, **act)


def test_a_plan_that_serves_a_course_stays(own, course, act):
    CoursePlan.objects.create(course=course, plan=own, since=ALWAYS)
    with pytest.raises(plan_editing.PlanServesCourses):
        delete_plan(own, version=1, **act)


def test_a_plan_that_mails_came_from_stays(own, cast, course, day, act):
    written(own, cast, course, day)
    CoursePlan.objects.all().delete()
    with pytest.raises(plan_editing.PlanInLedger):
        delete_plan(own, version=1, **act)


def test_a_plan_that_only_escalated_stays(own, cast, course, day, act):
    escalated(own, cast, course, day)
    CoursePlan.objects.all().delete()
    with pytest.raises(plan_editing.PlanInLedger):
        delete_plan(own, version=1, **act)


def escalated(own, cast, course, day) -> PlanStep:
    """A step to the managers has told of a duty today; it wrote no mail to the person."""
    PlanStep.objects.filter(plan=own).delete()
    step = make_step(own, "due", 3, audience="manager")
    make_step(own, "assigned", 300)
    CoursePlan.objects.create(course=course, plan=own, since=ALWAYS)
    open_cycle(course, cast.employee, now=day(-30), due_on=day(-3).date())
    plan_notices(now=day(0))
    assert Escalation.objects.filter(step=step).exists()
    return step


# Steps


def test_a_new_step_counts_from_today(own, act, today):
    step = add_step(own, values(), version=1, **act)
    own.refresh_from_db()
    assert (step.since, step.ended_at, own.version) == (today, None, 2)


def test_a_step_on_another_day_is_another_step_and_the_ledger_keeps_the_old_one(own, cast, course, day, act, today):
    step = written(own, cast, course, day)
    changed = change_step(step, values(offset=-5), version=1, **act)
    step.refresh_from_db()
    assert (step.offset_days, step.ended_at) == (-7, act["now"])
    assert (changed.pk != step.pk, changed.offset_days, changed.since) == (True, -5, today)
    assert Reminder.objects.get(state=State.SENT).what == "7 days before the due date"


@pytest.mark.parametrize(
    "change", [{"offset": -8}, {"anchor": "expiry"}, {"repeat_days": 3}, {"audience": "hr", "text": "escalation"}]
)
def test_whatever_changes_the_mails_ends_the_old_step(change, own, cast, course, day, act):
    step = written(own, cast, course, day)
    assert change_step(step, values(**{"offset": -7, **change}), version=1, **act).pk != step.pk
    step.refresh_from_db()
    assert step.ended_at


def test_only_the_text_changes_in_place(own, cast, course, day, act):
    step = step_of(own, "assigned", 0)
    changed = change_step(step, values("assigned", 0, text="before"), version=1, **act)
    own.refresh_from_db()
    assert (changed.pk, changed.text, changed.since, own.version) == (step.pk, "before", ALWAYS, 2)


def test_a_step_that_never_wrote_anything_leaves_nothing_behind(own, act, today):
    step = step_of(own, "due", -7)
    changed = change_step(step, values(offset=-5), version=1, **act)
    assert not PlanStep.objects.filter(pk=step.pk).exists()
    assert changed.since == today
    remove_step(changed, version=2, **act)
    assert own.steps.count() == 2


def test_a_step_that_wrote_something_ends_when_it_is_taken_away(own, cast, course, day, act):
    step = written(own, cast, course, day)
    remove_step(step, version=1, **act)
    step.refresh_from_db()
    assert step.ended_at == act["now"]


def test_a_step_that_only_escalated_ends_too(own, cast, course, day, act):
    step = escalated(own, cast, course, day)
    remove_step(step, version=1, **act)
    step.refresh_from_db()
    assert step.ended_at == act["now"]


def test_saving_the_same_step_changes_nothing(own, act):
    step = step_of(own, "due", -7)
    assert change_step(step, StepValues.of(step), version=1, **act) == step
    own.refresh_from_db()
    assert own.version == 1
    assert not AuditEvent.objects.exists()


def test_a_plan_keeps_its_last_step(own, act):
    remove_step(step_of(own, "assigned", 0), version=1, **act)
    remove_step(step_of(own, "due", -7), version=2, **act)
    with pytest.raises(plan_editing.LastStep):
        remove_step(step_of(own, "due", 1), version=3, **act)
    assert len(shape(own)) == 1


def test_the_same_step_twice_is_refused(own, act):
    with pytest.raises(plan_rules.StepTwice):
        add_step(own, values(offset=-7, repeat_days=2), version=1, **act)
    with pytest.raises(plan_rules.StepTwice):
        change_step(step_of(own, "due", 1), values(offset=-7), version=1, **act)
    own.refresh_from_db()
    assert (own.version, len(shape(own))) == (1, 3)


def test_the_day_of_a_step_that_ended_is_free_again(own, cast, course, day, act):
    remove_step(written(own, cast, course, day), version=1, **act)
    add_step(own, values(offset=-7), version=2, **act)
    plan(now=day(0, 10))
    assert [row[2:] for row in rows(occurs_on=day(0).date())] == [(State.SENT, ""), (State.SUPERSEDED, Reason.NEWER)]


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        (values(offset=-10_000), plan_rules.DaysTooMany),
        (values(offset=367, text="overdue"), plan_rules.DaysTooMany),
        (values("assigned", -1), plan_rules.BeforeItBegan),
        (values("completed", -1, text="done"), plan_rules.BeforeItBegan),
        (values(repeat_days=0), plan_rules.RepeatOutOfRange),
        (values(repeat_days=-7), plan_rules.RepeatOutOfRange),
        (values(repeat_days=400), plan_rules.RepeatOutOfRange),
        (values("completed", 0, text="done", repeat_days=7), plan_rules.CompletionNotRepeated),
        (values("completed", 0, text="escalation", audience="manager"), plan_rules.CompletionForThePerson),
        (values(text="overdue"), plan_rules.TextDoesNotFit),
        (values(offset=1, text="before"), plan_rules.TextDoesNotFit),
        (values(text="escalation"), plan_rules.TextDoesNotFit),
        (values(audience="hr"), plan_rules.TextDoesNotFit),
        (values("assigned", 0, text="done"), plan_rules.TextDoesNotFit),
        (values("expiry", -14, text="overdue"), plan_rules.TextDoesNotFit),
        (values(text="digest"), plan_rules.TextDoesNotFit),
        (values(text="nudge"), plan_rules.TextDoesNotFit),
    ],
)
def test_a_step_that_cannot_be_is_refused_at_its_field_and_nothing_is_stored(wanted, refusal, own, act):
    before = shape(own)
    for attempt in (
        lambda: add_step(own, wanted, version=1, **act),
        lambda: change_step(step_of(own, "due", 1), wanted, version=1, **act),
    ):
        with pytest.raises(refusal) as refused:
            attempt()
        assert refused.value.field
        assert "%" not in refused.value.message
    own.refresh_from_db()
    assert (shape(own), own.version) == (before, 1)
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("anchor", ["assigned", "due", "expiry", "completed"])
@pytest.mark.parametrize("offset", [-1, 0, 1])
@pytest.mark.parametrize("audience", ["person", "manager"])
def test_every_fitting_text_can_be_stored(anchor, offset, audience, own, act):
    if (offset < 0 and anchor in ("assigned", "completed")) or (anchor == "completed" and audience != "person"):
        return
    version = 1
    for text in plan_rules.fitting_texts(anchor, offset, audience):
        PlanStep.objects.filter(plan=own).delete()
        add_step(own, values(anchor, offset, audience=audience, text=text), version=version, **act)
        version += 1


# Hours


def hours(**changes: Any) -> HourValues:
    return replace(HourValues(dt.time(8), dt.time(18), (0, 1, 2, 3, 4), True, 14), **changes)


def test_the_hours_are_changed(own, act):
    wanted = hours(opens=dt.time(9, 30), closes=None, weekdays=(6, 1), skips_holidays=False, catch_up_days=3)
    change_hours(own, wanted, version=1, **act)
    own.refresh_from_db()
    assert HourValues.of(own) == replace(wanted, weekdays=(1, 6))
    assert own.version == 2


def test_saving_the_same_hours_changes_nothing(own, act):
    change_hours(own, hours(), version=1, **act)
    own.refresh_from_db()
    assert own.version == 1


def test_the_standard_plan_has_the_digest(own, act):
    change_hours(standard(), hours(digest_weekday=4), version=1, **act)
    assert standard().digest_weekday == 4
    with pytest.raises(plan_rules.DigestOfTheStandardPlan):
        change_hours(own, hours(digest_weekday=4), version=1, **act)


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        ({"closes": dt.time(8)}, plan_rules.ClosesTooEarly),
        ({"closes": dt.time(7, 59)}, plan_rules.ClosesTooEarly),
        ({"weekdays": ()}, plan_rules.NoWeekday),
        ({"weekdays": (7,)}, plan_rules.NoWeekday),
        ({"catch_up_days": 36}, plan_rules.CatchUpTooLong),
        ({"catch_up_days": -1}, plan_rules.CatchUpTooLong),
    ],
)
def test_hours_that_cannot_be_are_refused_at_their_field(wanted, refusal, own, act):
    with pytest.raises(refusal) as refused:
        change_hours(own, hours(**wanted), version=1, **act)
    assert refused.value.field
    assert "%" not in refused.value.message
    own.refresh_from_db()
    assert HourValues.of(own) == hours()


# Courses


def test_a_course_gets_a_plan_from_today_on(own, course, cast, act, today):
    give_plan(course, own, instead_of=standard(), **act)
    given = CoursePlan.objects.get()
    assert (given.course, given.plan, given.since) == (course, own, today)


def test_switching_there_and_back_mails_nobody_retroactively(own, course, cast, day, act):
    """The step of Thursday was not owed under the other plan, and is not made up for when the standard one is back."""
    make_step(own, "assigned", 300)
    own.steps.exclude(offset_days=300).delete()
    open_cycle(course, cast.employee, now=day(-30), due_on=day(10).date())
    give_plan(course, own, instead_of=standard(), **act)
    plan(now=day(3))
    give_plan(course, standard(), instead_of=own, by=cast.hr, now=day(4))
    plan(now=day(4))
    plan(now=day(5))
    assert rows() == []
    plan(now=day(9))
    assert [row[0] for row in rows()] == ["1 day before the due date"]


def test_a_course_whose_plan_changed_meanwhile_is_left_alone(own, course, cast, act):
    other = make_plan("Other")
    give_plan(course, own, instead_of=standard(), **act)
    with pytest.raises(plan_editing.OtherPlanMeanwhile):
        give_plan(course, other, instead_of=standard(), **act)
    with pytest.raises(plan_editing.OtherPlanMeanwhile):
        give_plan(course, own, instead_of=own, **act)
    assert CoursePlan.objects.get().plan == own


def test_a_certificate_waits_through_a_change_of_plans(own, course, cast, day, act):
    complete(course, cast.employee, now=day(0))
    plan(now=day(0, 7))
    make_step(own, "completed", 0)
    give_plan(course, own, instead_of=standard(), **act)
    plan(now=day(0))
    assert [row[0] for row in rows(state=State.PENDING)] == ["after completion"]


# Lost updates, the audit log


def every_change(own: ReminderPlan, version: int, act: Any) -> list[Any]:
    return [
        lambda: rename_plan(own, name="Else", version=version, **act),
        lambda: change_hours(own, hours(opens=dt.time(7)), version=version, **act),
        lambda: add_step(own, values(), version=version, **act),
        lambda: change_step(step_of(own, "due", -7), values(offset=-6), version=version, **act),
        lambda: remove_step(step_of(own, "due", 1), version=version, **act),
        lambda: delete_plan(own, version=version, **act),
    ]


def test_a_change_of_what_somebody_else_changed_is_refused_and_tells_the_version(own, act):
    ReminderPlan.objects.filter(pk=own.pk).update(version=5)
    before = shape(own)
    for change in every_change(own, 4, act):
        with pytest.raises(plan_editing.LostUpdate) as refused:
            change()
        assert refused.value.version == 5
    own.refresh_from_db()
    assert (shape(own), own.name, own.version, own.opens) == (before, "Own", 5, dt.time(8))
    assert not AuditEvent.objects.exists()


def test_every_change_is_in_the_audit_log_with_its_actor(own, course, act, cast):
    for number in range(5):
        own.refresh_from_db()
        every_change(own, own.version, act)[number]()
    give_plan(course, own, instead_of=standard(), **act)
    give_plan(course, standard(), instead_of=own, **act)
    CoursePlan.objects.all().delete()
    own.refresh_from_db()
    delete_plan(own, version=own.version, **act)
    create_plan(standard(), name="New", **act)
    events = AuditEvent.objects.order_by("pk")
    assert [event.action.removeprefix("reminders.plan_") for event in events] == [
        "rename", "hours", "add_step", "change_step", "remove_step", "course", "course", "delete", "create",
    ]  # fmt: skip
    assert {event.actor for event in events} == {cast.hr}
    with translation.override("en"):
        facts = [dict(event.facts) for event in events]
    assert facts[0] == {"": "Own → Else"}
    assert facts[1] == {"opens": "08:00 → 07:00"}
    assert facts[3]["offset_days"] == "-7 → -6"


def test_what_is_gone_is_said(own, act):
    step = step_of(own, "due", 1)
    remove_step(step, version=1, **act)
    with pytest.raises(plan_editing.StepGone):
        change_step(step, values(), version=2, **act)
    delete_plan(own, version=2, **act)
    with pytest.raises(plan_editing.PlanGone):
        rename_plan(own, name="x", version=2, **act)


def test_every_refusal_is_a_sentence():
    found = [*PlanRefusal.__subclasses__()]
    assert len(found) > 12
    for refusal in found:
        assert str(refusal.reason).endswith(".")


def test_a_change_waits_for_a_planning_run_and_a_run_for_the_change(own, act):
    """Held until the end of the transaction, which is the test's own here."""
    for change in every_change(own, 1, act)[1:]:
        with transaction.atomic():
            change()
            assert holds_the_planners_lock()
            transaction.set_rollback(True)
        assert not holds_the_planners_lock()


def holds_the_planners_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND objid = %s", [LOCK])
        return bool(cursor.fetchone()[0])
