"""What HR's pages about reminder plans show. Pure reads, with as many queries for one plan as for a hundred."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import DurationField, ExpressionWrapper, F, Max
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import ExtractIsoWeekDay, TruncDate
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from courses.models import Course
from reminders.forms import course_titles
from reminders.hours import hours_of, zone
from reminders.models import Anchor, Audience, CoursePlan, MailKind, PlanStep, ReminderPlan
from reminders.plan_lint import Finding, lint
from reminders.plan_model import Facts, Step
from training.models import Cycle
from training.words import weekday_in_words


@dataclass
class Served:
    """A course of a plan; `since` when somebody chose the plan for it."""

    course_id: int
    title: str
    since: dt.date | None = None


@dataclass
class Shown:
    plan: ReminderPlan
    steps: list[PlanStep] = field(default_factory=list)
    courses: list[Served] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def hours(self) -> str:
        return hours_in_words(self.plan)


def plans_with_findings(today: dt.date) -> list[Shown]:
    """The standard plan first."""
    plans = ReminderPlan.objects.select_related("updated_by").order_by("-standard", "name")
    shown = {plan.pk: Shown(plan) for plan in plans}
    standard = next(each.plan for each in shown.values() if each.plan.standard)
    for step in PlanStep.objects.in_force().in_order():
        shown[step.plan_id].steps.append(step)
    given = {row.course_id: row for row in CoursePlan.objects.all()}
    for course_id, title in course_titles().items():
        own = given.get(course_id)
        shown[own.plan_id if own else standard.pk].courses.append(Served(course_id, title, own.since if own else None))
    duties, expiring = _open_duties(today), _expiring_courses()
    for each in shown.values():
        each.findings = lint(_facts(each, standard, duties, expiring))
    return list(shown.values())


def plan_with_findings(plan: ReminderPlan, today: dt.date) -> Shown:
    return next(each for each in plans_with_findings(today) if each.plan.pk == plan.pk)


def _facts(shown: Shown, standard: ReminderPlan, duties: dict[int, dict[int, int]], expiring: set[int]) -> Facts:
    courses = [served.course_id for served in shown.courses]
    open_duties = [(day, days) for course in courses for day, days in duties.get(course, {}).items()]
    return Facts(
        steps=tuple(_data(step) for step in shown.steps),
        hours=hours_of(shown.plan),
        standard_hours=hours_of(standard),
        catch_up_days=shown.plan.catch_up_days,
        standard=shown.plan.standard,
        digest=shown.plan.digest_weekday is not None,
        due_weekdays=frozenset(day for day, _days in open_duties),
        longest_duty=max((days for _day, days in open_duties), default=None),
        courses_expire=not courses or not expiring.isdisjoint(courses),
    )


def _data(step: PlanStep) -> Step:
    return Step(step.pk, step.anchor, step.offset_days, step.repeat_days, step.audience, step.text, str(step))


def _open_duties(today: dt.date) -> dict[int, dict[int, int]]:
    """By course and day of the week on which open duties are due: how many days the longest of them has."""
    given = ExpressionWrapper(F("due_on") - TruncDate("opened_at", tzinfo=zone()), output_field=DurationField())
    rows = (
        Cycle.objects.open()
        .of_employed(today)
        .exclude(due_on=None)
        .values("course_id", weekday=ExtractIsoWeekDay("due_on"))
        .annotate(longest=Max(given))
        .order_by()
    )
    found: dict[int, dict[int, int]] = {}
    for row in rows:
        found.setdefault(row["course_id"], {})[row["weekday"] - 1] = row["longest"].days
    return found


def _expiring_courses() -> set[int]:
    """Courses whose completions are valid for some months only."""
    months = Course.objects.values_list(
        "pk", "current", KeyTransform("validity_months", "current__document"), KeyTransform("validity_months", "frame")
    )
    return {pk for pk, current, published, draft in months if (published if current else draft)}


def hours_in_words(plan: ReminderPlan) -> str:
    words = {"days": weekdays_in_words(plan.weekdays), "opens": time_format(plan.opens, "H:i")}
    if plan.closes is None:
        return _("%(days)s, from %(opens)s until midnight") % words
    return _("%(days)s, from %(opens)s until before %(closes)s") % {**words, "closes": time_format(plan.closes, "H:i")}


def weekdays_in_words(weekdays: Iterable[int]) -> str:
    days = sorted(set(weekdays))
    if len(days) == 7:
        return _("every day of the week")
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return _("%(first)s to %(last)s") % {
            "first": weekday_in_words(days[0]),
            "last": weekday_in_words(days[-1]),
        }
    return ", ".join(weekday_in_words(day) for day in days)


def rules_in_words(plan: ReminderPlan) -> list[tuple[str, str]]:
    """The hours of a plan as a list of facts."""
    late = ngettext("at most %(days)d day late", "at most %(days)d days late", plan.catch_up_days)
    facts = [
        (_("Mails go out"), hours_in_words(plan)),
        (_("Public holidays"), _("no mails") if plan.skips_holidays else _("as on other days")),
        (_("Missed steps"), late % {"days": plan.catch_up_days} if plan.catch_up_days else _("only on their own day")),
    ]
    if plan.standard:
        digest = plan.digest_weekday
        facts.append((_("Weekly digest"), _("none") if digest is None else weekday_in_words(digest)))
    return facts


def step_in_a_sentence(step: Any) -> str:
    words = {"when": str(step), "whom": Audience(step.audience).label, "text": MailKind(step.text).label}
    return _("%(when)s → %(whom)s: “%(text)s”") % words


MILESTONES = {
    Anchor.ASSIGNED: gettext_lazy("The course is assigned"),
    Anchor.DUE: gettext_lazy("The due date"),
    Anchor.EXPIRY: gettext_lazy("The earlier completion expires"),
    Anchor.COMPLETED: gettext_lazy("The course is completed"),
}


def timeline(shown: Shown) -> list[dict[str, Any]]:
    """The steps as a duty meets them, with the days they count from between them."""
    warned = {pk for finding in shown.findings for pk in finding.steps}
    entries: list[dict[str, Any]] = []
    for anchor in Anchor:
        steps = [step for step in shown.steps if step.anchor == anchor]
        if not steps and anchor == Anchor.EXPIRY:
            continue
        entries += [_entry(step, warned) for step in steps if step.offset_days < 0]
        entries.append({"milestone": MILESTONES[anchor]})
        entries += [_entry(step, warned) for step in steps if step.offset_days >= 0]
    return entries


def _entry(step: PlanStep, warned: set[int]) -> dict[str, Any]:
    sign = "−" if step.offset_days < 0 else "+" if step.offset_days else ""
    return {"step": step, "sign": f"{sign}{abs(step.offset_days)}", "warned": step.pk in warned}
