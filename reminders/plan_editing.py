"""What HR changes about reminder plans. Each change names the version of the plan that was read.

What is in the ledger stays true: a step that wrote something and gets another day or other recipients ends, and a new
one begins today; a course that changes its plan has the other from today. Every change waits for a planning run.
"""

import datetime as dt
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.database import hold
from accounts.models import Person
from accounts.values import clean_name
from courses.models import Course
from reminders.calendar import WEEK
from reminders.hours import local_today
from reminders.models import CoursePlan, Escalation, PlanStep, Reminder, ReminderPlan
from reminders.plan_rules import HourValues, NameTaken, PlanRefusal, StepTwice, StepValues, check_hours, check_step
from reminders.planning import wait_for_runs


class LostUpdate(PlanRefusal):
    """`version` is the one that is stored now."""

    reason = _(
        "Somebody changed this plan meanwhile. Nothing of theirs is overwritten yet: look at it, then save again."
    )

    def __init__(self, version: int) -> None:
        super().__init__()
        self.version = version


class PlanGone(PlanRefusal):
    reason = _("This plan was deleted meanwhile.")


class StepGone(PlanRefusal):
    reason = _("This step was taken out of the plan meanwhile.")


class LastStep(PlanRefusal):
    reason = _("A plan needs at least one step. Add another one first, or give its courses another plan.")


class OtherPlanMeanwhile(PlanRefusal):
    reason = _("This course got another plan meanwhile. Look again.")


class StandardStays(PlanRefusal):
    reason = _("The standard plan cannot be deleted: it serves every course without a plan of its own.")


class PlanServesCourses(PlanRefusal):
    reason = _("This plan serves a course. Give the course another plan first.")


class PlanInLedger(PlanRefusal):
    reason = _("This plan cannot be deleted any more: mails in the ledger came from it.")


@transaction.atomic
def create_plan(source: ReminderPlan, *, name: str, by: Person, now: dt.datetime) -> ReminderPlan:
    """A copy of another plan's hours and steps, under a new name; it serves no course yet."""
    hold("reminder plans")
    source = _locked(source)
    hours = asdict(HourValues.of(source)) | {"weekdays": source.weekdays, "digest_weekday": None}
    plan = ReminderPlan.objects.create(name=_free(name), **hours, updated_by=by, updated_at=now)
    today = local_today(now)
    PlanStep.objects.bulk_create(
        [PlanStep(plan=plan, since=today, **asdict(StepValues.of(step))) for step in source.steps.in_force().in_order()]
    )
    audit.record("reminders.plan_create", subject=plan, by=by, now=now, copied_from=source.name)
    return plan


@transaction.atomic
def rename_plan(plan: ReminderPlan, *, name: str, version: int, by: Person, now: dt.datetime) -> ReminderPlan:
    hold("reminder plans")
    plan = _locked(plan, version)
    before, plan.name = plan.name, _free(name, besides=plan)
    if plan.name != before:
        _touch(plan, by=by, now=now)
        audit.record("reminders.plan_rename", subject=plan, by=by, now=now, before=before, after=plan.name)
    return plan


@transaction.atomic
def change_hours(plan: ReminderPlan, values: HourValues, *, version: int, by: Person, now: dt.datetime) -> ReminderPlan:
    plan = _locked(plan, version)
    check_hours(values, standard=plan.standard)
    before = HourValues.of(plan)
    if values != before:
        for name, value in asdict(values).items():
            setattr(plan, name, value)
        plan.weekdays = sorted(values.weekdays)
        _touch(plan, by=by, now=now)
        old, new = _told(before), _told(values)
        changed = {name for name in old if old[name] != new[name]}
        old, new = ({name: told[name] for name in told if name in changed} for told in (old, new))
        audit.record("reminders.plan_hours", subject=plan, by=by, now=now, before=old, after=new)
    return plan


@transaction.atomic
def add_step(plan: ReminderPlan, values: StepValues, *, version: int, by: Person, now: dt.datetime) -> PlanStep:
    plan = _locked(plan, version)
    step = _begin(plan, values, now=now)
    _touch(plan, by=by, now=now)
    audit.record("reminders.plan_add_step", subject=plan, by=by, now=now, after=asdict(values))
    return step


@transaction.atomic
def change_step(step: PlanStep, values: StepValues, *, version: int, by: Person, now: dt.datetime) -> PlanStep:
    """Only the text changes in place; with another day or other recipients it is another step from today on."""
    plan, step = _locked_step(step, version)
    check_step(values)
    before = StepValues.of(step)
    if values == before:
        return step
    if values.when == before.when:
        step.text = values.text
        step.save(update_fields=["text"])
    else:
        _end(step, now=now)
        step = _begin(plan, values, now=now)
    _touch(plan, by=by, now=now)
    audit.record(
        "reminders.plan_change_step", subject=plan, by=by, now=now, before=asdict(before), after=asdict(values)
    )
    return step


