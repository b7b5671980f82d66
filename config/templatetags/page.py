"""Template tags that every page may use (registered as builtins)."""

import datetime as dt
from collections.abc import Hashable
from functools import cache, lru_cache

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from babel.dates import format_date, format_datetime

from quizzes.document import Text
from training import ready
from training.words import day_in_words

register = template.Library()


@register.filter
def in_language(text: Text, language: str) -> str:
    """`{{ lesson.title|in_language:LANGUAGE_CODE }}`: a course text in the reader's language."""
    return text.in_language(language)


@register.filter
def short_day(day: dt.date | dt.datetime | None, pattern: str = "d MMM y") -> str:
    """A day for tables in the reader's language: "14 lis 2026", "14 Nov 2026"; a moment by its day in the company."""
    if not day:
        return ""
    if isinstance(day, dt.datetime):
        day = timezone.localtime(day).date()
    return format_date(day, pattern, locale=get_language() or "pl")


@register.filter
def short_moment(at: dt.datetime | None, pattern: str = "d MMM y, HH:mm") -> str:
    """A moment for tables in the reader's language and the company's time: "14 lis 2026, 08:05"."""
    return format_datetime(timezone.localtime(at), pattern, locale=get_language() or "pl") if at else ""


@register.filter
def in_words(day: dt.date) -> str:
    """A day with its weekday, as it stands inside a sentence: "piątek, 28 listopada 2026"."""
    return day_in_words(day)


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """`{% icon "clock" %}`: a symbol of static/img/icons.svg. Decoration only: a word stands beside it."""
    address = static("img/icons.svg")
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', address, name)


@register.simple_tag
def component(template: str, **arguments: Hashable) -> SafeString:
    """`{% component "components/why.html" text=text rule=2 %}`: `include … only` for a template that shows nothing but
    its arguments. The same in the same language is rendered once per process, so arguments must not be mutable.

    What differs from reader to reader goes in as `hole_name=…`: the template shows it as `{{ name }}`, as text or in an
    attribute, and cannot ask about it, because it is filled in each time.
    """
    holes = {name.removeprefix(HOLE): value for name, value in arguments.items() if name.startswith(HOLE)}
    same = ready.typed({name: value for name, value in arguments.items() if not name.startswith(HOLE)})
    return SafeString(ready.filled(_rendered(template, get_language() or "", same, tuple(holes)), holes))


HOLE = "hole_"


@lru_cache(maxsize=4096)
def _rendered(template: str, language: str, arguments: ready.Arguments, holes: tuple[str, ...]) -> list[str]:
    return ready.put_together(template, arguments, holes)
