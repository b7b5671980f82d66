"""Duties, what people did about them, and the append-only record of it.

What time alone changes (overdue, expired, on leave) is derived by CycleQuerySet.with_status and never stored.
"""

import datetime as dt
import secrets
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual, LessThan
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, Language, Person
from courses.models import Course, CourseRevision

CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U


def new_certificate_code() -> str:
    """Twelve characters (60 random bits) in three groups, easy to read out on the telephone."""
    letters = "".join(secrets.choice(CODE_ALPHABET) for _i in range(12))
    return "-".join((letters[:4], letters[4:8], letters[8:]))


class DueBasis(models.TextChoices):
    FIXED = "fixed", _("on a fixed date")
    AFTER_ASSIGNMENT = "after_assignment", _("days after assignment")
    AFTER_START = "after_start", _("days after start of employment")
    NONE = "none", _("no due date")


class AssignmentRule(models.Model):
    """HR's standing order: this course for this department with all below it (or the whole company), due by this rule.

    It also reaches people who join the department later, until it is ended.
    """

    course = models.ForeignKey(Course, models.PROTECT, related_name="rules")
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, related_name="assignment_rules")
    due_basis = models.CharField(max_length=20, choices=DueBasis.choices)
    due_on = models.DateField(null=True, blank=True)
    due_days = models.PositiveSmallIntegerField(null=True, blank=True)
    grace_days = models.PositiveSmallIntegerField(default=14, help_text="Least time for a late joiner to a fixed date.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(due_basis=DueBasis.FIXED, due_on__isnull=False, due_days=None)
                | Q(
                    due_basis__in=[DueBasis.AFTER_ASSIGNMENT, DueBasis.AFTER_START], due_on=None, due_days__isnull=False
                )
                | Q(due_basis=DueBasis.NONE, due_on=None, due_days=None),
                name="rule_due_matches_basis",
            ),
        ]


class Status(models.TextChoices):
    NOT_STARTED = "not_started", _("not started")
    IN_PROGRESS = "in_progress", _("in progress")
    COMPLETED = "completed", _("completed")
    OVERDUE = "overdue", _("overdue")
    EXPIRED = "expired", _("expired")
    WAIVED = "waived", _("waived")
    ON_LEAVE = "on_leave", _("on leave")


class CycleQuerySet(models.QuerySet["Cycle"]):
    def open(self) -> "CycleQuerySet":
        return self.filter(closed_at=None)

    def current(self) -> "CycleQuerySet":
        """Of each person and course the newest cycle only."""
        newer = Cycle.objects.filter(
            person=OuterRef("person"), course=OuterRef("course"), number__gt=OuterRef("number")
        )
        return self.filter(~Exists(newer.filter(number__gt=1)))

    def of_employed(self, today: dt.date) -> "CycleQuerySet":
        """Without people who have left: they are out of the figures from the leave date."""
        return self.filter(Q(person__left_on=None) | Q(person__left_on__gt=today))

    def of_people(self, people: models.QuerySet[Person]) -> "CycleQuerySet":
        return self.filter(person__in=people)

    def with_status(self, today: dt.date) -> "CycleQuerySet":
        """Annotate `status` as of the end of `today`; the first that holds, in this order: completed or expired,
        waived, on leave, expired before its renewal, overdue, in progress, not started."""
        waived = Waiver.objects.in_force(today).filter(cycle=OuterRef("pk"))
        away = Leave.objects.on(today).filter(person=OuterRef("person"))
        return self.annotate(
            status=Case(
                When(completion__expires_on__lt=today, then=Value(Status.EXPIRED)),
                When(completion__isnull=False, then=Value(Status.COMPLETED)),
                When(Exists(waived), then=Value(Status.WAIVED)),
                When(Exists(away), then=Value(Status.ON_LEAVE)),
                When(Q(number__gt=1) & LessThan(self._earlier_expiry(), today), then=Value(Status.EXPIRED)),
                When(due_on__lt=today, then=Value(Status.OVERDUE)),
                When(started_at__isnull=False, then=Value(Status.IN_PROGRESS)),
                default=Value(Status.NOT_STARTED),
                output_field=models.CharField(),
            )
        )

    def with_compliance(self, today: dt.date) -> "CycleQuerySet":
        """Annotate `compliant`: completed and not expired. While a renewal is open and not overdue, the completion
        before it still counts."""
        in_time = Q(due_on=None) | Q(due_on__gte=today)
        return self.annotate(
            compliant=Case(
                When(completion__expires_on__lt=today, then=Value(False)),
                When(completion__isnull=False, then=Value(True)),
                When(in_time & Q(number__gt=1) & GreaterThanOrEqual(self._earlier_expiry(), today), then=Value(True)),
                default=Value(False),
            )
        )

    @staticmethod
    def _earlier_expiry() -> Subquery:
        """The last day of the completion of the cycle right before the outer one: far ahead if it never expires,
        nothing if there is none. A value, not an Exists: that PostgreSQL would work out for everybody, though few have
        one."""
        earlier = Completion.objects.filter(
            person=OuterRef("person"), course=OuterRef("course"), cycle__number=OuterRef("number") - 1
        )
        return Subquery(earlier.values(last_day=Coalesce("expires_on", Value(dt.date.max)))[:1])

    def owed(self, today: dt.date) -> "CycleQuerySet":
        """Open duties of employed people who are neither waived nor on leave: those who may be reminded."""
        waived = Waiver.objects.in_force(today).filter(cycle=OuterRef("pk"))
        away = Leave.objects.on(today).filter(person=OuterRef("person"))
        return self.open().of_employed(today).filter(~Exists(waived), ~Exists(away))


