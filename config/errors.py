"""Error pages that need neither database nor session."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from redis.exceptions import ConnectionError as CacheConnectionError
from redis.exceptions import TimeoutError as CacheTimeoutError

OUTAGES = (OperationalError, InterfaceError, CacheConnectionError, CacheTimeoutError)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open too long or came from elsewhere: 403 with the remedy."""
    return HttpResponse(render_to_string("403_csrf.html"), status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler of uncaught exceptions, called while the exception is being handled.

    A lost database, or a lost cache (sign-in counts attempts in it, and fails closed), is a 503 that says so and
    how long to wait; everything else is a 500.
    """
    if isinstance(sys.exc_info()[1], OUTAGES):
        response = HttpResponse(render_to_string("offline.html"), status=503)
        response["Retry-After"] = "30"
    else:
        response = HttpResponse(render_to_string("500.html"), status=500)
    response["Cache-Control"] = "no-store"
    return response
