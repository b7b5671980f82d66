"""What all editing pages share: taking a posted form, keeping what was typed, and showing the form again."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.access import PersonRequest
from courses.comparing import Difference, differences
from courses.editing import LostUpdate
from courses.sheets import Button, Row, Sheet
from courses.typed import BadField, act
from quizzes.problems import DocumentError, Problem

LONGEST_VERSION = 9
OURS = ("csrfmiddlewaretoken", "version", "do", "save")


@dataclass
class Editing:
    """A form in hand: what was typed, against which version, and what came of it.

    `stored` is what somebody else saved meanwhile; `version` is then already that one's, so that saving again, after
    both texts were shown, overwrites it.
    """

    typed: dict[str, Any]
    version: int
    problems: list[Problem] = field(default_factory=list)
    stored: dict[str, Any] | None = None
    unsaved: bool = False
    saved: bool = False

    @property
    def status(self) -> int:
        return 409 if self.stored is not None else 400 if self.problems else 200

    def sheet(self, stale: dict[str, str]) -> Sheet:
        return Sheet(self.typed, problems=self.problems, stored=self.stored, stale=stale)

    @property
    def lost(self) -> list[Difference]:
        """Old: what is stored. New: what was typed."""
        return list(differences(self.stored, self.typed)) if self.stored is not None else []


def fields_of(request: PersonRequest) -> list[tuple[str, str]]:
    return [
        (name, str(value)) for name, value in request.POST.items() if name not in OURS and not name.endswith(".upload")
    ]


def take(
    request: PersonRequest,
    typed: dict[str, Any],
    *,
    blank: Callable[[str, str], Any],
    save: Callable[[int], Any],
    problems: Iterable[Problem] = (),
    part_of: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda stored: stored,
) -> Editing:
    """Do what the pressed button says: change the form without saving, or save. `part_of` finds the part being edited
    in a stored document."""
    raw = request.POST.get("version", "")
    version = int(raw) if raw.isdecimal() and len(raw) <= LONGEST_VERSION else 0
    editing = Editing(typed, version, list(problems))
    if button := request.POST.get("do"):
        editing.unsaved = True
        if button != "preview":
            act(typed, button, blank)
        return editing
    if editing.problems:
        return editing
    try:
        save(version)
        editing.saved = True
        messages.success(request, _("The draft is saved."))
    except DocumentError as error:
        editing.problems = error.problems
    except LostUpdate as error:
        editing.stored, editing.version = part_of(error.stored) or {}, error.version
    return editing


def reading(read: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """A posted form as data; one that no form of ours could send is a bad request."""
    try:
        return read(*arguments)
    except (BadField, AttributeError, TypeError) as error:
        raise BadRequest("malformed form") from error


def show(
    request: PersonRequest,
    template: str,
    editing: Editing,
    sheet: Sheet,
    rows: list[Row],
    adds: list[Button] | None = None,
    **context: Any,
) -> HttpResponse:
    """The form, for an editor to change and for a system administrator to read."""
    context |= {
        "editing": editing,
        "rows": rows,
        "adds": adds or [],
        "unplaced": sheet.unplaced(),
        "can_edit": request.user.is_editor,
        "action": request.path,
    }
    return render(request, template, context, status=editing.status)
