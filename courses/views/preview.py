"""The drafts as an employee would see them. The path travels in the address; nothing is ever written."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import PersonRequest, for_roles
from accounts.models import Role
from courses.models import Course, LessonDraft
from courses.presenting import article, opening
from courses.studio import lesson_of, scenario_of
from courses.views.access import any_course, studio_page
from quizzes import engine
from quizzes.presenting import present

SEED = 5
MOST_DIGITS = 3


@for_roles(Role.EDITOR, Role.SYSADMIN)
def lesson(request: PersonRequest, course_key: str, lesson_key: str) -> HttpResponse:
    """The opening first; the option chosen there comes back in the address."""
    course = any_course(course_key)
    draft = get_object_or_404(lesson_of(course, lesson_key))
    document, language = draft.read(), request.user.language
    url = reverse("courses:preview_lesson", args=[course_key, lesson_key])
    if request.method == "POST":
        return redirect(f"{url}?option={_option(request.POST.get('option'), len(document.opening.options))}")
    context = {
        "preview_of": reverse("courses:lesson", args=[course_key, lesson_key]),
        "number": draft.position + 1,
        "total": course.lesson_drafts.count(),
        **opening(document, language),
    }
    if "option" not in request.GET:
        return render(request, "courses/preview_opening.html", context | {"action": url})
    option = _option(request.GET["option"], len(document.opening.options))
    following = reverse("courses:preview_scenario", args=[course_key, document.scenario])
    context |= article(document, language, number=context["number"], total=context["total"], option=option) | {
        "back": True,
        "previous_url": url,
        "next_method": "get",
        "next_url": following,
        "next_label": _("Play the scenario"),
    }
    return render(request, "courses/preview_lesson.html", context)


def _option(raw: str | None, number: int) -> int:
    if raw is None or not raw.isdecimal() or len(raw) > MOST_DIGITS or int(raw) >= number:
        raise Http404
    return int(raw)


@studio_page
@require_GET
def scenario(request: PersonRequest, course_key: str, scenario_key: str) -> HttpResponse:
    """The draft played along `path`, the keys of the choices taken; a path that does not exist starts anew."""
    course = any_course(course_key)
    document = get_object_or_404(scenario_of(course, scenario_key)).read()
    url = reverse("courses:preview_scenario", args=[course_key, scenario_key])
    taken = [key for key in request.GET.get("path", "").split(".") if key]
    if request.GET.get("choice"):
        return redirect(f"{url}?path={'.'.join([*taken, request.GET['choice']])}#now")
    try:
        state = engine.replay(document, taken)
    except engine.IllegalChoice:
        return redirect(url)
    place = state.node or state.ending
    assert place is not None
    pass_mark = int(course.frame["pass_mark"])
    context = {
        "play": present(document, state, language=request.user.language, seed=SEED),
        "learner": request.user,
        "preview_of": reverse("courses:place", args=[course_key, scenario_key, place.key]),
        "url": url,
        "method": "get",
        "hidden": [("path", ".".join(taken))],
        "after": "training/scenario_after.html",
        "pass_mark": pass_mark,
    }
    if state.ending is not None:
        passed = engine.passed(state.score, pass_mark)
        context |= {"passed": passed, "retry_url": url, "retry_method": "get", **_next(course, scenario_key)}
    return render(request, "courses/preview_scenario.html", context)


def _next(course: Course, scenario_key: str) -> dict[str, str]:
    """After a lesson's scenario the next lesson, after the last the final scenario, after that the studio."""
    lessons: list[LessonDraft] = list(course.lesson_drafts.all())
    at = next((i for i, draft in enumerate(lessons) if draft.document["scenario"] == scenario_key), None)
    if at is not None and at + 1 < len(lessons):
        url = reverse("courses:preview_lesson", args=[course.key, lessons[at + 1].key])
        return {"next_url": url, "next_label": _("On to the next rule")}
    if at is not None:
        url = reverse("courses:preview_scenario", args=[course.key, course.frame["final"]])
        return {"next_url": url, "next_label": _("On to the final scenario")}
    return {"next_url": reverse("courses:course", args=[course.key]), "next_label": _("Back to the studio")}
