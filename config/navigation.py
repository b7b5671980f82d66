"""The entries of the desk's navigation: what the signed-in person may open, nothing else."""

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

HR, MANAGER, EDITOR, SYSADMIN = "hr", "manager", "editor", "sysadmin"


@dataclass(frozen=True)
class Entry:
    label: Any
    url_name: str
    icon: str
    roles: frozenset[str]


ENTRIES: tuple[Entry, ...] = (
    Entry(_("Overview"), "dashboards:overview", "chart", frozenset({HR, MANAGER})),
    Entry(_("Assign"), "duties:assign", "plus", frozenset({HR})),
    Entry(_("Reminders"), "reminders:ledger", "mail", frozenset({HR, SYSADMIN})),
    Entry(_("People"), "accounts:people", "people", frozenset({HR, SYSADMIN})),
    Entry(_("Departments"), "accounts:departments", "branch", frozenset({HR, SYSADMIN})),
    Entry(_("Import"), "accounts:roster", "upload", frozenset({HR, SYSADMIN})),
    Entry(_("Roles"), "accounts:roles", "key", frozenset({HR, SYSADMIN})),
    Entry(_("Audit log"), "accounts:audit", "history", frozenset({HR, SYSADMIN})),
    Entry(_("Course studio"), "courses:studio", "book", frozenset({EDITOR, SYSADMIN})),
)


@dataclass(frozen=True)
class Shown:
    """An entry for the reader of this page, in the reader's language."""

    label: str
    url: str
    icon: str
    current: bool = False


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `navigation`, evaluated only where a template shows it."""
    return {"navigation": cache(partial(entries_for, request))}


def entries_for(request: HttpRequest) -> tuple[Shown, ...]:
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return ()
    return tuple(
        Shown(str(entry.label), url, entry.icon, current=request.path.startswith(url))
        for entry in ENTRIES
        if request.user.roles & entry.roles
        for url in [reverse(entry.url_name)]
    )
