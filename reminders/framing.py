"""The HTML of a mail as a page of its own, shown in a sandboxed frame: no scripts, no forms, nothing from elsewhere.
Its links open in a new tab, because the frame may not leave its sandbox."""

import re

from django.http import HttpResponse

SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
POLICY = (
    f"sandbox {SANDBOX}; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'self'; form-action 'none'"
)


def framed(html: str) -> HttpResponse:
    """The view also needs xframe_options_sameorigin."""
    opening = re.search(r"<head[^>]*>", html, re.IGNORECASE)
    at = opening.end() if opening else 0
    response = HttpResponse(f'{html[:at]}<base target="_blank">{html[at:]}')
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Referrer-Policy"] = "no-referrer"
    return response
