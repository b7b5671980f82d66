"""Published revisions: the list, what differs between two, and going back."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import PersonRequest
from courses.comparing import differences
from courses.document import content_hash, read_course, to_json
from courses.drafts import compose
from courses.models import Course
from courses.publishing import DraftChanged, restore
from courses.views.access import any_course, studio_page

DRAFT = "draft"


@studio_page
@require_GET
def revision_list(request: PersonRequest, course_key: str) -> HttpResponse:
    course = any_course(course_key)
    revisions = course.revisions.select_related("published_by").defer("document")
    title = course.title_in(request.user.language)
    context = {"course": course, "title": title, "revisions": revisions, "can_edit": request.user.is_editor}
    return render(request, "courses/revision_list.html", context)


@studio_page
@require_GET
def compare(request: PersonRequest, course_key: str) -> HttpResponse:
    """`from` and `to` name a revision by its number, or the drafts; without them the published one and the drafts."""
    course = any_course(course_key)
    published = str(course.current.number) if course.current else DRAFT
    old, new = request.GET.get("from", published), request.GET.get("to", DRAFT)
    found = list(differences(_document(course, old), _document(course, new)))
    numbers = [str(number) for number in course.revisions.values_list("number", flat=True)]
    context = {"course": course, "title": course.title_in(request.user.language), "old": old, "new": new}
    return render(request, "courses/compare.html", context | {"differences": found, "sides": [DRAFT, *numbers]})


def _document(course: Course, side: str) -> dict[str, Any]:
    if side == DRAFT:
        return compose(course)
    if not side.isdecimal() or len(side) > 9:
        raise Http404
    revision = get_object_or_404(course.revisions, number=int(side))
    return to_json(read_course(revision.document))


@studio_page
def revision_restore(request: PersonRequest, course_key: str, number: int) -> HttpResponse:
    """Asks first, showing what the drafts would lose; learners see nothing of it before the next publication."""
    course = any_course(course_key)
    revision = get_object_or_404(course.revisions, number=number)
    status = 200
    if request.method == "POST":
        try:
            changes = restore(revision, by=request.user, now=timezone.now(), expected_hash=request.POST.get("seen", ""))
        except DraftChanged:
            messages.error(request, _("The drafts were changed after this page was shown. Look at what they lose now."))
            status = 409
        else:
            if changes:
                messages.success(request, _("The drafts say again what revision %(number)d says.") % {"number": number})
            else:
                messages.info(request, _("The drafts say that already."))
            return redirect("courses:course", course_key)
    drafts = compose(course)
    found = list(differences(drafts, to_json(read_course(revision.document))))
    context = {"course": course, "title": course.title_in(request.user.language), "revision": revision}
    context |= {"differences": found, "seen": content_hash(drafts)}
    return render(request, "courses/revision_restore.html", context, status=status)
