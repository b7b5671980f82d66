"""Reminder plans: named, edited by HR, one for each course or the standard one.

A step that has written into the ledger never changes its day: changing it ends the step and begins another, so that
what the ledger says of a mail stays true.
"""

import datetime as dt
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from courses.models import Course
from reminders.models.text import MailKind

MAX_OFFSET = 366
HORIZON_DAYS = 35
"""How far back steps that were missed are written down at all; catching up never reaches further."""


class Anchor(models.TextChoices):
    """What a step counts its days from."""

    ASSIGNED = "assigned", _("the assignment")
    DUE = "due", _("the due date")
    EXPIRY = "expiry", _("the end of the earlier completion")
    COMPLETED = "completed", _("the completion")


class Audience(models.TextChoices):
    PERSON = "person", _("the person")
    MANAGER = "manager", _("the department’s managers")
    HR = "hr", _("HR")


class ReminderPlan(models.Model):
    """Steps, and the hours in which they may go out, in the company's time zone.

    A mail goes out on a weekday of `weekdays` (Monday is 0) from `opens` until before `closes` (none: midnight), and
    with `skips_holidays` not on a public holiday of Poland. Of the steps that fell due meanwhile the newest goes out,
    unless it is more than `catch_up_days` late. The standard plan serves every course without a plan of its own, and
    its hours those mails that belong to no plan. `digest_weekday` (standard plan): when managers and HR get their
    weekly digest.
    """

    name = models.CharField(_("name"), max_length=80, unique=True)
    standard = models.BooleanField(default=False)
    opens = models.TimeField(_("from"), default=dt.time(8))
    closes = models.TimeField(_("until before"), null=True, blank=True, default=dt.time(18))
    weekdays = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("on these days"), default=list)
    skips_holidays = models.BooleanField(_("not on public holidays in Poland"), default=True)
    catch_up_days = models.PositiveSmallIntegerField(_("at most this many days late"), default=14)
    digest_weekday = models.PositiveSmallIntegerField(_("weekly digest on"), null=True, blank=True, default=None)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(null=True, blank=True)
    updated_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["standard"], condition=Q(standard=True), name="plan_one_standard"),
            models.CheckConstraint(
                condition=Q(closes=None) | Q(closes__gt=F("opens")), name="plan_closes_after_it_opens"
            ),
            models.CheckConstraint(condition=Q(weekdays__len__gte=1), name="plan_sends_on_some_day"),
            models.CheckConstraint(condition=Q(catch_up_days__lte=HORIZON_DAYS), name="plan_catch_up_within_horizon"),
            models.CheckConstraint(
                condition=Q(digest_weekday=None) | Q(digest_weekday__lte=6), name="plan_digest_on_a_weekday"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PlanStepQuerySet(models.QuerySet["PlanStep"]):
    def in_force(self) -> "PlanStepQuerySet":
        return self.filter(ended_at=None)

    def in_order(self) -> "PlanStepQuerySet":
        """As a duty meets them."""
        order = models.Case(*(models.When(anchor=anchor, then=n) for n, anchor in enumerate(Anchor.values)))
        return self.order_by(order, "offset_days", "pk")


class PlanStep(models.Model):
    """One mail of a plan: `offset_days` from the anchor (before it: negative), then again every `repeat_days`.

    `since` is the first day that counts: a new step never reaches back. `ended_at` is set when HR takes it away.
    """

    plan = models.ForeignKey(ReminderPlan, models.PROTECT, related_name="steps")
    anchor = models.CharField(max_length=10, choices=Anchor.choices)
    offset_days = models.SmallIntegerField()
    repeat_days = models.PositiveSmallIntegerField(null=True, blank=True)
    audience = models.CharField(max_length=8, choices=Audience.choices, default=Audience.PERSON)
    text = models.CharField(max_length=12, choices=MailKind.choices)
    since = models.DateField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = PlanStepQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["plan", "anchor", "offset_days", "audience"],
                condition=Q(ended_at=None),
                name="plan_step_once",
            ),
            models.CheckConstraint(
                condition=Q(offset_days__gte=-MAX_OFFSET, offset_days__lte=MAX_OFFSET), name="plan_step_within_a_year"
            ),
            models.CheckConstraint(
                condition=Q(anchor__in=[Anchor.DUE, Anchor.EXPIRY]) | Q(offset_days__gte=0),
                name="plan_step_not_before_it_began",
            ),
            models.CheckConstraint(
                condition=Q(repeat_days=None) | Q(repeat_days__gte=1, repeat_days__lte=MAX_OFFSET),
                name="plan_step_repeats_in_days",
            ),
            models.CheckConstraint(
                condition=~Q(anchor=Anchor.COMPLETED) | Q(audience=Audience.PERSON, repeat_days=None),
                name="plan_step_done_once_to_the_person",
            ),
            models.CheckConstraint(
                condition=(Q(audience=Audience.PERSON) & ~Q(text=MailKind.ESCALATION))
                | (~Q(audience=Audience.PERSON) & Q(text=MailKind.ESCALATION)),
                name="plan_step_escalation_to_others",
            ),
        ]

    def __str__(self) -> str:
        """Such as “7 days before the due date, then every 7 days”."""
        return step_in_words(self.anchor, self.offset_days, self.repeat_days)


DAY_OF = {
    Anchor.ASSIGNED: _("on the day of assignment"),
    Anchor.DUE: _("on the due date"),
    Anchor.EXPIRY: _("on the last day of the earlier completion"),
    Anchor.COMPLETED: _("after completion"),
}


def step_in_words(anchor: str, offset_days: int, repeat_days: int | None) -> str:
    words = str(DAY_OF[Anchor(anchor)]) if offset_days == 0 else _distance(Anchor(anchor), offset_days)
    if repeat_days:
        every = ngettext("then every %(days)d day", "then every %(days)d days", repeat_days) % {"days": repeat_days}
        again = gettext("then every day") if repeat_days == 1 else every
        words = gettext("%(first)s, %(again)s") % {"first": words, "again": again}
    return words


def _distance(anchor: Anchor, offset_days: int) -> str:
    days = abs(offset_days)
    if anchor == Anchor.DUE:
        if offset_days < 0:
            words = ngettext("%(days)d day before the due date", "%(days)d days before the due date", days)
        else:
            words = ngettext("%(days)d day after the due date", "%(days)d days after the due date", days)
    elif anchor == Anchor.EXPIRY:
        if offset_days < 0:
            words = ngettext("%(days)d day before the expiry", "%(days)d days before the expiry", days)
        else:
            words = ngettext("%(days)d day after the expiry", "%(days)d days after the expiry", days)
    elif anchor == Anchor.ASSIGNED:
        words = ngettext("%(days)d day after assignment", "%(days)d days after assignment", days)
    else:
        words = ngettext("%(days)d day after completion", "%(days)d days after completion", days)
    return words % {"days": days}


class CoursePlan(models.Model):
    """A course whose plan was chosen, from the day `since`: steps of earlier days are not made up for. A course that
    got the standard plan back keeps its row, so that this holds for it too."""

    course = models.OneToOneField(Course, models.PROTECT, related_name="reminder_plan")
    plan = models.ForeignKey(ReminderPlan, models.PROTECT, related_name="courses")
    since = models.DateField()