class Cycle(models.Model):
    """One duty period of a person for a course. One open cycle per person and course; a closed one never changes.

    `due_on` is a date in the company's time zone, on time until that day ends: the earliest date of all sources,
    moved by extensions and leave. `revision` is pinned when the person starts.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="cycles")
    course = models.ForeignKey(Course, models.PROTECT, related_name="cycles")
    number = models.PositiveSmallIntegerField(default=1)
    opened_at = models.DateTimeField()
    due_on = models.DateField(null=True, blank=True)
    revision = models.ForeignKey(CourseRevision, models.PROTECT, null=True, blank=True, related_name="cycles")
    started_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = CycleQuerySet.as_manager()
    status: str  # set by with_status

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "course"], condition=Q(closed_at=None), name="cycle_one_open"),
            models.UniqueConstraint(fields=["person", "course", "number"], name="cycle_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="cycle_number_from_one"),
            models.CheckConstraint(
                condition=Q(started_at=None, revision=None) | Q(started_at__isnull=False, revision__isnull=False),
                name="cycle_started_pinned_pair",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(started_at__isnull=False), name="cycle_closed_was_started"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["course", "due_on"], name="cycle_course_due")]


class Source(models.TextChoices):
    RULE = "rule", _("department rule")
    PERSON = "person", _("assigned to the person")
    RENEWAL = "renewal", _("renewal")
    REVISION = "revision", _("major change")


class Assignment(models.Model):
    """Why a cycle exists: one row per source, all kept. The earliest due date of the sources counts."""

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="assignments")
    source = models.CharField(max_length=10, choices=Source.choices)
    rule = models.ForeignKey(AssignmentRule, models.PROTECT, null=True, blank=True, related_name="assignments")
    due_on = models.DateField(null=True, blank=True)
    assigned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    assigned_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cycle", "rule"], name="assignment_rule_once_per_cycle"),
            models.CheckConstraint(condition=Q(source__in=Source.values), name="assignment_source_known"),
            models.CheckConstraint(
                condition=Q(source=Source.RULE, rule__isnull=False) | (~Q(source=Source.RULE) & Q(rule=None)),
                name="assignment_rule_pair",
            ),
        ]


class Extension(models.Model):
    """A moved due date; the old one is kept. Append-only."""

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="extensions")
    old_due_on = models.DateField(null=True)
    new_due_on = models.DateField()
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()


class WaiverQuerySet(models.QuerySet["Waiver"]):
    def in_force(self, today: dt.date) -> "WaiverQuerySet":
        return self.filter(Q(until=None) | Q(until__gte=today), ended_at=None)


class Waiver(models.Model):
    """An exemption with a reason and an optional last day; not a completion."""

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="waivers")
    reason = models.TextField()
    until = models.DateField(null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    objects = WaiverQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cycle"], condition=Q(ended_at=None), name="waiver_one_in_force"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="waiver_ended_pair",
            ),
        ]


class LeaveQuerySet(models.QuerySet["Leave"]):
    def on(self, today: dt.date) -> "LeaveQuerySet":
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=today), starts_on__lte=today)


class Leave(models.Model):
    """Days away, first and last included; no end means until further notice. The clock of open duties stops.

    When the end becomes known, open due dates move by the days away (an Extension row each).
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="leaves")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = LeaveQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="leave_ends_after_start"
            ),
            models.UniqueConstraint(fields=["person"], condition=Q(ends_on=None), name="leave_one_open_ended"),
        ]
        indexes: ClassVar = [models.Index(fields=["person", "starts_on"], name="leave_person_start")]


