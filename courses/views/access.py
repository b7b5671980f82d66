"""Who may be in the studio: content editors read and write, system administrators only read."""

from functools import wraps
from typing import Any

from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from accounts.access import PersonRequest, View, for_roles
from accounts.models import Role
from courses.models import Course
from courses.studio import courses_with_state

SAFE = ("GET", "HEAD")


def studio_page(view: View) -> View:
    """For content editors; a system administrator may look, and what would write does not exist for them."""

    @for_roles(Role.EDITOR, Role.SYSADMIN)
    @wraps(view)
    def guarded(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in SAFE and not request.user.is_editor:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def any_course(key: str) -> Course:
    """Whoever is in the studio sees every course."""
    return get_object_or_404(courses_with_state(), key=key)
