"""The studio's lists: courses, one course, its frame, its lessons in order."""

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.validators import RegexValidator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import PersonRequest
from courses.drafts import document_of
from courses.editing import add_lesson, move_lesson, remove_lesson, save_frame
from courses.lesson_form import blank_lesson, frame_rows, read_frame_form
from courses.scenario_form import blank_scenario
from courses.studio import CourseState, courses_with_state, lesson_of, rows
from courses.typed import BadField
from courses.views.access import any_course, studio_page
from courses.views.editing import Editing, fields_of, reading, show, take
from courses.words import say
from quizzes.problems import DocumentError


@studio_page
@require_GET
def course_list(request: PersonRequest) -> HttpResponse:
    found = courses_with_state()
    return render(
        request,
        "courses/course_list.html",
        {
            "courses": [{"course": course, "title": course.title_in(request.user.language)} for course in found],
        },
    )


@studio_page
@require_GET
def course(request: PersonRequest, course_key: str) -> HttpResponse:
    """One course: lessons in order, the state of the checks, what is not published yet, what fell behind."""
    found = any_course(course_key)
    state = CourseState(found)
    lessons, final = rows(state, request.user.language)
    return render(
        request,
        "courses/studio.html",
        {
            "course": found,
            "course_title": state.document["title"].get(request.user.language) or found.key,
            "revision": found.current,
            "changed": state.changed_parts(),
            "errors": state.errors,
            "hints": state.hints,
            "lessons": lessons,
            "final": final,
            "can_edit": request.user.is_editor,
        },
    )


@studio_page
def frame(request: PersonRequest, course_key: str) -> HttpResponse:
    """Title, summary, about, acknowledgement, pass mark, validity."""
    found = any_course(course_key)
    if request.method == "POST":
        typed = reading(read_frame_form, fields_of(request), found.frame)

        def save(version: int) -> None:
            save_frame(found, typed, version=version, by=request.user, now=timezone.now())

        try:
            editing = take(request, typed, blank=_nothing, save=save)
        except BadField as error:
            raise BadRequest("malformed form") from error
        if editing.saved:
            return redirect("courses:frame", found.key)
    else:
        editing = Editing(document_of(found), found.version)
    sheet = editing.sheet(CourseState(found).behind(found.frame))
    return show(request, "courses/frame_edit.html", editing, sheet, frame_rows(sheet), course=found)


def _nothing(path: str, kind: str) -> None:
    raise BadField(path)


class NewLessonForm(forms.Form):
    key = forms.CharField(
        label=gettext_lazy("Key"),
        max_length=60,
        help_text=gettext_lazy("Small letters, digits and hyphens; part of the address, never changes."),
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]*$", gettext_lazy("Use small letters, digits and hyphens."))],
    )
    title_pl = forms.CharField(label=gettext_lazy("Title in Polish"), max_length=200)
    title_en = forms.CharField(label=gettext_lazy("Title in English"), max_length=200)


@studio_page
def lesson_new(request: PersonRequest, course_key: str) -> HttpResponse:
    found = any_course(course_key)
    form = NewLessonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        key = form.cleaned_data["key"]
        title = {"pl": form.cleaned_data["title_pl"], "en": form.cleaned_data["title_en"]}
        rule = min(found.lesson_drafts.count() + 1, 5)
        lesson, scenario = blank_lesson(key, title), blank_scenario(key, title, rule)
        try:
            add_lesson(found, key=key, lesson=lesson, scenario=scenario, by=request.user, now=timezone.now())
        except DocumentError as error:
            form.add_error("key", [say(problem) for problem in error.problems])
        else:
            messages.success(request, _("The lesson is added to the drafts."))
            return redirect("courses:lesson", found.key, key)
    status = 400 if form.errors else 200
    return render(request, "courses/lesson_new.html", {"course": found, "form": form}, status=status)


@studio_page
@require_POST
def lesson_move(request: PersonRequest, course_key: str, lesson_key: str) -> HttpResponse:
    draft = get_object_or_404(lesson_of(any_course(course_key), lesson_key))
    by_places = -1 if request.POST.get("to") == "up" else 1
    move_lesson(draft, by_places=by_places, by=request.user, now=timezone.now())
    return redirect("courses:course", course_key)


@studio_page
def lesson_remove(request: PersonRequest, course_key: str, lesson_key: str) -> HttpResponse:
    """Asks first; the lesson goes from the drafts together with its scenario."""
    draft = get_object_or_404(lesson_of(any_course(course_key), lesson_key))
    if request.method == "POST":
        remove_lesson(draft, by=request.user, now=timezone.now())
        messages.success(request, _("The lesson is removed from the drafts. Published revisions keep it."))
        return redirect("courses:course", course_key)
    title = draft.read().title.in_language(request.user.language)
    return render(request, "courses/lesson_remove.html", {"course": draft.course, "draft": draft, "title": title})
