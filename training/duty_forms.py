"""Forms of HR about duties."""

import datetime as dt
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Department, Person, normal_email
from accounts.values import DAYS_MEANT
from courses.models import Course, revision_content
from training.due import GRACE_DAYS, DueRule
from training.models import DueBasis
from training.targets import Target

MOST_DAYS = 3650
MOST_NAMED = 500
WHOLE_COMPANY = "company"


def date_field(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, help_text=help_text, widget=widget, validators=DAYS_MEANT)


def reason_field() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Kept with the change and shown to HR only."),
    )


class AssignForm(forms.Form):
    """What, to whom, by when. `target()` is the answer once the form is valid."""

    course = forms.ChoiceField(label=gettext_lazy("Course"))
    departments = forms.MultipleChoiceField(
        label=gettext_lazy("Departments"),
        required=False,
        help_text=gettext_lazy("Each with all below it; people who join later get the course too."),
        widget=forms.SelectMultiple(attrs={"size": 10}),
    )
    people = forms.CharField(
        label=gettext_lazy("People"),
        required=False,
        max_length=50_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("E-mail addresses or names, one a line or separated by commas."),
    )
    basis = forms.ChoiceField(label=gettext_lazy("Due"), choices=DueBasis.choices, initial=DueBasis.AFTER_ASSIGNMENT)
    due_on = date_field(gettext_lazy("Fixed date"), required=False)
    days = forms.IntegerField(
        label=gettext_lazy("Days"), required=False, min_value=1, max_value=MOST_DAYS, initial=14,
        help_text=gettext_lazy("After assignment or after the start of employment, as chosen above."),
    )  # fmt: skip
    grace = forms.IntegerField(
        label=gettext_lazy("Days at least for those who join later"), min_value=0, max_value=365, initial=GRACE_DAYS
    )

    def __init__(self, data: Any = None, *, courses: list[Course], language: str, today: dt.date) -> None:
        super().__init__(data)
        self.courses = {course.key: course for course in courses}
        self.today = today
        self.rows = {str(row.pk): row for row in Department.objects.in_tree_order()}
        self.fields["course"].choices = [  # type: ignore[attr-defined]
            (course.key, revision_content(course.current_id).title.in_language(language)) for course in courses
        ]
        self.fields["departments"].choices = [  # type: ignore[attr-defined]
            (WHOLE_COMPANY, _("Everyone in the company")),
            *((key, row.path) for key, row in self.rows.items()),
        ]

    def clean_people(self) -> list[Person]:
        return find_people(self.cleaned_data["people"], self.today)

    def clean(self) -> dict[str, Any]:
        asked = super().clean() or {}
        if not asked.get("departments") and not asked.get("people") and "people" not in self.errors:
            self.add_error(None, _("Choose at least one department or name at least one person."))
        basis = asked.get("basis")
        if basis == DueBasis.FIXED and "due_on" not in self.errors:
            self._check_fixed(asked.get("due_on"))
        if (
            basis in (DueBasis.AFTER_ASSIGNMENT, DueBasis.AFTER_START)
            and not asked.get("days")
            and "days" not in self.errors
        ):
            self.add_error("days", _("Say after how many days it is due."))
        return asked

    def _check_fixed(self, due_on: dt.date | None) -> None:
        if due_on is None:
            self.add_error("due_on", _("Say on which date it is due."))
        elif due_on < self.today:
            self.add_error("due_on", _("This date is in the past."))

    def target(self) -> Target:
        asked = self.cleaned_data
        chosen = asked["departments"]
        return Target(
            course=self.courses[asked["course"]],
            due=self._due(asked),
            whole_company=WHOLE_COMPANY in chosen,
            departments=tuple(self.rows[key] for key in chosen if key != WHOLE_COMPANY),
            people=tuple(asked["people"]),
        )

    def _due(self, asked: dict[str, Any]) -> DueRule:
        if asked["basis"] == DueBasis.FIXED:
            return DueRule(DueBasis.FIXED, on=asked["due_on"], grace_days=asked["grace"])
        if asked["basis"] == DueBasis.NONE:
            return DueRule(DueBasis.NONE, grace_days=asked["grace"])
        return DueRule(asked["basis"], days=asked["days"], grace_days=asked["grace"])


def find_people(text: str, today: dt.date) -> list[Person]:
    """The employed people named by address or by name; ValidationError says which entries fit nobody or several."""
    entries = [entry.strip() for entry in re.split(r"[\n,;]+", text) if entry.strip()]
    if len(entries) > MOST_NAMED:
        raise ValidationError(_("Name at most %(number)s people at once."), params={"number": MOST_NAMED})
    employed = Person.objects.employed(today)
    addresses = {normal_email(entry) for entry in entries if "@" in entry}
    by_address = {person.email: person for person in employed.filter(email__in=addresses)}
    found: dict[int, Person] = {}
    problems = []
    for entry in entries:
        address = normal_email(entry)
        fitting = [by_address[address]] if address in by_address else []
        if "@" not in entry:
            fitting = list(employed.search(entry)[:2])
        if len(fitting) == 1:
            found[fitting[0].pk] = fitting[0]
        else:
            several = _("“%s” fits several people: give the address.")
            problems.append((several if fitting else _("Nobody who works here fits “%s”.")) % entry)
    if problems:
        raise ValidationError(problems)
    return list(found.values())


class ExtendForm(forms.Form):
    new_due_on = date_field(gettext_lazy("New due date"))
    reason = reason_field()


class WaiveForm(forms.Form):
    until = date_field(
        gettext_lazy("Last day of the waiver"),
        required=False,
        help_text=gettext_lazy("Empty: for good, until it is ended."),
    )
    reason = reason_field()


class LeaveForm(forms.Form):
    starts_on = date_field(gettext_lazy("First day away"))
    ends_on = date_field(
        gettext_lazy("Last day away"), required=False, help_text=gettext_lazy("Empty: until further notice.")
    )
    reason = reason_field()


class EndLeaveForm(forms.Form):
    last_day = date_field(gettext_lazy("Last day away"))
