"""Bringing a course in: the shipped one, one exported elsewhere, or an author's files. All or nothing."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.models import Person
from courses.checks import missing_pictures
from courses.document import read_course
from courses.drafts import Changes, frame_of, replace_drafts
from courses.models import Course
from courses.pictures import Picture, add_picture
from quizzes.problems import DocumentError


@dataclass(frozen=True)
class Imported:
    course: Course
    created: bool
    changes: Changes


@transaction.atomic
def import_course(
    document: dict[str, Any],
    *,
    by: Person | None,
    now: dt.datetime,
    reason: str,
    pictures: Mapping[str, Picture] | None = None,
) -> Imported:
    """Create or update the drafts of the course that the raw document names; nothing is published.

    DocumentError names every wrong place, and then nothing is written. The same content again changes nothing and
    leaves no audit event.
    """
    pictures = pictures or {}
    typed = read_course(document)
    if problems := missing_pictures(typed, known=pictures):
        raise DocumentError(problems)
    course, created = Course.objects.get_or_create(
        key=typed.key, defaults={"frame": frame_of(typed), "created_at": now}
    )
    course = Course.objects.select_for_update(of=("self",)).get(pk=course.pk)
    for picture in pictures.values():
        add_picture(picture, by=by, now=now)
    changes = replace_drafts(course, typed, by=by, now=now)
    if changes:
        audit.record(
            "courses.import", subject=course, by=by, now=now, reason=reason, created=created, **changes.counts()
        )
    return Imported(course, created, changes)
