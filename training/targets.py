"""Whom HR chose in one assignment: the whole company, departments, people or a mixture; first shown, then done."""

import datetime as dt
import hashlib
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import Department, Person
from courses.models import Course
from training import assigning
from training.assigning import Reach
from training.due import DueRule


@dataclass(frozen=True)
class Target:
    course: Course
    due: DueRule
    whole_company: bool
    departments: tuple[Department, ...]
    people: tuple[Person, ...]

    @property
    def scopes(self) -> list[Department | None]:
        """One standing rule each; a department below another chosen one is covered by that."""
        if self.whole_company:
            return [None]
        chosen = {department.pk for department in self.departments}
        return [row for row in self.departments if not chosen & set(row.lineage[:-1])]

    def everyone(self, today: dt.date) -> QuerySet[Person]:
        found = Q(pk__in=[person.pk for person in self.people])
        for scope in self.scopes:
            found |= Q(pk__in=assigning.people_of(scope, today).values("pk"))
        return Person.objects.filter(found)

    def reach(self, today: dt.date) -> Reach:
        return assigning.preview(self.course, self.everyone(today), due=self.due, today=today)

    def digest(self, reach: Reach) -> str:
        """Stands for what a preview showed; a confirmation that carries another one is shown the new preview."""
        shown = (
            self.course.pk, self.due, [scope and scope.pk for scope in self.scopes],
            sorted(person.pk for person in self.people), reach.new, reach.already_open, reach.already_completed,
        )  # fmt: skip
        return hashlib.sha256(repr(shown).encode()).hexdigest()


@transaction.atomic
def assign(target: Target, *, by: Person, now: dt.datetime) -> None:
    """Make the standing rules and assign to the people named, all or nothing."""
    for scope in target.scopes:
        assigning.assign_to_department(target.course, department=scope, due=target.due, by=by, now=now)
    if target.people:
        assigning.assign_to_people(target.course, target.people, due=target.due, by=by, now=now)
