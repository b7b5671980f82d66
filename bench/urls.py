"""The addresses of the site, and the yardstick."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.urls import urlpatterns as site


def bare(request: HttpRequest) -> HttpResponse:
    """What every page of a signed-in person pays: all middlewares, the session, the person."""
    return HttpResponse(f"{request.session.session_key is not None} {request.user.pk}")


urlpatterns = [path("bench/bare/", bare), *site]
