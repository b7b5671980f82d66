"""The mails that the local SMTP sink has kept, at /dev/mail/; no such page without settings.MAIL_SINK_DIR.

The page is for developers and in English only. A mail's HTML is shown as it is, so it stands in a sandboxed frame.
"""

import re
from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from reminders.framing import SANDBOX, framed

PER_PAGE = 50
MAIL_ID = re.compile(r"[0-9]{8}T[0-9]{6}\.[0-9]{6}-[0-9]{6,}")
SHOWN_HEADERS = ("From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "X-Envelope-To")


def sink() -> Path:
    if not settings.MAIL_SINK_DIR:
        raise Http404
    return Path(settings.MAIL_SINK_DIR)


def read(mail_id: str) -> EmailMessage:
    if not MAIL_ID.fullmatch(mail_id):
        raise Http404
    try:
        content = (sink() / f"{mail_id}.eml").read_bytes()
    except FileNotFoundError:
        raise Http404 from None
    return BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(content)


def read_headers(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        message = BytesHeaderParser(policy=policy.default).parse(file)
    return {
        "id": path.name.removesuffix(".eml"),
        "to": str(message.get("To", "")),
        "reached": str(message.get("X-Envelope-To", "")),
        "subject": str(message.get("Subject", "")),
        "date": str(message.get("Date", "")),
    }


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    return str(body.get_content()) if body is not None else ""


@require_safe
def mail_list(request: HttpRequest) -> HttpResponse:
    """Newest first; `?to=` keeps the mails whose recipients contain that text."""
    wanted = request.GET.get("to", "").strip().lower()
    paths = sorted(sink().glob("*.eml"), reverse=True)
    if wanted:
        paths = [p for p in paths if wanted in "{to} {reached}".format_map(read_headers(p)).lower()]
    page = Paginator(paths, PER_PAGE).get_page(request.GET.get("page"))
    mails = [read_headers(path) for path in page]
    context = {"page_obj": page, "mails": mails, "wanted": wanted, "query": f"&to={quote(wanted)}" if wanted else ""}
    return render(request, "dev/mail_list.html", context)


@require_safe
def mail_detail(request: HttpRequest, mail_id: str) -> HttpResponse:
    message = read(mail_id)
    context = {
        "mail_id": mail_id,
        "subject": str(message.get("Subject", "")),
        "headers": [(name, str(message[name])) for name in SHOWN_HEADERS if name in message],
        "text": part(message, "plain"),
        "has_html": message.get_body(preferencelist=("html",)) is not None,
        "attachments": [(a.get_filename() or "unnamed", a.get_content_type()) for a in message.iter_attachments()],
        "sandbox": SANDBOX,
    }
    return render(request, "dev/mail_detail.html", context)


@require_safe
@xframe_options_sameorigin
def mail_html(request: HttpRequest, mail_id: str) -> HttpResponse:
    """The HTML part alone."""
    html = part(read(mail_id), "html")
    if not html:
        raise Http404
    return framed(html)
