"""HR's own texts of the mails: changing them, and going back to the shipped ones.

A stamp says which text somebody read: `0` for the shipped one, else row and version. One that is left never comes back,
so it refuses a lost update.
"""

import datetime as dt
from dataclasses import asdict

from django.db import transaction

from accounts import audit
from accounts.database import hold
from accounts.models import Language, Person
from reminders.checking import Problem, problems
from reminders.models import MailKind, MailText
from reminders.wording import FIELDS, Wording, shipped

SHIPPED = "0"


class LostUpdate(Exception):
    """Somebody changed the text since it was read."""


class NotFillable(Exception):
    """Mails could not be written from these texts."""

    def __init__(self, found: dict[str, list[Problem]]) -> None:
        super().__init__(found)
        self.found = found


def stamp_of(row: MailText | None) -> str:
    return f"{row.pk}.{row.version}" if row else SHIPPED


def rows_of(kind: str) -> dict[str, MailText]:
    """By language, what HR changed."""
    return {row.language: row for row in MailText.objects.filter(kind=kind).select_related("updated_by")}


def wording_of(row: MailText) -> Wording:
    return Wording(row.subject, row.body, row.button)


@transaction.atomic
def change_texts(
    kind: MailKind, texts: dict[str, Wording], *, stamps: dict[str, str], by: Person, now: dt.datetime
) -> list[str]:
    """Store what differs; the languages that changed. A text equal to the shipped one is stored as no row at all.
    NotFillable or LostUpdate, and then nothing is stored."""
    if found := {language: wrong for language, text in texts.items() if (wrong := problems(kind, text))}:
        raise NotFillable(found)
    hold("mail_texts")
    rows = rows_of(kind)
    if any(stamp_of(rows.get(language)) != stamps[language] for language in texts):
        raise LostUpdate
    changed = []
    for language, text in texts.items():
        row = rows.get(language)
        before = wording_of(row) if row else shipped(kind, language)
        if text != before:
            _store(kind, language, row, text, by=by, now=now)
            _record(kind, language, before, text, by=by, now=now)
            changed.append(language)
    return changed


def _store(kind: MailKind, language: str, row: MailText | None, text: Wording, *, by: Person, now: dt.datetime) -> None:
    if text == shipped(kind, language):
        assert row is not None
        row.delete()
        return
    row = row or MailText(kind=kind, language=language, version=0)
    for field in FIELDS:
        setattr(row, field, getattr(text, field))
    row.version, row.updated_by, row.updated_at = row.version + 1, by, now
    row.save()


def go_back(kind: MailKind, language: Language, *, stamp: str, by: Person, now: dt.datetime) -> None:
    """To the shipped text; the audit log keeps the one that goes. LostUpdate if that is not the one that was read."""
    change_texts(kind, {language: shipped(kind, language)}, stamps={language: stamp}, by=by, now=now)


def _record(kind: MailKind, language: str, before: Wording, after: Wording, *, by: Person, now: dt.datetime) -> None:
    old, new = asdict(before), asdict(after)
    fields = [field for field in FIELDS if old[field] != new[field]]
    audit.record(
        "reminders.text_changed",
        subject_name=f"{kind.label} ({language})",
        by=by,
        now=now,
        kind=str(kind),
        language=language,
        before={field: old[field] for field in fields},
        after={field: new[field] for field in fields},
    )
