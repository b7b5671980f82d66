"""A letter: words of the texts in their frame (templates/emails), filled with the values of one mail.

The frame and the words are rendered once per process, text and set of lacking values, with marks where values go; a
mail costs the replacing of the marks.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from courses.markdown import plain, render
from reminders.checking import problems
from reminders.models import MailKind
from reminders.reports import Report
from reminders.wording import (
    Filling,
    Unwritable,
    Wording,
    body_without,
    mark,
    marked,
    one_line,
    subject_without,
    unbroken,
)

STYLES = {
    "<p>": '<p style="margin:0 0 14px;">',
    "<ul>": '<ul style="margin:0 0 14px;padding-left:22px;">',
    "<ol>": '<ol style="margin:0 0 14px;padding-left:22px;">',
    "<h3>": '<h2 style="margin:20px 0 8px;font-size:17px;line-height:1.4;">',
    "</h3>": "</h2>",
    "<a href=": '<a class="link" style="color:#1d2233;" href=',
}
"""Mail programs know styles at the element only."""
SHOWN_IN_FRAMES = ("due_words", "assigned_on", "contact", "url", "report_text", "report_html")


@dataclass(frozen=True)
class Letter:
    """`calendar`: an appointment to attach, or nothing."""

    subject: str
    text: str
    html: str
    calendar: str = ""

    def with_calendar(self, calendar: str) -> "Letter":
        return replace(self, calendar=calendar)


@dataclass(frozen=True)
class Fillings:
    subject: Filling
    text: Filling
    html: Filling


def letter(
    kind: MailKind, wording: Wording, values: Mapping[str, str], *, url: str, report: Report | None = None
) -> Letter:
    """In the active language. Raises Unwritable."""
    every = {**dict.fromkeys(SHOWN_IN_FRAMES, ""), **values, "url": url}
    if report:
        context = {"report": report, "url": url}
        every["report_text"] = render_to_string("emails/report.txt", context).strip()
        every["report_html"] = render_to_string("emails/report.html", context)
    lacking = frozenset(name for name, value in every.items() if not value)
    fillings = _fillings(kind, get_language() or "pl", wording, lacking, bool(report and report.to_hr))
    escaped = {name: conditional_escape(value) for name, value in every.items()}
    return Letter(one_line(fillings.subject.fill(every)), fillings.text.fill(every), fillings.html.fill(escaped))


@lru_cache(maxsize=512)
def _fillings(kind: MailKind, language: str, wording: Wording, lacking: frozenset[str], to_hr: bool) -> Fillings:
    if wrong := problems(kind, wording):
        raise Unwritable(f"{kind} {language} {wrong[0].field}: {wrong[0].message}")
    subject = marked(subject_without(wording.subject, lacking))
    body = unbroken(marked(body_without(wording.body, lacking)), language)
    marks = {name: "" if name in lacking else mark(name) for name in SHOWN_IN_FRAMES}
    frame = {"kind": kind, "language": language, "subject": subject, "button": wording.button, "to_hr": to_hr, **marks}
    html = render_to_string("emails/reminder.html", {**frame, "body": styled(render(body))})
    text = render_to_string("emails/reminder.txt", {**frame, "body": plain(body)})
    return Fillings(Filling(subject), Filling(re.sub(r"\n{3,}", "\n\n", text.strip()) + "\n"), Filling(html))


def styled(html: str) -> SafeString:
    for plainly, with_style in STYLES.items():
        html = html.replace(plainly, with_style)
    return mark_safe(html)  # noqa: S308 - cleaned by courses.markdown; the replacements are our own
