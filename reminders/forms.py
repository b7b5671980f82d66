"""The ledger's filter and the decision about a mail."""

from typing import Any

from django import forms
from django.db.models import F
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Coalesce
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from courses.models import Course
from reminders.models import MailKind, ReminderQuerySet, State

OUTCOMES = {
    "waiting": (_("waiting"), (State.PENDING, State.CLAIMED, State.COMMITTING)),
    "sent": (_("sent"), (State.SENT,)),
    "not-sent": (_("not sent"), (State.CANCELLED, State.SUPERSEDED)),
    "refused": (_("refused"), (State.FAILED,)),
    "unclear": (_("unclear"), (State.UNKNOWN,)),
}


def course_titles() -> dict[int, str]:
    """The titles in the reader's language, without loading whole courses."""
    language = get_language() or "pl"
    published, draft = (
        KeyTextTransform(language, KeyTransform("title", F(document))) for document in ("current__document", "frame")
    )
    title = Coalesce(published, draft)
    return dict(Course.objects.annotate(shown=title).order_by("shown").values_list("pk", "shown"))


class LedgerFilter(forms.Form):
    """All optional, from the query string; a value that does not exist filters nothing and says so."""

    outcome = forms.ChoiceField(label=_("outcome"), required=False)
    mail = forms.ChoiceField(label=_("mail"), required=False, choices=[("", _("every kind")), *MailKind.choices])
    course = forms.TypedChoiceField(label=_("course"), required=False, coerce=int, empty_value=None)
    since = forms.DateField(label=_("from"), required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label=_("to"), required=False, widget=forms.DateInput({"type": "date"}))
    q = forms.CharField(
        label=_("person’s name"),
        required=False,
        max_length=80,
        widget=forms.TextInput({"type": "search", "placeholder": _("person’s name")}),
    )

    def __init__(self, data: Any, *, titles: dict[int, str], status_only: bool) -> None:
        super().__init__(data)
        chosen: Any = self.fields
        chosen["outcome"].choices = [("", _("everything")), *((key, word) for key, (word, _s) in OUTCOMES.items())]
        chosen["course"].choices = [("", _("every course")), *titles.items()]
        if status_only:
            del self.fields["mail"], self.fields["course"]

    def apply(self, rows: ReminderQuerySet) -> ReminderQuerySet:
        self.is_valid()
        wanted = self.cleaned_data
        if wanted.get("outcome"):
            rows = rows.filter(state__in=OUTCOMES[wanted["outcome"]][1])
        if wanted.get("mail"):
            rows = rows.filter(text=wanted["mail"])
        if wanted.get("course"):
            rows = rows.filter(cycle__course=wanted["course"])
        if wanted.get("since"):
            rows = rows.filter(occurs_on__gte=wanted["since"])
        if wanted.get("until"):
            rows = rows.filter(occurs_on__lte=wanted["until"])
        if wanted.get("q"):
            rows = rows.filter(person__in=Person.objects.search(wanted["q"]))
        return rows


class DayForm(forms.Form):
    day = forms.DateField(label=_("Why no mail on"), widget=forms.DateInput({"type": "date"}))


DECISIONS = {
    "delivered": _("It was delivered"),
    "again": _("Send it again"),
    "give_up": _("Do not send it any more"),
}


class DecisionForm(forms.Form):
    """Only what can be decided about this mail."""

    decision = forms.ChoiceField(label=_("What is to be done?"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Why, or how do you know?"),
        help_text=_(
            "For example: asked the person, or looked it up in the mail server’s log. It is kept in the ledger."
        ),
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
    )

    def __init__(self, data: Any, *, possible: list[str]) -> None:
        super().__init__(data)
        chosen: Any = self.fields["decision"]
        chosen.choices = [(key, DECISIONS[key]) for key in possible]
