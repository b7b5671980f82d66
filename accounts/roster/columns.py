"""The columns of a roster, by their names in Polish and English."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refusal
from accounts.values import likeness

TITLES = {
    "email": _("e-mail"),
    "first_name": _("first name"),
    "last_name": _("last name"),
    "department": _("department"),
    "manager": _("manager e-mail"),
    "language": _("language"),
    "start": _("start date"),
}

NAMES = {
    "email": ("e-mail", "mail", "e-mail address", "adres e-mail", "adres mailowy", "work e-mail", "e-mail służbowy"),
    "first_name": ("first name", "given name", "imię"),
    "last_name": ("last name", "surname", "family name", "nazwisko"),
    "department": ("department", "department path", "dział", "ścieżka działu", "ścieżka działów", "jednostka"),
    "manager": (
        "manager", "manager e-mail", "manager's e-mail", "e-mail of manager", "przełożony", "e-mail przełożonego",
        "kierownik", "e-mail kierownika", "adres e-mail przełożonego",
    ),
    "language": ("language", "język"),
    "start": (
        "start date", "start", "employment start", "hire date", "data rozpoczęcia", "data zatrudnienia",
        "data rozpoczęcia pracy", "początek zatrudnienia", "zatrudniony od",
    ),
}  # fmt: skip
FIELD_OF = {likeness(name): field for field, names in NAMES.items() for name in names}


class UnknownColumns(Refusal):
    reason = _("The file has columns that a roster does not have: %(names)s. Remove them and try again.")


class MissingColumns(Refusal):
    reason = _(
        "The file lacks columns: %(names)s. They may be empty except for the names, the address and the department."
    )


class ColumnTwice(Refusal):
    reason = _("The file has the column “%(name)s” twice.")


def known_headers(header: Sequence[str]) -> int:
    return sum(likeness(name) in FIELD_OF for name in header)


def recognise(header: Sequence[str]) -> dict[str, int]:
    """Where each field stands. Every column must be known, every field there, and each only once."""
    places: dict[str, int] = {}
    unknown = []
    for index, name in enumerate(header):
        field = FIELD_OF.get(likeness(name))
        if field is None:
            if name:
                unknown.append(name[:60])
        elif field in places:
            raise ColumnTwice(name=TITLES[field])
        else:
            places[field] = index
    if unknown:
        raise UnknownColumns(names=", ".join(unknown))
    missing = [str(TITLES[field]) for field in TITLES if field not in places]
    if missing:
        raise MissingColumns(names=", ".join(missing))
    return places