class LessonProgress(models.Model):
    """What a learner did in a lesson: the opening decision, then having seen it."""

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="lessons")
    lesson_key = models.SlugField(max_length=60)
    opening_choice = models.PositiveSmallIntegerField()
    answered_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cycle", "lesson_key"], name="lesson_progress_once"),
        ]

    @property
    def is_seen(self) -> bool:
        return self.seen_at is not None


class Attempt(models.Model):
    """One graded run of a scenario, pinned to the cycle's revision. All are kept; a finished one never changes.

    `seed` orders the choices; where the run stands follows from its decisions by replay.
    """

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="attempts")
    scenario_key = models.SlugField(max_length=60)
    number = models.PositiveIntegerField()
    seed = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    ending_key = models.SlugField(max_length=60, blank=True)
    score = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Per cent.")
    passed = models.BooleanField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cycle", "scenario_key"], condition=Q(finished_at=None), name="attempt_one_open"
            ),
            models.UniqueConstraint(fields=["cycle", "scenario_key", "number"], name="attempt_number_once"),
            models.CheckConstraint(
                condition=Q(finished_at=None, score=None, passed=None, ending_key="")
                | (Q(finished_at__isnull=False, score__lte=100, passed__isnull=False) & ~Q(ending_key="")),
                name="attempt_finished_with_result",
            ),
        ]

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None


class Decision(models.Model):
    """One choice taken in an attempt. Append-only; `step` counts from 0."""

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="decisions")
    step = models.PositiveSmallIntegerField()
    node_key = models.SlugField(max_length=60)
    choice_key = models.SlugField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["step"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["attempt", "step"], name="decision_step_once")]


class Completion(models.Model):
    """The record that a person completed a course. Append-only; names and department are as they were on that day.

    `result` is the first passing attempt of the final scenario; the acknowledgement's text is the one signed.
    """

    cycle = models.OneToOneField(Cycle, models.PROTECT, related_name="completion")
    person = models.ForeignKey(Person, models.PROTECT, related_name="completions")
    course = models.ForeignKey(Course, models.PROTECT, related_name="completions")
    revision = models.ForeignKey(CourseRevision, models.PROTECT, related_name="completions")
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="completions")
    department_path = models.TextField(blank=True)
    person_name = models.CharField(max_length=170)
    started_at = models.DateTimeField()
    completed_at = models.DateTimeField()
    completed_on = models.DateField(help_text="The day in the company's time zone.")
    due_on = models.DateField(null=True)
    late = models.BooleanField()
    expires_on = models.DateField(null=True, help_text="Last day on which the completion counts.")
    result = models.OneToOneField(Attempt, models.PROTECT, related_name="completion")
    score = models.PositiveSmallIntegerField()
    certificate_code = models.CharField(max_length=14, unique=True, default=new_certificate_code)
    acknowledgement_text = models.TextField()
    acknowledgement_language = models.CharField(max_length=2, choices=Language.choices)
    acknowledgement_name = models.CharField(max_length=170)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(score__lte=100), name="completion_score_percent"),
            models.CheckConstraint(condition=~Q(acknowledgement_name=""), name="completion_signed"),
        ]
        indexes: ClassVar = [models.Index(fields=["course", "completed_on"], name="completion_course_day")]
