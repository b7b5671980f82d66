"""The lesson editor, pictures, and the live preview of Markdown."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import PersonRequest
from courses.checks import check_lesson
from courses.comparing import behind
from courses.document import read_lesson
from courses.drafts import document_of
from courses.editing import save_lesson
from courses.lesson_form import blank_lesson_item, block_buttons, image_paths, lesson_rows, read_lesson_form
from courses.markdown import render
from courses.models import LessonDraft, Media
from courses.pictures import MOST_BYTES, UnusablePicture, add_picture, clean
from courses.studio import finding, lesson_of
from courses.typed import BadField, find
from courses.views.access import any_course, studio_page
from courses.views.editing import Editing, fields_of, reading, show, take
from quizzes.problems import DocumentError, Problem

LONGEST_PREVIEW = 20_000


@studio_page
def lesson(request: PersonRequest, course_key: str, lesson_key: str) -> HttpResponse:
    draft = get_object_or_404(lesson_of(any_course(course_key), lesson_key))
    if request.method != "POST":
        return _page(request, draft, Editing(document_of(draft), draft.version))
    typed = reading(read_lesson_form, fields_of(request), draft.document)
    problems = _take_pictures(request, typed)

    def save(version: int) -> None:
        save_lesson(draft, typed, version=version, by=request.user, now=timezone.now())

    try:
        editing = take(request, typed, blank=blank_lesson_item, save=save, problems=problems)
    except BadField as error:
        raise BadRequest("malformed form") from error
    if editing.saved:
        return redirect("courses:lesson", course_key, lesson_key)
    return _page(request, draft, editing)


def _page(request: PersonRequest, draft: LessonDraft, editing: Editing) -> HttpResponse:
    course = draft.course
    published = course.current.document if course.current else None
    sheet = editing.sheet(behind(published, editing.typed) if published else {})
    document = {"lessons": [draft.document], "scenarios": []}
    try:
        problems = [problem.under("lessons[0]") for problem in check_lesson(read_lesson(editing.typed))]
    except DocumentError:
        problems = []
    return show(
        request,
        "courses/lesson_edit.html",
        editing,
        sheet,
        lesson_rows(sheet),
        block_buttons(),
        course=course,
        draft=draft,
        number=draft.position + 1,
        multipart=True,
        heading=(find(editing.typed, f"title.{request.user.language}") or draft.key),
        checks=[finding(course, document, problem) for problem in problems],
    )


def _take_pictures(request: PersonRequest, typed: dict[str, Any]) -> list[Problem]:
    """Store what was uploaded with the form and put its hash into the block; what cannot be used is named there."""
    problems = []
    for path in image_paths(typed):
        upload = request.FILES.get(f"{path}.upload")
        if upload is None:
            continue
        try:
            if (upload.size or 0) > MOST_BYTES:
                raise UnusablePicture("size")
            media = add_picture(clean(upload.read()), by=request.user, now=timezone.now())
        except UnusablePicture as error:
            problems.append(Problem(f"{path}.media", f"picture_{error.code}", str(error)))
        else:
            find(typed, path)["media"] = media.pk
    return problems


@studio_page
@require_POST
def markdown(request: PersonRequest) -> HttpResponse:
    """The safe HTML of a text being written, for the preview beside it."""
    text = request.POST.get("text", "")
    if len(text) > LONGEST_PREVIEW:
        raise BadRequest("too long")
    return HttpResponse(render(text.replace("\r\n", "\n")))


@login_required
@require_safe
def media(request: PersonRequest, sha256: str) -> FileResponse:
    """A picture of a course, for anyone signed in. Its address is its content, so it may be kept for ever."""
    picture = get_object_or_404(Media, pk=sha256)
    response = FileResponse(picture.file.open("rb"), content_type=picture.content_type)
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = "inline"
    return response
