"""Publishing with its effect on people: known before the click, done in the same transaction as the revision."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import Person
from courses import publishing
from courses.models import ChangeKind, Course, CourseRevision
from training.assigning import open_next
from training.models import Cycle, Source


class EffectChanged(publishing.CannotPublish):
    """Other people, or another day, than was shown before the click."""

    def __init__(self) -> None:
        super().__init__("what publishing does is not what was shown")


@dataclass(frozen=True)
class Effect:
    """Counts of employed people by what publishing does to them.

    `under_way` finish on the revision they started; `waiting` will start on the new one; of those who completed,
    `stay_valid` keep their completion as it is and `redo` get a new cycle (and a mail each).
    """

    under_way: int
    waiting: int
    stay_valid: int
    redo: int

    @property
    def mails(self) -> int:
        return self.redo

    def weight(self, due_on: dt.date | None) -> str:
        """Stands for what must have been seen before the click: how many complete the course again, and by when. The
        other counts harm nobody, and change while people learn."""
        return f"{self.redo} by {due_on}" if self.redo else ""


def completed_cycles(course: Course, today: dt.date) -> "list[Cycle]":
    return list(Cycle.objects.current().of_employed(today).filter(course=course, closed_at__isnull=False))


def effect(course: Course, *, change_kind: str, redo: bool, today: dt.date) -> Effect:
    """One query; the same conditions that publishing itself uses."""
    counts = (
        Cycle.objects.current()
        .of_employed(today)
        .filter(course=course)
        .aggregate(
            under_way=Count("pk", filter=Q(closed_at=None, started_at__isnull=False)),
            waiting=Count("pk", filter=Q(closed_at=None, started_at=None)),
            completed=Count("pk", filter=Q(closed_at__isnull=False)),
        )
    )
    again = redo and change_kind == ChangeKind.MAJOR
    return Effect(
        under_way=counts["under_way"],
        waiting=counts["waiting"],
        stay_valid=0 if again else counts["completed"],
        redo=counts["completed"] if again else 0,
    )


@transaction.atomic
def publish_course(
    course: Course,
    *,
    change_kind: ChangeKind,
    reason: str,
    redo_by: dt.date | None,
    by: Person,
    now: dt.datetime,
    expected_hash: str,
    weighed: str,
) -> CourseRevision:
    """Publish the drafts; a major change may open a new cycle, due on `redo_by`, for everyone who had completed.

    A minor change changes nothing for anybody. Raises what courses.publishing.publish raises, and EffectChanged when
    people must complete the course again and `weighed` is not the weight of that.
    """
    today = timezone.localdate(now)
    weight = effect(course, change_kind=change_kind, redo=redo_by is not None, today=today).weight(redo_by)
    if weight and weight != weighed:
        raise EffectChanged
    revision = publishing.publish(
        course, change_kind=change_kind, reason=reason, by=by, now=now, expected_hash=expected_hash
    )
    if redo_by and change_kind == ChangeKind.MAJOR:
        finished = completed_cycles(course, today)
        open_next([(cycle, redo_by) for cycle in finished], source=Source.REVISION, by=by, now=now)
    return revision
