"""Who may open which area. An area someone has no role for answers 404, the same as a page that does not exist."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from accounts.models import Person, Role

View = Callable[..., HttpResponseBase]


class PersonRequest(HttpRequest):
    """A request that login_required let through; for annotations only."""

    user: Person


def for_roles(*roles: Role) -> Callable[[View], View]:
    """Only for holders of any of the roles; strangers are sent to sign in, everyone else gets 404."""

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.roles & set(roles):
                raise Http404
            return view(request, *args, **kwargs)

        return guarded

    return decorate
