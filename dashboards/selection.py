"""Which people a list shows: the filters of the address, as one object shared by figures, lists and files."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Department, Person
from courses.models import Course
from dashboards.figures import COMPLIANT, GROUPS, LEFT, OWING
from training.models import Status

NO_DEPARTMENT = "none"
GROUP_NAMES = {
    "": gettext_lazy("Everyone assigned"),
    Status.NOT_STARTED.value: gettext_lazy("Not started"),
    Status.IN_PROGRESS.value: gettext_lazy("In progress"),
    Status.COMPLETED.value: gettext_lazy("Completed"),
    Status.OVERDUE.value: gettext_lazy("Overdue"),
    Status.EXPIRED.value: gettext_lazy("Expired"),
    "owing": gettext_lazy("Still to do"),
    "away": gettext_lazy("Waived or on leave"),
    Status.WAIVED.value: gettext_lazy("Waived"),
    Status.ON_LEAVE.value: gettext_lazy("On leave"),
    COMPLIANT: gettext_lazy("Compliant"),
    "counted": gettext_lazy("Counted in the rate"),
    LEFT: gettext_lazy("Left the company"),
}


@dataclass(frozen=True)
class Selection:
    course: str
    status: str = ""
    department: int | str | None = None
    direct: bool = False
    overdue_for: int | None = None
    no_manager: bool = False
    words: str = ""

    def query(self) -> str:
        """The filters as they stand in an address; what is not set is not named."""
        pairs = {
            "course": self.course,
            "status": self.status,
            "department": self.department,
            "direct": "on" if self.direct else "",
            "overdue_for": self.overdue_for,
            "no_manager": "on" if self.no_manager else "",
            "q": self.words,
        }
        return urlencode({name: value for name, value in pairs.items() if value not in ("", None)})

    def but(self, **changes: Any) -> "Selection":
        return replace(self, **changes)

    def narrow(self, duties: Any, departments: Iterable[Department], today: dt.date) -> Any:
        """Those of `duties` (annotated by selectors.duties) that are meant."""
        if self.status == COMPLIANT:
            duties = duties.filter(compliant=True, standing__in=GROUPS[COMPLIANT])
        elif self.status:
            duties = duties.filter(standing__in=GROUPS[self.status])
        else:
            duties = duties.of_employed(today)
        if self.department == NO_DEPARTMENT:
            duties = duties.filter(person__department=None)
        elif self.department is not None:
            duties = duties.filter(person__department__in=self._meant(departments))
        if self.overdue_for is not None:
            duties = duties.filter(standing=Status.OVERDUE, due_on__lt=today - dt.timedelta(days=self.overdue_for))
        if self.no_manager:
            duties = duties.filter(person__manager=None, standing__in=OWING)
        if self.words:
            duties = duties.of_people(Person.objects.search(self.words))
        return duties

    def _meant(self, departments: Iterable[Department]) -> list[int]:
        if self.direct:
            return [department.pk for department in departments if department.pk == self.department]
        return [department.pk for department in departments if self.department in department.lineage]

    def sentence(self, departments: Iterable[Department]) -> str:
        """The filters in words: "Overdue, in Firma / Sales with all below it, for more than 14 days"."""
        parts = [str(GROUP_NAMES[self.status])]
        if self.department == NO_DEPARTMENT:
            parts.append(_("without a department"))
        elif self.department is not None:
            name = next((row.path for row in departments if row.pk == self.department), "")
            words = _("directly in %(name)s") if self.direct else _("in %(name)s with all below it")
            parts.append(words % {"name": name})
        if self.overdue_for is not None:
            words = ngettext(
                "overdue for more than %(count)s day", "overdue for more than %(count)s days", self.overdue_for
            )
            parts.append(words % {"count": self.overdue_for})
        if self.no_manager:
            parts.append(_("still to do, without a manager"))
        if self.words:
            parts.append(_("name or address with “%(words)s”") % {"words": self.words})
        return ", ".join(parts)


class SelectionForm(forms.Form):
    """Reads the filters of an address. What is not valid is named and left out; the rest still applies."""

    course = forms.ChoiceField(label=gettext_lazy("Course"), required=False)
    status = forms.ChoiceField(label=gettext_lazy("Status"), required=False)
    department = forms.ChoiceField(label=gettext_lazy("Department"), required=False)
    direct = forms.BooleanField(label=gettext_lazy("Only people directly in it"), required=False)
    overdue_for = forms.IntegerField(
        label=gettext_lazy("Overdue for more than (days)"), required=False, min_value=0, max_value=3650
    )
    no_manager = forms.BooleanField(label=gettext_lazy("Still to do, without a manager"), required=False)
    q = forms.CharField(label=gettext_lazy("Name or address"), required=False, max_length=100)

    def __init__(
        self, data: Any, *, courses: list[tuple[Course, str]], departments: list[Department], everything: bool
    ):
        super().__init__(data)
        self.courses = courses
        self.fields["course"].choices = [(course.key, title) for course, title in courses]  # type: ignore[attr-defined]
        self.fields["status"].choices = [  # type: ignore[attr-defined]
            (group, name) for group, name in GROUP_NAMES.items() if everything or group != LEFT
        ]
        nowhere = [(NO_DEPARTMENT, _("Without a department"))] if everything else []
        self.fields["department"].choices = [  # type: ignore[attr-defined]
            ("", _("All departments")),
            *((str(row.pk), row.path) for row in departments),
            *nowhere,
        ]

    def selection(self) -> Selection:
        """The filters that hold; call after is_valid()."""
        asked = self.cleaned_data
        department = asked.get("department") or None
        return Selection(
            course=asked.get("course") or self.courses[0][0].key,
            status=asked.get("status") or "",
            department=int(department) if department and department != NO_DEPARTMENT else department,
            direct=bool(asked.get("direct")),
            overdue_for=asked.get("overdue_for"),
            no_manager=bool(asked.get("no_manager")),
            words=asked.get("q") or "",
        )
