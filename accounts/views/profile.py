from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from accounts.access import PersonRequest
from accounts.models import Language
from accounts.people import change_person

YEAR = 60 * 60 * 24 * 365


@require_safe
@login_required
def profile(request: PersonRequest) -> HttpResponse:
    return render(request, "accounts/profile.html", {"languages": Language.choices})


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Remembered on the account; before sign-in in a cookie."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    chosen = request.POST.get("language")
    if chosen in Language.values:
        if request.user.is_authenticated:
            change_person(request.user, language=chosen, by=request.user, now=timezone.now())
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            max_age=YEAR,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response
