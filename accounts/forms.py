"""Forms of the people pages. They check shape; what is allowed is for the verbs to say."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.audit_words import action_in_words
from accounts.models import Department, Language, Person, Role, normal_email
from accounts.roster.reading import MAX_BYTES, FileTooLarge
from accounts.values import DAYS_MEANT


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class DayField(forms.DateField):
    widget = DateInput
    default_validators = [*DAYS_MEANT]


class DepartmentChoice(forms.ModelChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(**{"queryset": Department.objects.in_tree_order(), "label": _("Department")} | options)


class PersonChoice(forms.CharField):
    """A person given by e-mail address: a list of 10,000 names would be neither quick nor usable."""

    def clean(self, value: Any) -> Person | None:
        address = super().clean(value)
        if not address:
            return None
        person = Person.objects.filter(email=normal_email(address)).first()
        if person is None or not person.is_active:
            raise forms.ValidationError(_("Nobody who works here has this address."))
        return person


class PersonForm(forms.Form):
    first_name = forms.CharField(label=_("First name"), max_length=80)
    last_name = forms.CharField(label=_("Last name"), max_length=80)
    email = forms.CharField(label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    manager = PersonChoice(label=_("Manager"), required=False, help_text=_("The e-mail address of the manager."))
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices)
    employment_start = DayField(label=_("Employment start"), required=False)


class ChangeForm(PersonForm):
    """The page may be older than a colleague's change: what was left alone on it is not written, and what both changed
    is shown before it is."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            field.show_hidden_initial = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in self.changed_data:
            key, now = self.add_initial_prefix(name), str(self.initial.get(name) or "")
            if self.data.get(key, now) != now:
                self.data = dict(self.data.items()) | {key: now}
                reason = _("Changed meanwhile: it says “%(now)s” now. Save again if it should say what stands here.")
                self.add_error(name, reason % {"now": now})
        return cleaned

    def changes(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name in self.changed_data}


class InviteForm(PersonForm):
    department = DepartmentChoice()
    field_order = ("first_name", "last_name", "email", "department", "manager", "language", "employment_start")


class MoveForm(forms.Form):
    department = DepartmentChoice()


class LeftForm(forms.Form):
    left_on = DayField(label=_("First day out of the company"))


class ReturnForm(forms.Form):
    on = DayField(label=_("Works here again from"))
    department = DepartmentChoice()


class PeopleFilter(forms.Form):
    q = forms.CharField(label=_("Name or e-mail"), required=False, max_length=100)
    department = DepartmentChoice(required=False, empty_label=_("All departments"))
    left = forms.BooleanField(label=_("Also people who have left"), required=False)


class DepartmentForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)


class NewDepartmentForm(DepartmentForm):
    parent = DepartmentChoice(label=_("Inside"), required=False, empty_label=_("The top level"))


class MoveDepartmentForm(forms.Form):
    parent = DepartmentChoice(label=_("Move into"), required=False, empty_label=_("The top level"))


class GrantForm(forms.Form):
    person = PersonChoice(label=_("Person"), help_text=_("The e-mail address of the person."))
    role = forms.TypedChoiceField(label=_("Role"), coerce=Role)
    department = DepartmentChoice(
        required=False,
        empty_label=_("None"),
        help_text=_("For a department manager: the department, with all below it."),
    )

    def __init__(self, *args: Any, roles: frozenset[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["role"] = forms.TypedChoiceField(
            label=_("Role"), coerce=Role, choices=[(role.value, role.label) for role in Role if role in roles]
        )


class RosterForm(forms.Form):
    file = forms.FileField(
        label=_("Roster file"),
        help_text=_("CSV or XLSX, up to 10 MB and 50,000 people."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )
    missing = forms.BooleanField(label=_("People missing from the file have left"), required=False)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise FileTooLarge
        return file


class ApplyForm(forms.Form):
    plan_hash = forms.CharField(max_length=64, widget=forms.HiddenInput)
    leaving = forms.IntegerField(label=_("How many people have left?"), required=False, min_value=0)


class AuditFilter(forms.Form):
    action = forms.ChoiceField(label=_("What"), required=False)
    person = forms.CharField(label=_("Who or whom"), required=False, max_length=100)
    since = forms.DateField(label=_("From"), required=False, widget=DateInput())
    until = forms.DateField(label=_("To"), required=False, widget=DateInput())

    def __init__(self, *args: Any, actions: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [("", _("Everything")), *((action, action_in_words(action)) for action in actions)]
        self.fields["action"] = forms.ChoiceField(label=_("What"), required=False, choices=choices)
