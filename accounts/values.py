"""What a person or a department may be called, the same for forms, the roster and commands."""

import datetime as dt
import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, validate_email
from django.utils.translation import gettext as _

from accounts.models import Department, Person, normal_email

PATH_SEPARATOR = " / "
EMAIL_LENGTH = Person._meta.get_field("email").max_length or 0
DEPARTMENT_LENGTH = Department._meta.get_field("name").max_length or 0
MAX_DEPTH = 8
# Dates are reckoned on from here by years of leave and grace; beyond, one mistyped year would leave the calendar.
DAYS_MEANT = (MinValueValidator(dt.date(1950, 1, 1)), MaxValueValidator(dt.date(2199, 12, 31)))
UNDECOMPOSED = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "ß": "ss", "æ": "ae"})


def clean_email(value: str) -> str:
    address = normal_email(value)
    if not address:
        raise ValidationError(_("The e-mail address is missing."))
    if not address.isascii():
        raise ValidationError(_("An e-mail address must not contain letters with accents or invisible characters."))
    if len(address) > EMAIL_LENGTH:
        raise ValidationError(_("The e-mail address is too long."))
    try:
        validate_email(address)
    except ValidationError:
        raise ValidationError(_("This is not an e-mail address.")) from None
    return address


def clean_name(value: str, *, max_length: int = 80) -> str:
    """A first or last name: one line, no control characters, nothing a spreadsheet would run as a formula."""
    value = unicodedata.normalize("NFC", value)
    if _has_control_characters(value):
        raise ValidationError(_("A name must be one line without control characters."))
    name = " ".join(value.split())
    if not name:
        raise ValidationError(_("The name is missing."))
    if name[0] in "=+@＝＋＠":
        raise ValidationError(_("A name must not start with =, + or @."))
    if len(name) > max_length:
        raise ValidationError(_("The name is longer than %(limit)s characters.") % {"limit": max_length})
    return name


def clean_department_name(value: str) -> str:
    name = clean_name(value, max_length=DEPARTMENT_LENGTH)
    if "/" in name or ">" in name:
        raise ValidationError(_("The name of a department must not contain / or >; they separate the levels."))
    return name


def clean_department_path(value: str) -> tuple[str, ...]:
    """`Sales / Shops`, `Sales/Shops` or `Sales > Shops` as a tuple of names, the root first."""
    if not value.strip():
        raise ValidationError(_("The department is missing."))
    names = re.split(r"[/>]", value)
    if len(names) > MAX_DEPTH:
        raise ValidationError(_("There are more than %(limit)s levels of departments.") % {"limit": MAX_DEPTH})
    if not all(name.strip() for name in names):
        raise ValidationError(_("A level of the department path is empty."))
    return tuple(clean_department_name(name) for name in names)


def likeness(name: str) -> str:
    """Equal for names that differ only in case, spaces, punctuation or diacritics."""
    folded = unicodedata.normalize("NFKD", name.casefold().translate(UNDECOMPOSED))
    return "".join(character for character in folded if character.isalnum()) or name


def _has_control_characters(value: str) -> bool:
    return any(unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs") for character in value)
