"""The certificate as a tagged PDF (PDF/UA-1), made by typst from data passed as inputs, never as source."""

import datetime as dt
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

import typst

from courses.models import revision_content
from training.models import Completion

TEMPLATE = Path(__file__).parent / "certificate.typ"


def verification_url(completion: Completion) -> str:
    return f"{settings.BASE_URL}/verify/{completion.certificate_code}/"


def facts(completion: Completion, language: str) -> dict[str, str]:
    """The words on the certificate, in one language; dates as people write them."""
    with translation.override(language):
        lines = {
            "language": language,
            "heading": _("Certificate of completion"),
            "name": completion.person_name,
            "statement": _("has completed the course"),
            "course": revision_content(completion.revision_id).title.in_language(language),
            "completed_label": _("Completed on"),
            "completed": long_date(completion.completed_on),
            "revision_label": _("Revision of the course"),
            "revision": str(completion.revision.number),
            "number_label": _("Certificate number"),
            "number": completion.certificate_code,
            "verify_label": _("Verify at"),
            "verify": verification_url(completion),
            "expires_label": "",
            "expires": "",
        }
        if completion.expires_on:
            lines |= {"expires_label": _("Valid until"), "expires": long_date(completion.expires_on)}
    return lines


def long_date(day: dt.date) -> str:
    return date_format(day, "j E Y")


def pdf(completion: Completion, language: str) -> bytes:
    return _pdf(tuple(sorted(facts(completion, language).items())))


@lru_cache(maxsize=32)
def _pdf(lines: tuple[tuple[str, str], ...]) -> bytes:
    return typst.compile(str(TEMPLATE), sys_inputs=dict(lines), pdf_standards=["ua-1"])
