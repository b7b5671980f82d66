"""Forms about reminder plans. They read what was typed; what a plan may be is said by the verbs (plan_rules.py)."""

import hashlib
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from reminders.models import Anchor, Audience, MailKind, PlanStep, ReminderPlan
from reminders.models.plan import HORIZON_DAYS, MAX_OFFSET
from reminders.models.text import STEP_MAILS
from reminders.plan_rules import HourValues, NoWeekday, StepValues

WHEN = {
    "due-before": (Anchor.DUE, -1, _("days before the due date")),
    "due-after": (Anchor.DUE, 1, _("days after the due date")),
    "assigned-after": (Anchor.ASSIGNED, 1, _("days after the assignment")),
    "expiry-before": (Anchor.EXPIRY, -1, _("days before the earlier completion expires")),
    "expiry-after": (Anchor.EXPIRY, 1, _("days after the earlier completion expired")),
    "completed-after": (Anchor.COMPLETED, 1, _("days after the completion")),
}
WEEKDAY_CHOICES = list(WEEKDAYS.items())


class VersionedForm(forms.Form):
    """`version` is the one of the plan that the reader saw."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)

    @property
    def version_read(self) -> int:
        return self.cleaned_data["version"]

    def seen(self) -> str:
        """Changes when anything is typed differently."""
        typed = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        return hashlib.sha256(repr(sorted(typed.items())).encode()).hexdigest()[:16]


def name_field() -> forms.CharField:
    return forms.CharField(label=_("Name"), max_length=80)


class NameForm(VersionedForm):
    name = name_field()


class NewPlanForm(forms.Form):
    name = name_field()
    copy_of = forms.ModelChoiceField(
        ReminderPlan.objects.order_by("-standard", "name"),
        label=_("Copy the hours and steps of"),
        empty_label=None,
        help_text=_("The new plan serves no course until you give it to one."),
    )


class StepForm(VersionedForm):
    audience = forms.ChoiceField(label=_("Mail to"), choices=Audience.choices)
    days = forms.IntegerField(
        label=_("How many days"),
        min_value=0,
        help_text=_("0 is that very day."),
        widget=forms.NumberInput({"max": MAX_OFFSET}),
    )
    when = forms.ChoiceField(label=_("Counted"), choices=[(key, words) for key, (_a, _s, words) in WHEN.items()])
    repeat_days = forms.IntegerField(
        label=_("Then again after so many days"),
        required=False,
        help_text=_("Again and again until the course is completed. Empty: once."),
        widget=forms.NumberInput({"min": 1, "max": MAX_OFFSET}),
    )
    text = forms.ChoiceField(
        label=_("Text"), choices=[(kind.value, kind.label) for kind in (*STEP_MAILS, MailKind.ESCALATION)]
    )

    @staticmethod
    def initial_of(step: PlanStep) -> dict[str, Any]:
        side = "before" if step.offset_days < 0 or (step.anchor, step.offset_days) == (Anchor.DUE, 0) else "after"
        return {
            "audience": step.audience,
            "days": abs(step.offset_days),
            "when": f"{step.anchor}-{side}",
            "repeat_days": step.repeat_days,
            "text": step.text,
        }

    def values(self) -> StepValues:
        typed = self.cleaned_data
        anchor, sign, _words = WHEN[typed["when"]]
        return StepValues(anchor, sign * typed["days"], typed["repeat_days"], typed["audience"], typed["text"])


class HoursForm(VersionedForm):
    opens = forms.TimeField(label=_("From"), widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    closes = forms.TimeField(
        label=_("Until before"),
        required=False,
        help_text=_("Empty: until midnight."),
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("On these days"),
        coerce=int,
        choices=WEEKDAY_CHOICES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": NoWeekday.reason},
    )
    skips_holidays = forms.BooleanField(label=_("Not on public holidays in Poland"), required=False)
    catch_up_days = forms.IntegerField(
        label=_("At most this many days late"),
        min_value=0,
        help_text=_(
            "A step that falls on a day without mails goes out on the next one, unless that is later than this."
        ),
        widget=forms.NumberInput({"max": HORIZON_DAYS}),
    )
    digest_weekday = forms.TypedChoiceField(
        label=_("Weekly digest to managers and HR"),
        coerce=int,
        empty_value=None,
        required=False,
        choices=[("", _("none")), *WEEKDAY_CHOICES],
    )

    def __init__(self, data: Any = None, *, standard: bool, **more: Any) -> None:
        super().__init__(data, **more)
        self.fields["weekdays"].widget.attrs["class"] = "days"
        if not standard:
            del self.fields["digest_weekday"]

    def values(self) -> HourValues:
        typed = self.cleaned_data
        return HourValues(
            typed["opens"],
            typed["closes"],
            tuple(sorted(typed["weekdays"])),
            typed["skips_holidays"],
            typed["catch_up_days"],
            typed.get("digest_weekday"),
        )


class GiveForm(VersionedForm):
    """`served_by`: for each course that has another plan, that plan."""

    course = forms.TypedChoiceField(label=_("Course"), coerce=int)

    def __init__(
        self, data: Any = None, *, titles: dict[int, str], served_by: dict[int, ReminderPlan], **more: Any
    ) -> None:
        super().__init__(data, **more)
        self.served_by = served_by
        chosen: Any = self.fields["course"]
        chosen.choices = [(pk, f"{titles[pk]} ({plan.name})") for pk, plan in served_by.items()]

    def seen(self) -> str:
        """Also changes when the course gets another plan."""
        return f"{super().seen()}-{self.instead_of.pk}"

    @property
    def instead_of(self) -> ReminderPlan:
        return self.served_by[self.cleaned_data["course"]]
