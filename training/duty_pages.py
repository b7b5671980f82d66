"""What HR's pages about duties show. Pure reads."""

import datetime as dt
from typing import Any

from django.db.models import Count, Prefetch, QuerySet

from accounts.models import Person
from courses.models import Course, revision_content
from training.assigning import Reach
from training.models import Assignment, AssignmentRule, Cycle, Extension, Leave, Waiver


def assignable_courses() -> list[Course]:
    return list(Course.objects.exclude(current=None).defer("frame").order_by("pk"))


def course_title(course: Course, language: str) -> str:
    """The title without loading the document of a revision that the process knows."""
    if course.current_id is None:
        return course.title_in(language)
    return revision_content(course.current_id).title.in_language(language)


def preview(reach: Reach) -> dict[str, Any]:
    departments = [{"name": name, "count": count} for name, count in sorted(reach.departments.items())]
    return {"reach": reach, "departments": departments, "mails": reach.new}


def standing_rules() -> QuerySet[AssignmentRule]:
    """Rules in force first, then those that ended, newest first."""
    rules = AssignmentRule.objects.select_related("course", "department", "created_by", "ended_by")
    return rules.defer("course__frame").annotate(reached=Count("assignments")).order_by("-ended_at", "-created_at")


def visible_people(viewer: Person, today: dt.date) -> QuerySet[Person]:
    """HR sees also who has left; a manager only who works there now."""
    people = Person.objects.visible_to(viewer).select_related("department", "manager")
    return people if viewer.is_hr else people.employed(today)


def duties_of(person: Person, *, full: bool, today: dt.date) -> QuerySet[Cycle]:
    """The person's duties, the newest first; with all that happened to them only for HR."""
    cycles = Cycle.objects.filter(person=person).with_status(today).order_by("course", "-number")
    if not full:
        return cycles.current().select_related("course").defer("course__frame")
    return (
        cycles.select_related("course", "completion")
        .defer("course__frame")
        .prefetch_related(
            Prefetch(
                "assignments", Assignment.objects.select_related("rule__department", "assigned_by").order_by("pk")
            ),
            Prefetch("extensions", Extension.objects.select_related("by").order_by("pk")),
            Prefetch("waivers", Waiver.objects.select_related("by", "ended_by").order_by("pk")),
        )
    )


def leaves_of(person: Person) -> QuerySet[Leave]:
    return person.leaves.select_related("by").order_by("-starts_on")
