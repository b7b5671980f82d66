"""What is wrong with a text of a mail, in sentences for whoever wrote it."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from courses.markdown import render
from reminders.models import MailText
from reminders.variables import allowed_in
from reminders.wording import BRACED, FIELDS, MARK, Wording, body_without, mark, marked, subject_without

TAG = re.compile(r"<[^>]*>")
MOST = {field.name: field.max_length or 0 for field in MailText._meta.fields if field.name in FIELDS}
INVISIBLE_BUT_FINE = "\n\u00a0\u200d"
"""The line end, the space that does not break, and the joiner inside an emoji."""


@dataclass(frozen=True)
class Problem:
    field: str
    message: str


def problems(kind: str, wording: Wording) -> list[Problem]:
    """None for a text that can be filled in for every duty."""
    found = [*_of_characters(wording), *_of_variables(kind, wording)]
    return found or [*_of_links(wording), *_of_what_remains(kind, wording)]


def _of_characters(wording: Wording) -> Iterator[Problem]:
    for field in FIELDS:
        words, most = getattr(wording, field), MOST[field]
        odd = next((c for c in words if not c.isprintable() and c not in INVISIBLE_BUT_FINE), "")
        if not words.strip():
            yield Problem(field, _("This must not be empty."))
        elif len(words) > most:
            counts = {"length": len(words), "most": most}
            yield Problem(field, _("%(length)d characters are too many; at most %(most)d.") % counts)
        elif field != "body" and len(words.splitlines()) > 1:
            yield Problem(field, _("This must be one line: no line breaks here."))
        elif odd:
            code = {"code": f"U+{ord(odd):04X}"}
            yield Problem(field, _("There is an invisible character in it (%(code)s). Type these words anew.") % code)


def _of_variables(kind: str, wording: Wording) -> Iterator[Problem]:
    allowed = allowed_in(kind)
    for field in FIELDS:
        for number, line in enumerate(getattr(wording, field).splitlines(), 1):
            if message := _about_braces(line, () if field == "button" else allowed):
                words = {"number": number, "problem": message}
                yield Problem(field, _("Line %(number)d: %(problem)s") % words if field == "body" else message)


def _about_braces(line: str, allowed: Collection[str]) -> str:
    unknown = [name for name in BRACED.findall(line) if name not in allowed]
    alone = re.search(r".{0,12}[{}].{0,12}", BRACED.sub("", line))
    words = {"allowed": _listed(allowed), "name": "", "near": alone[0].strip() if alone else ""}
    if not unknown and not alone:
        return ""
    if not allowed:
        return _("No variables are allowed here.")
    if unknown:
        words["name"] = f"{{{unknown[0]}}}"
        return _("“%(name)s” is not a variable of this mail. Allowed are: %(allowed)s.") % words
    return _("A brace stands alone near “%(near)s”. Braces are only for variables: %(allowed)s.") % words


def _of_links(wording: Wording) -> Iterator[Problem]:
    """A variable belongs into the words; one that Markdown puts elsewhere is not seen, or leads somewhere."""
    html, used = render(marked(wording.body)), BRACED.findall(wording.body)
    shown, tags = MARK.findall(TAG.sub("", html)), "".join(TAG.findall(html))
    for name in dict.fromkeys(used):
        if used.count(name) != shown.count(name) or mark(name) in tags:
            words = {"name": f"{{{name}}}"}
            yield Problem("body", _("“%(name)s” stands in the address of a link. Addresses take no variables.") % words)
    if re.search(r"<a (?!href)", html):
        yield Problem("body", _("A link needs an address that begins with https:// or mailto:."))


def _of_what_remains(kind: str, wording: Wording) -> Iterator[Problem]:
    may_lack = [name for name, variable in allowed_in(kind).items() if variable.may_lack]
    listed = {"lacking": _listed(may_lack)}
    if not subject_without(wording.subject, may_lack):
        advice = _("Some mails have no value for %(lacking)s. Add a part after a colon without them.")
        yield Problem("subject", advice % listed)
    if not body_without(wording.body, may_lack):
        advice = _("Some mails have no value for %(lacking)s. Add a paragraph without them.")
        yield Problem("body", advice % listed)


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)
