"""The reminder ledger: one row per mail that was owed, with what became of it and why."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from accounts.models import Person
from reminders.models.plan import PlanStep, ReminderPlan
from reminders.models.text import MailKind
from training.models import Cycle


class State(models.TextChoices):
    """`committing` is written before the mail server can accept the mail; from there on it is never resent blindly."""

    PENDING = "pending", _("waiting")
    CLAIMED = "claimed", _("being sent")
    COMMITTING = "committing", _("being handed over")
    SENT = "sent", _("sent")
    FAILED = "failed", _("refused by the mail server")
    UNKNOWN = "unknown", _("unclear")
    CANCELLED = "cancelled", _("not sent")
    SUPERSEDED = "superseded", _("superseded by a later one")


class Reason(models.TextChoices):
    """Why a mail was not sent, or why it waits, written down when that was decided, not guessed later."""

    NONE = "", ""
    COMPLETED = "completed", _("the person had completed the course")
    LEFT = "left", _("the person had left")
    WAIVED = "waived", _("the duty was waived")
    ON_LEAVE = "on_leave", _("the person was on leave")
    DUE_MOVED = "due_moved", _("the due date had moved")
    PLAN_CHANGED = "plan_changed", _("the step was taken out of the plan")
    NEWER = "newer", _("a newer step was due on the same day or before this one was sent")
    TOO_LATE = "too_late", _("the step was missed by more days than the plan makes up for")
    BOUNCED = "bounced", _("mail to the person’s address came back")
    NOTHING_TO_SAY = "nothing_to_say", _("nobody was overdue any more")
    NOT_RESPONSIBLE = "not_responsible", _("the recipient was no longer responsible")
    GIVEN_UP = "given_up", _("HR decided that it is not to be sent")
    ONE_A_DAY = "one_a_day", _("the person already got a mail that day")
    QUIET_HOURS = "quiet_hours", _("it was due in quiet hours")
    DAY_OFF = "day_off", _("it was due on a day without mails")
    HOLIDAY = "holiday", _("it was due on a public holiday")
    TRY_AGAIN = "try_again", _("the mail server did not take it yet")
    UNWRITABLE = "unwritable", _("the text of the mail could not be filled in")
    REFUSED = "refused", _("the mail server refused the address")


class Kind(models.TextChoices):
    """What a mail is owed for."""

    STEP = "step", _("step of a plan")
    NUDGE = "nudge", _("nudge")
    ESCALATION = "escalation", _("escalation")
    DIGEST = "digest", _("weekly digest")


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def visible_to(self, viewer: Person) -> "ReminderQuerySet":
        """HR and system administrators see the ledger; what administrators see of a row is left to the page."""
        return self if viewer.is_hr or viewer.is_sysadmin else self.none()

    def due(self, now: dt.datetime) -> "ReminderQuerySet":
        """What a worker may claim at `now`, the longest waiting first."""
        return self.filter(state=State.PENDING, not_before__lte=now).order_by("not_before", "pk")

    def mailed_since(self, start: dt.datetime) -> "ReminderQuerySet":
        """What went out (or may have) since `start`, or is on its way."""
        went = Q(state__in=[State.SENT, State.UNKNOWN], settled_at__gte=start)
        return self.filter(went | Q(state__in=[State.CLAIMED, State.COMMITTING]))


class Reminder(models.Model):
    """A mail owed to a person. Unique, so that replays change nothing: a step by duty and local day, a nudge by person
    and day, an escalation or a digest by recipient and day. `plan` gives the hours in which it may go out."""

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.STEP)
    text = models.CharField(max_length=12, choices=MailKind.choices)
    plan = models.ForeignKey(ReminderPlan, models.PROTECT, related_name="reminders")
    step = models.ForeignKey(PlanStep, models.PROTECT, null=True, blank=True, related_name="reminders")
    cycle = models.ForeignKey(Cycle, models.PROTECT, null=True, blank=True, related_name="reminders")
    person = models.ForeignKey(Person, models.PROTECT, related_name="reminders")
    occurs_on = models.DateField(help_text="Local date in the company's time zone.")
    state = models.CharField(max_length=12, choices=State.choices, default=State.PENDING)
    reason = models.CharField(max_length=20, choices=Reason.choices, default=Reason.NONE, blank=True)
    message_id = models.CharField(max_length=120, unique=True)
    planned_at = models.DateTimeField()
    not_before = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    claim_token = models.UUIDField(null=True, blank=True, default=None)
    lease_until = models.DateTimeField(null=True, blank=True)
    smtp_reply = models.TextField(blank=True)
    settled_at = models.DateTimeField(null=True, blank=True, help_text="When the outcome became known.")

    objects = ReminderQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cycle", "step", "occurs_on"], name="reminder_once"),
            models.UniqueConstraint(
                fields=["person", "occurs_on"], condition=Q(kind=Kind.NUDGE), name="reminder_one_nudge_a_day"
            ),
            models.UniqueConstraint(
                fields=["person", "kind", "occurs_on"],
                condition=Q(kind__in=[Kind.ESCALATION, Kind.DIGEST]),
                name="reminder_once_per_recipient",
            ),
            models.CheckConstraint(
                condition=Q(kind=Kind.STEP, cycle__isnull=False, step__isnull=False)
                | Q(kind=Kind.NUDGE, cycle__isnull=False, step=None)
                | Q(kind__in=[Kind.ESCALATION, Kind.DIGEST], cycle=None, step=None),
                name="reminder_owed_for_something",
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="reminder_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=["claimed", "committing"], claim_token__isnull=False, lease_until__isnull=False)
                | ~Q(state__in=["claimed", "committing"]),
                name="reminder_claim_held",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["cancelled", "superseded"]) & ~Q(reason="")
                | ~Q(state__in=["cancelled", "superseded"]),
                name="reminder_silence_explained",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["not_before"], condition=Q(state="pending"), name="reminder_pending"),
            models.Index(
                fields=["lease_until"], condition=Q(state__in=["claimed", "committing"]), name="reminder_leases"
            ),
            models.Index(fields=["occurs_on"], condition=Q(state="unknown"), name="reminder_unclear"),
            models.Index(fields=["person", "-occurs_on"], name="reminder_person_day"),
            models.Index(fields=["-occurs_on", "-id"], name="reminder_newest_first"),
        ]

    @property
    def what(self) -> str:
        """What the mail is, for a ledger: the step in words, or its kind."""
        return str(self.step) if self.step else str(Kind(self.kind).label)

    @property
    def outcome(self) -> str:
        """In words, with the reason if there is one."""
        return outcome_in_words(self.state, self.reason)


def outcome_in_words(state: str, reason: str) -> str:
    words = {"reason": Reason(reason).label}
    if state in (State.CANCELLED, State.SUPERSEDED):
        return _("not sent: %(reason)s") % words
    if state == State.PENDING and reason:
        return _("waiting: %(reason)s") % words
    if state == State.UNKNOWN and reason == Reason.GIVEN_UP:
        return pgettext("mail", "unclear; left at that")
    return str(State(state).label)


class ReminderEvent(models.Model):
    """One transition of a reminder. Append-only."""

    reminder = models.ForeignKey(Reminder, models.PROTECT, related_name="events")
    at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices)
    reason = models.CharField(max_length=20, choices=Reason.choices, default=Reason.NONE, blank=True)
    note = models.TextField(blank=True)
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")

    @property
    def outcome(self) -> str:
        return outcome_in_words(self.state, self.reason)


class Escalation(models.Model):
    """A duty that an escalation mail is about: step and day, once for each recipient. What the mail says of it is
    decided when it is written, from the state of the duty then."""

    reminder = models.ForeignKey(Reminder, models.PROTECT, related_name="escalations")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", help_text="The recipient.")
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="escalations")
    step = models.ForeignKey(PlanStep, models.PROTECT, related_name="escalations")
    occurs_on = models.DateField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "cycle", "step", "occurs_on"], name="escalation_once"),
        ]
