"""Dates as people say them."""

import datetime as dt

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from babel.dates import format_date, get_day_names


def due_in_words(due_on: dt.date, today: dt.date) -> str:
    """Such as: today, tomorrow, in 6 days, 3 days ago."""
    days = (due_on - today).days
    if days == 0:
        return _("today")
    if days == 1:
        return _("tomorrow")
    if days == -1:
        return _("yesterday")
    if days > 0:
        return ngettext("in %(days)d day", "in %(days)d days", days) % {"days": days}
    return ngettext("%(days)d day ago", "%(days)d days ago", -days) % {"days": -days}


def day_in_words(day: dt.date) -> str:
    """The weekday and the day: "piątek, 28 listopada 2026" or "Friday, 28 November 2026"."""
    return format_date(day, "EEEE, d MMMM y", locale=get_language() or "pl")


def weekday_in_words(weekday: int) -> str:
    """Monday is 0. As it stands inside a sentence: "poniedziałek" or "Monday"."""
    return get_day_names("wide", locale=get_language() or "pl")[weekday]
