"""A kind's texts in hand: both forms, against which stored rows, for whom they are shown, what came of saving."""

from dataclasses import asdict, dataclass, field

from django.utils import timezone

from accounts.access import PersonRequest
from accounts.models import Language
from reminders.letters import Letter
from reminders.models import MailKind
from reminders.rewording import LostUpdate, change_texts, rows_of, stamp_of, wording_of
from reminders.text_forms import ShowForm, WordingForm
from reminders.trying import letter_from, sources
from reminders.wording import FIELDS, Wording, shipped


@dataclass
class Editing:
    request: PersonRequest
    kind: MailKind
    lost: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        typed = self.request.POST if self.request.method == "POST" else None
        self.rows = rows_of(self.kind)
        self.forms = {
            language: WordingForm(
                typed,
                kind=self.kind,
                language=language,
                wording=self.stored(language),
                stamp=stamp_of(self.rows.get(language)),
            )
            for language in Language.values
        }
        found = sources(self.kind, viewer=self.request.user, today=timezone.localdate())
        self.show = ShowForm(typed or self.request.GET or None, found=found, language=self.request.user.language)

    def stored(self, language: str) -> Wording:
        return wording_of(self.rows[language]) if language in self.rows else shipped(self.kind, language)

    @property
    def typed(self) -> bool:
        return self.request.method == "POST"

    def is_valid(self) -> bool:
        """Both are looked at, so that each says what is wrong."""
        found = [form.is_valid() for form in self.forms.values()]
        return all(found)

    @property
    def status(self) -> int:
        return 409 if self.lost else 400 if self.typed and not self.is_valid() else 200

    @property
    def wording(self) -> Wording:
        """The one that is shown: as typed, or as stored."""
        language = self.show.chosen_language
        return self.forms[language].wording if self.typed else self.stored(language)

    def save(self) -> bool:
        texts = {language: form.wording for language, form in self.forms.items()}
        stamps = {language: form.cleaned_data["stamp"] for language, form in self.forms.items()}
        try:
            change_texts(self.kind, texts, stamps=stamps, by=self.request.user, now=timezone.now())
        except LostUpdate:
            self.rows = rows_of(self.kind)
            self.lost = [line for language, form in self.forms.items() for line in self._differences(form)]
            for language, form in self.forms.items():
                form.typed_over(stamp_of(self.rows.get(language)))
            return False
        return True

    def _differences(self, form: WordingForm) -> list[dict[str, str]]:
        """Where the stored text and the typed one are not the same."""
        now, typed = asdict(self.stored(form.language)), asdict(form.wording)
        return [
            {"place": f"{form.language_name}: {form.fields[name].label}", "stored": now[name], "typed": typed[name]}
            for name in FIELDS
            if now[name] != typed[name]
        ]

    def letter(self) -> Letter:
        return letter_from(
            self.show.source, self.kind, self.wording, language=self.show.chosen_language, now=timezone.now()
        )
