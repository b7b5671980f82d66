"""The learner's pages. A GET changes nothing; every POST is one verb of progress.py and a redirect to where one is."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import PersonRequest
from training import pages, progress, standing
from training.forms import AcknowledgementForm
from training.models import Cycle
from training.ready import render_ready


@login_required
@require_safe
def home(request: PersonRequest) -> HttpResponse:
    """My training: what is to be done, and the certificates of what is done."""
    duties, past = pages.my_training(request.user, language=request.user.language, today=timezone.localdate())
    return render(request, "training/home.html", {"duties": duties, "past": past})


def own_cycle(request: PersonRequest, cycle_id: int) -> Cycle:
    """The cycle, if it is the reader's own; 404 as for one that does not exist."""
    cycles = Cycle.objects.select_related("course").defer("course__frame")
    return get_object_or_404(cycles, pk=cycle_id, person=request.user)


@login_required
@require_safe
def resume(request: PersonRequest, cycle_id: int) -> HttpResponse:
    """The right step: where the learner stopped, the cover of a course not begun, the contents of a finished one."""
    cycle = own_cycle(request, cycle_id)
    if cycle.started_at is None:
        if cycle.course.current_id is None:
            raise Http404
        return render(request, "training/cover.html", pages.cover(cycle, language=request.user.language))
    course = standing.Progress(cycle)
    if course.current is None:
        return render(request, "training/contents.html", pages.contents(course, language=request.user.language))
    return redirect("training:step", cycle.pk, course.current.slug)


@login_required
@require_POST
def start(request: PersonRequest, cycle_id: int) -> HttpResponse:
    try:
        cycle = progress.start(own_cycle(request, cycle_id), now=timezone.now())
    except progress.NothingPublished:
        raise Http404 from None
    return redirect("training:resume", cycle.pk)


@login_required
def step(request: PersonRequest, cycle_id: int, slug: str) -> HttpResponse:
    """One step of the course. Someone who is not there yet is sent to where they are, with nothing changed."""
    try:
        course = standing.Progress.of(request.user, cycle_id)
        if request.method == "POST":
            return POSTS[slug.partition("-")[0]](request, course, slug)
        here = course.step(slug)
    except Cycle.DoesNotExist:
        raise Http404 from None
    except (standing.NotThere, KeyError):
        return redirect("training:resume", cycle_id)
    return SHOWN[here.kind](request, course, here)


def post_lesson(request: PersonRequest, course: standing.Progress, slug: str) -> HttpResponse:
    key, now = slug.partition("-")[2], timezone.now()
    if "option" in request.POST:
        progress.answer_opening(course.cycle, key, option=number(request, "option"), now=now)
        return redirect("training:step", course.cycle.pk, slug)
    progress.mark_seen(course.cycle, key, now=now)
    return redirect("training:resume", course.cycle.pk)


def post_scenario(request: PersonRequest, course: standing.Progress, slug: str) -> HttpResponse:
    """A decision, or the beginning of an attempt. The script's own request is answered with the page at once."""
    key, now = slug.partition("-")[2], timezone.now()
    if "choice" not in request.POST:
        progress.begin_attempt(course.cycle, key, now=now)
        return redirect("training:step", course.cycle.pk, slug)
    attempt_id, at_step = numbers(request, "step")
    run = progress.decide(course.cycle, attempt_id, step=at_step, position=number(request, "choice"), now=now)
    if request.headers.get("X-Requested-With") != "fetch" or run.attempt.scenario_key != key:
        return redirect(reverse("training:step", args=[course.cycle.pk, f"play-{run.attempt.scenario_key}"]) + "#now")
    course.note(run.attempt)
    return render(request, "training/scenario.html", pages.scenario(course, run, person=request.user))


def post_acknowledgement(request: PersonRequest, course: standing.Progress, slug: str) -> HttpResponse:
    course.must_be_at("acknowledgement", "")
    form = AcknowledgementForm(request.POST)
    if course.cycle.closed_at is None and not form.is_valid():
        context = pages.acknowledgement(course, language=request.user.language)
        return render(request, "training/acknowledgement.html", context | {"form": form}, status=400)
    completion = progress.acknowledge(
        course.cycle,
        agreed=bool(form.data.get("agreed")),
        name=str(form.data.get("typed_name", "")),
        language=request.user.language,
        now=timezone.now(),
    )
    return redirect("training:certificate", completion.certificate_code)


def show_lesson(request: PersonRequest, course: standing.Progress, here: standing.Step) -> HttpResponse:
    row = course.lessons.get(here.key)
    template = "training/lesson.html" if row or course.current is None else "training/lesson_opening.html"
    return render_ready(request, template, *pages.lesson(course, here, row, language=request.user.language))


def show_scenario(request: PersonRequest, course: standing.Progress, here: standing.Step) -> HttpResponse:
    attempts = course.attempts.get(here.key, [])
    latest = course.result(here.key) or (attempts[-1] if attempts else None)
    if latest is None:
        return render(request, "training/premise.html", pages.premise(course, here, language=request.user.language))
    run = progress.run_of(latest, course.content)
    return render(request, "training/scenario.html", pages.scenario(course, run, person=request.user))


def show_acknowledgement(request: PersonRequest, course: standing.Progress, here: standing.Step) -> HttpResponse:
    if course.cycle.closed_at is not None:
        return redirect("training:certificate", course.cycle.completion.certificate_code)
    context = pages.acknowledgement(course, language=request.user.language)
    return render(request, "training/acknowledgement.html", context | {"form": AcknowledgementForm()})


@login_required
@require_safe
def review(request: PersonRequest, cycle_id: int, scenario_key: str) -> HttpResponse:
    """Play a passed scenario again, freely: the path travels in the address and nothing is written."""
    course = standing.Progress(own_cycle(request, cycle_id))
    if course.result(scenario_key) is None:
        raise Http404
    taken = [key for key in request.GET.get("path", "").split(".") if key]
    if request.GET.get("choice"):
        taken.append(request.GET["choice"])
    try:
        context = pages.review(course, scenario_key, taken, person=request.user)
    except standing.NotThere:
        return redirect("training:review", cycle_id, scenario_key)
    return render(request, "training/scenario.html", context)


def number(request: PersonRequest, name: str) -> int:
    return numbers(request, name)[0]


def numbers(request: PersonRequest, name: str) -> list[int]:
    """Numbers sent back by our own forms, joined by dots; anything else is a step that does not exist."""
    try:
        found = [int(part) for part in request.POST.get(name, "").split(".")]
    except ValueError:
        raise standing.NotThere from None
    if len(found) != (2 if name == "step" else 1):
        raise standing.NotThere
    return found


POSTS: dict[str, Any] = {"lesson": post_lesson, "play": post_scenario, "acknowledgement": post_acknowledgement}
SHOWN: dict[str, Any] = {"lesson": show_lesson, "scenario": show_scenario, "acknowledgement": show_acknowledgement}
