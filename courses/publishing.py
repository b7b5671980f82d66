"""Publishing: the drafts become a revision that never changes. Going back: a revision becomes the drafts again."""

import datetime as dt
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.models import Person
from courses.checks import check_course, errors
from courses.document import CourseDocument, content_hash, read_course, to_json
from courses.drafts import Changes, compose, replace_drafts
from courses.models import ChangeKind, Course, CourseRevision
from quizzes.problems import Problem


class CannotPublish(Exception):
    """Why the drafts did not become a revision; nothing was changed."""


class ChecksFailed(CannotPublish):
    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class DraftChanged(CannotPublish):
    """The drafts are not what was shown before the click; `found` is the hash of what they are."""

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__("the drafts changed after they were shown")


class NothingChanged(CannotPublish):
    def __init__(self) -> None:
        super().__init__("the drafts say what the published revision says")


class ReasonMissing(CannotPublish):
    def __init__(self) -> None:
        super().__init__("a revision needs a reason")


def draft_hash(course: Course) -> str:
    """The hash to show with a preview and to hand to `publish` as `expected_hash`."""
    return content_hash(compose(course))


def is_unchanged(course: Course, document: dict[str, Any]) -> bool:
    """Does the composed document say what is published? Defaults that were not written out do not count."""
    return course.current is not None and to_json(read_course(course.current.document)) == document


@transaction.atomic
def publish(
    course: Course,
    *,
    change_kind: ChangeKind,
    reason: str,
    by: Person | None,
    now: dt.datetime,
    expected_hash: str | None = None,
) -> CourseRevision:
    """Freeze the drafts as the next revision and make it the one that new learners get.

    Raises a CannotPublish: ReasonMissing, DraftChanged (when `expected_hash` is given and no longer true), ChecksFailed
    (errors only; warnings do not forbid), NothingChanged. Saving a draft waits for the same lock.
    """
    if not reason.strip():
        raise ReasonMissing
    course = Course.objects.select_for_update(of=("self",)).select_related("current").get(pk=course.pk)
    document = compose(course)
    found = content_hash(document)
    if expected_hash is not None and found != expected_hash:
        raise DraftChanged(found)
    if problems := errors(check_course(document)):
        raise ChecksFailed(problems)
    if is_unchanged(course, document):
        raise NothingChanged
    latest = course.revisions.order_by("-number").values_list("number", flat=True).first() or 0
    revision = CourseRevision.objects.create(
        course=course,
        number=latest + 1,
        document=document,
        content_hash=found,
        pass_mark=document["pass_mark"],
        change_kind=change_kind,
        reason=reason.strip(),
        published_by=by,
        published_at=now,
    )
    course.current = revision
    course.save(update_fields=["current"])
    audit.record(
        "courses.publish",
        subject=course,
        by=by,
        now=now,
        revision=revision.number,
        change_kind=str(change_kind),
        reason=revision.reason,
        content_hash=found,
    )
    return revision


@transaction.atomic
def restore(
    revision: CourseRevision, *, by: Person | None, now: dt.datetime, expected_hash: str | None = None
) -> Changes:
    """Load what a revision says into the drafts; learners see it only after it is published as a new revision.

    Raises DraftChanged when `expected_hash` is given and no longer true: what the drafts lose must have been shown.
    """
    course = Course.objects.select_for_update(of=("self",)).get(pk=revision.course_id)
    if expected_hash is not None and (found := draft_hash(course)) != expected_hash:
        raise DraftChanged(found)
    document: CourseDocument = read_course(revision.document)
    changes = replace_drafts(course, document, by=by, now=now)
    if changes:
        audit.record("courses.restore", subject=course, by=by, now=now, revision=revision.number, **changes.counts())
    return changes
