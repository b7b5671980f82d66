"""Pages that are the same for all who stand at the same place: rendered once, with holes for what is a reader's own."""

import re
from collections.abc import Hashable, Iterable, Mapping
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import get_template
from django.utils.html import conditional_escape
from django.utils.translation import get_language

from accounts.access import PersonRequest

Arguments = tuple[tuple[str, type, Hashable], ...]
# Characters for private use, which stand in no text of ours and which no escaping touches.
MARK = re.compile("\ue000(\\w+)\ue001")


def mark(name: str) -> str:
    """What a template shows where something is to be filled in."""
    return f"\ue000{name}\ue001"


def filled(pieces: list[str], holes: Mapping[str, Any]) -> str:
    """The pieces (text, name of a hole, text, …) with the holes filled, escaped unless they are safe HTML. A mark that
    an author has written is no hole and shows nothing."""
    every = pieces.copy()
    every[1::2] = [conditional_escape(holes.get(name, "")) for name in pieces[1::2]]
    return "".join(every)


def typed(arguments: Mapping[str, Hashable]) -> Arguments:
    """With types, because a text and the same text marked as safe are equal, and so are 1 and True."""
    return tuple((name, type(value), value) for name, value in arguments.items())


def put_together(template: str, context: Arguments, holes: Iterable[str], **more: Any) -> list[str]:
    """The template rendered with marks in its holes, in pieces as `filled` takes them. Slow: kept by who calls it."""
    shown = {name: value for name, _type, value in context} | {name: mark(name) for name in holes}
    return MARK.split(get_template(template).render({**shown, **more}))


def render_ready(
    request: PersonRequest, template: str, context: Mapping[str, Hashable], holes: Mapping[str, str]
) -> HttpResponse:
    """As `render` with `context | holes`, but put together once per process and language for the same context. The
    template may show what is in `holes` but not ask about it. Only for who has no entries in the navigation and no
    messages to read; for others the page is rendered."""
    if request.user.roles or get_messages(request):
        return render(request, template, {**context, **holes})
    own = {"name": request.user.name or request.user.email, "email": request.user.email}
    own |= {"path": request.get_full_path(), "token": get_token(request), **holes}
    pieces = _pieces(template, get_language() or "", typed(context), tuple(holes))
    return HttpResponse(filled(pieces, own))


@lru_cache(maxsize=2048)
def _pieces(template: str, language: str, context: Arguments, holes: tuple[str, ...]) -> list[str]:
    reader = SimpleNamespace(is_authenticated=True, name=mark("name"), email=mark("email"))
    request = SimpleNamespace(user=reader, get_full_path=mark("path"))
    return put_together(template, context, holes, request=request, csrf_token=mark("token"))
