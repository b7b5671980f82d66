"""HR's pages about the texts of the mails: which there are, changing them, trying them out."""

import hashlib
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import PersonRequest, for_roles
from accounts.models import Language, Role
from reminders.framing import SANDBOX, framed
from reminders.mails import BadAddress
from reminders.models import MailKind, MailText
from reminders.rewording import LostUpdate, go_back, wording_of
from reminders.smtp import Doubt, MailServer, NotSent
from reminders.text_editing import Editing
from reminders.trying import letter_from, send_to_oneself
from reminders.variables import ALLOWED
from reminders.wording import Unwritable, Wording, shipped

DRAFT = "mail_text_draft"
"""Session key of the typed text that the frame shows."""
TEST_SECONDS = 20


def kind_of(slug: str) -> MailKind:
    if slug not in MailKind.values:
        raise Http404
    return MailKind(slug)


@for_roles(Role.HR)
@require_safe
def text_list(request: PersonRequest) -> HttpResponse:
    changed: dict[str, list[MailText]] = {}
    for row in MailText.objects.select_related("updated_by").order_by("-language"):
        changed.setdefault(row.kind, []).append(row)
    kinds = []
    for kind in MailKind:
        own = {row.language: row for row in changed.get(kind, [])}
        language = request.user.language
        wording = wording_of(own[language]) if language in own else shipped(kind, language)
        kinds.append({"kind": kind, "subject": wording.subject, "rows": own.values()})
    return render(request, "reminders/texts.html", {"kinds": kinds})


@for_roles(Role.HR)
@require_http_methods(["GET", "HEAD", "POST"])
def text_edit(request: PersonRequest, kind: str) -> HttpResponse:
    editing = Editing(request, kind_of(kind))
    if editing.typed and editing.is_valid():
        action = request.POST.get("do")
        if action == "test":
            send_test(editing)
        elif action != "preview" and editing.save():
            messages.success(request, _("The text is saved. Mails from now on have it."))
            return redirect("reminders:text_edit", kind)
    return render(request, "reminders/text_edit.html", page_of(editing), status=editing.status)


def page_of(editing: Editing) -> dict[str, Any]:
    sides = [
        {
            "form": form,
            "row": editing.rows.get(language),
            "shipped": shipped(editing.kind, language),
        }
        for language, form in editing.forms.items()
    ]
    language = editing.request.user.language
    preview, invalid = preview_of(editing), editing.status == 400
    return {
        "kind": editing.kind,
        "sides": sides,
        "show": editing.show,
        "lost": editing.lost,
        "preview": preview,
        "invalid": invalid,
        "broken": preview is None and not invalid,
        "variables": [(variable, variable.example(language)) for variable in ALLOWED[editing.kind]],
        "sandbox": SANDBOX,
    }


def preview_of(editing: Editing) -> dict[str, Any] | None:
    """Nothing while the typed text cannot be sent. What the frame is to show stays in the session."""
    if editing.status == 400:
        return None
    try:
        written = editing.letter()
    except Unwritable:
        return None
    address = {"show-of": editing.show.source.key, "show-language": editing.show.chosen_language}
    if editing.typed:
        draft = asdict(editing.wording)
        editing.request.session[DRAFT] = draft
        address["draft"] = digest_of(draft)
    url = f"{reverse('reminders:text_html', args=[editing.kind])}?{urlencode(address)}"
    return {"letter": written, "url": url, "language": editing.show.chosen_language}


def digest_of(draft: dict[str, str]) -> str:
    return hashlib.sha256(repr(sorted(draft.items())).encode()).hexdigest()[:16]


@for_roles(Role.HR)
@require_safe
@xframe_options_sameorigin
def text_html(request: PersonRequest, kind: str) -> HttpResponse:
    """What stands in the frame: the stored text, or the one typed last."""
    editing = Editing(request, kind_of(kind))
    wording = editing.wording
    if wanted := request.GET.get("draft"):
        draft = request.session.get(DRAFT, {})
        if digest_of(draft) != wanted:
            raise Http404
        wording = Wording(**draft)
    language = editing.show.chosen_language
    try:
        written = letter_from(editing.show.source, editing.kind, wording, language=language, now=timezone.now())
    except Unwritable as error:
        raise Http404 from error
    return framed(written.html)


def send_test(editing: Editing) -> None:
    request, language = editing.request, editing.show.chosen_language
    server = replace(MailServer.from_settings(), command_seconds=TEST_SECONDS, verdict_seconds=TEST_SECONDS)
    try:
        send_to_oneself(editing.letter(), to=request.user, language=language, server=server, now=timezone.now())
    except BadAddress:
        messages.warning(request, _("No mail can be sent to your address."))
    except NotSent as error:
        messages.warning(request, _("The mail server did not take the test mail: %(reply)s") % {"reply": error.reply})
    except Doubt:
        messages.warning(
            request, _("The mail server did not say whether it took the test mail. Look into your mailbox.")
        )
    else:
        messages.success(request, _("A test mail is on its way to %(address)s.") % {"address": request.user.email})


@for_roles(Role.HR)
@require_POST
def text_back(request: PersonRequest, kind: str) -> HttpResponse:
    """Go back to the shipped text of one language."""
    language = request.POST.get("back", "")
    if language not in Language.values:
        raise BadRequest("no such language")
    stamp = request.POST.get(f"{language}-stamp", "")
    try:
        go_back(kind_of(kind), Language(language), stamp=stamp, by=request.user, now=timezone.now())
    except LostUpdate:
        messages.warning(request, _("Somebody changed this text meanwhile. Nothing was taken back; look at it again."))
    else:
        messages.success(request, _("The shipped text is in force again. The audit log keeps the other one."))
    return redirect("reminders:text_edit", kind)
