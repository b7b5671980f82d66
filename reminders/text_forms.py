"""The form of a mail's texts: one for each language, and what is to be shown of it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Language
from reminders.checking import problems
from reminders.models import MailKind
from reminders.trying import Source
from reminders.wording import FIELDS, Wording


class WordingForm(forms.Form):
    """What is wrong with it is said by reminders.checking, so that a typed text and a stored one are judged alike."""

    subject = forms.CharField(label=_("Subject"))
    body = forms.CharField(label=_("Text"), widget=forms.Textarea({"rows": 14}))
    button = forms.CharField(label=_("Button"))
    stamp = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, data: Any, *, kind: MailKind, language: str, wording: Wording, stamp: str) -> None:
        first = {"subject": wording.subject, "body": wording.body, "button": wording.button, "stamp": stamp}
        super().__init__(data, prefix=language, initial=first)
        self.kind, self.language = kind, language
        self.language_name = Language(language).label
        for name in FIELDS:
            self.fields[name].widget.attrs["lang"] = language

    def clean_body(self) -> str:
        """As one types it: any line end, no tabs, no spaces at the ends of lines."""
        lines = self.cleaned_data["body"].replace("\t", " ").splitlines()
        return "\n".join(line.rstrip() for line in lines)

    def clean(self) -> None:
        said = set(self.errors)
        for problem in problems(self.kind, self.wording):
            if problem.field not in said:
                self.add_error(problem.field, problem.message)

    @property
    def wording(self) -> Wording:
        """As typed; what the fields themselves refused is empty."""
        return Wording(*(self.cleaned_data.get(field, "") for field in FIELDS))

    def typed_over(self, stamp: str) -> None:
        """From now on against that stored text."""
        self.data = {**self.data.dict(), self.add_prefix("stamp"): stamp}  # type: ignore[attr-defined]


class ShowForm(forms.Form):
    """For whom and in which language the text is shown."""

    of = forms.ChoiceField(label=_("As it would reach"), required=False)
    language = forms.ChoiceField(
        label=pgettext_lazy("language of a preview", "in"), required=False, choices=Language.choices
    )

    def __init__(self, data: Any, *, found: list[Source], language: str) -> None:
        super().__init__(data, prefix="show", initial={"of": found[0].key, "language": language})
        self.found, self.own_language = found, language
        chosen: Any = self.fields["of"]
        chosen.choices = [(source.key, source.label) for source in found]

    @property
    def source(self) -> Source:
        key = self.cleaned_data.get("of") if self.is_bound and self.is_valid() else ""
        return next((source for source in self.found if source.key == key), self.found[0])

    @property
    def chosen_language(self) -> str:
        key = self.cleaned_data.get("language") if self.is_bound and self.is_valid() else ""
        return key or self.own_language