@transaction.atomic
def remove_step(step: PlanStep, *, version: int, by: Person, now: dt.datetime) -> None:
    plan, step = _locked_step(step, version)
    if not plan.steps.in_force().exclude(pk=step.pk).exists():
        raise LastStep
    _end(step, now=now)
    _touch(plan, by=by, now=now)
    audit.record("reminders.plan_remove_step", subject=plan, by=by, now=now, before=asdict(StepValues.of(step)))


@transaction.atomic
def give_plan(
    course: Course, plan: ReminderPlan, *, instead_of: ReminderPlan, by: Person, now: dt.datetime
) -> CoursePlan:
    """From today on the course is reminded by this plan, be it the standard one; nothing is made up for."""
    plan = _locked(plan)
    Course.objects.select_for_update(of=("self",)).only("pk").get(pk=course.pk)
    own = CoursePlan.objects.select_related("plan").filter(course=course).first()
    before = own.plan if own else ReminderPlan.objects.get(standard=True)
    if before != instead_of or before == plan:
        raise OtherPlanMeanwhile
    own, _made = CoursePlan.objects.update_or_create(course=course, defaults={"plan": plan, "since": local_today(now)})
    audit.record("reminders.plan_course", subject=course, by=by, now=now, before=before.name, after=plan.name)
    return own


@transaction.atomic
def delete_plan(plan: ReminderPlan, *, version: int, by: Person, now: dt.datetime) -> None:
    """Only one that no course has and no mail came from."""
    plan = _locked(plan, version)
    if plan.standard:
        raise StandardStays
    if plan.courses.exists():
        raise PlanServesCourses
    if Reminder.objects.filter(Q(plan=plan) | Q(step__plan=plan)).exists() or _told_of(plan.steps.all()):
        raise PlanInLedger
    steps = [asdict(StepValues.of(step)) for step in plan.steps.in_order()]
    audit.record("reminders.plan_delete", subject=plan, by=by, now=now, before={"steps": steps})
    plan.steps.all().delete()
    plan.delete()


def _locked(plan: ReminderPlan, version: int | None = None) -> ReminderPlan:
    """A planning run and a change wait for one another: what a run is writing down must not end under its hands."""
    wait_for_runs()
    locked = ReminderPlan.objects.select_for_update(of=("self",)).filter(pk=plan.pk).first()
    if locked is None:
        raise PlanGone
    if version is not None:
        _refuse_lost_update(locked, version)
    return locked


def _locked_step(step: PlanStep, version: int) -> tuple[ReminderPlan, PlanStep]:
    plan = _locked(step.plan)
    current = plan.steps.in_force().filter(pk=step.pk).first()
    if current is None:
        raise StepGone
    _refuse_lost_update(plan, version)
    return plan, current


def _refuse_lost_update(plan: ReminderPlan, version: int) -> None:
    if plan.version != version:
        raise LostUpdate(plan.version)


def _touch(plan: ReminderPlan, *, by: Person, now: dt.datetime) -> None:
    plan.version += 1
    plan.updated_by, plan.updated_at = by, now
    plan.save()


def _free(name: str, besides: ReminderPlan | None = None) -> str:
    name = clean_name(name)
    others = ReminderPlan.objects.exclude(pk=besides.pk) if besides else ReminderPlan.objects.all()
    if others.filter(name__iexact=name).exists():
        raise NameTaken
    return name


def _begin(plan: ReminderPlan, values: StepValues, *, now: dt.datetime) -> PlanStep:
    """It counts from today on and never reaches back."""
    check_step(values)
    same = {"anchor": values.anchor, "offset_days": values.offset_days, "audience": values.audience}
    if plan.steps.in_force().filter(**same).exists():
        raise StepTwice
    return PlanStep.objects.create(plan=plan, since=local_today(now), **asdict(values))


def _end(step: PlanStep, *, now: dt.datetime) -> None:
    """One that wrote something stays for the ledger."""
    if step.reminders.exists() or _told_of(PlanStep.objects.filter(pk=step.pk)):
        step.ended_at = now
        step.save(update_fields=["ended_at"])
    else:
        step.delete()


def _told_of(steps: Any) -> bool:
    return Escalation.objects.filter(step__in=steps).exists()


def _told(hours: HourValues) -> dict[str, Any]:
    """For the audit log."""
    days = " ".join(WEEK[day] for day in sorted(hours.weekdays))
    digest = None if hours.digest_weekday is None else WEEK[hours.digest_weekday]
    return {
        "opens": hours.opens.isoformat("minutes"),
        "closes": hours.closes.isoformat("minutes") if hours.closes else "24:00",
        "weekdays": days,
        "skips_holidays": hours.skips_holidays,
        "catch_up_days": hours.catch_up_days,
        "digest_weekday": digest,
    }
