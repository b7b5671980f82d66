"""The scenario editor: the story with its map, and one place (node or ending) beside the map."""

from copy import deepcopy
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.validators import RegexValidator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import PersonRequest
from courses.comparing import behind
from courses.drafts import document_of
from courses.editing import LostUpdate, save_scenario
from courses.graph import draw
from courses.models import ScenarioDraft
from courses.scenario_form import Blanks, blank_ending, blank_node, read_place_form, read_story_form
from courses.scenario_rows import Place, story_rows
from courses.studio import INSIDE, finding, scenario_of
from courses.typed import BadField
from courses.views.access import any_course, studio_page
from courses.views.editing import Editing, fields_of, reading, show, take
from courses.words import say
from quizzes.checks import check
from quizzes.problems import DocumentError, Problem

KINDS = (
    ("nodes", gettext_lazy("a node: something arrives and a decision is taken")),
    ("endings", gettext_lazy("an ending")),
)


def _draft(course_key: str, scenario_key: str) -> ScenarioDraft:
    """The draft with its document in canonical form."""
    draft = get_object_or_404(scenario_of(any_course(course_key), scenario_key))
    draft.document = document_of(draft)
    return draft


@studio_page
def scenario(request: PersonRequest, course_key: str, scenario_key: str) -> HttpResponse:
    """Title, premise, people, gauges, and the map."""
    draft = _draft(course_key, scenario_key)
    if request.method != "POST":
        return _page(request, draft, Editing(draft.document, draft.version))
    typed = reading(read_story_form, fields_of(request), draft.document)

    def save(version: int) -> None:
        save_scenario(draft, typed, version=version, by=request.user, now=timezone.now())

    try:
        editing = take(request, typed, blank=Blanks(draft.document, typed), save=save)
    except BadField as error:
        raise BadRequest("malformed form") from error
    if editing.saved:
        return redirect("courses:scenario", course_key, scenario_key)
    return _page(request, draft, editing)


def _page(request: PersonRequest, draft: ScenarioDraft, editing: Editing) -> HttpResponse:
    sheet = editing.sheet(_stale(draft, editing.typed))
    return show(
        request,
        "courses/scenario_edit.html",
        editing,
        sheet,
        story_rows(sheet, draft.document),
        **_around(request, draft, ""),
    )


def _stale(draft: ScenarioDraft, typed: dict[str, Any]) -> dict[str, str]:
    return behind(draft.course.current.document, typed) if draft.course.current else {}


def _around(request: PersonRequest, draft: ScenarioDraft, selected: str) -> dict[str, Any]:
    """What surrounds the form: the map, the checks of the stored scenario, the way back."""
    typed, language = draft.read(), request.user.language
    problems = check(typed, int(draft.course.frame["pass_mark"]))
    document = {"lessons": [], "scenarios": [draft.document]}
    findings = [finding(draft.course, document, problem.under("scenarios[0]")) for problem in problems]
    return {
        "course": draft.course,
        "draft": draft,
        "heading": typed.title.in_language(language) or draft.key,
        "graph": draw(typed, language=language, selected=selected, problems=_places(draft.document, problems)),
        "checks": findings,
        "selected": selected,
    }


def _places(document: dict[str, Any], problems: list[Problem]) -> set[str]:
    """The keys of the nodes and endings that something is wrong with."""
    found = (INSIDE.match(problem.path) for problem in problems)
    return {document[match[1]][int(match[2])]["key"] for match in found if match}


def _spot(document: dict[str, Any], key: str) -> tuple[str, int]:
    """Where the place stands in the scenario: ("nodes" | "endings", index); 404 without one."""
    for kind in ("nodes", "endings"):
        for index, item in enumerate(document[kind]):
            if item["key"] == key:
                return kind, index
    raise Http404


@studio_page
def place(request: PersonRequest, course_key: str, scenario_key: str, place_key: str) -> HttpResponse:
    """One node or one ending."""
    draft = _draft(course_key, scenario_key)
    kind, index = _spot(draft.document, place_key)
    if request.method != "POST":
        return _place_page(request, draft, kind, Editing(draft.document[kind][index], draft.version))
    typed = reading(read_place_form, fields_of(request), place_key)
    whole = deepcopy(draft.document)
    whole[kind][index] = typed

    def save(version: int) -> None:
        try:
            save_scenario(draft, whole, version=version, by=request.user, now=timezone.now())
        except DocumentError as error:
            raise DocumentError([_from_place(problem, f"{kind}[{index}]") for problem in error.problems]) from error

    def part_of(stored: dict[str, Any]) -> dict[str, Any] | None:
        return next((item for item in stored[kind] if item["key"] == place_key), None)

    try:
        editing = take(request, typed, blank=Blanks(draft.document, typed), save=save, part_of=part_of)
    except BadField as error:
        raise BadRequest("malformed form") from error
    if editing.saved:
        return redirect("courses:place", course_key, scenario_key, place_key)
    return _place_page(request, draft, kind, editing)


def _from_place(problem: Problem, prefix: str) -> Problem:
    """A finding about the scenario as seen from the form of one place."""
    if problem.path.startswith(f"{prefix}."):
        return Problem(problem.path[len(prefix) + 1 :], problem.code, problem.message, problem.severity)
    return problem


def _place_page(request: PersonRequest, draft: ScenarioDraft, kind: str, editing: Editing) -> HttpResponse:
    sheet = editing.sheet(_stale(draft, editing.typed))
    rows = Place(sheet, draft.document, request.user.language)
    return show(
        request,
        "courses/place_edit.html",
        editing,
        sheet,
        rows.node_rows() if kind == "nodes" else rows.ending_rows(),
        kind=kind,
        **_around(request, draft, str(editing.typed["key"])),
    )


class NewPlaceForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=KINDS, widget=forms.RadioSelect, initial="nodes")
    key = forms.CharField(
        label=gettext_lazy("Key"),
        max_length=60,
        help_text=gettext_lazy("A short name for the map: small letters, digits and hyphens. It never changes."),
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]*$", gettext_lazy("Use small letters, digits and hyphens."))],
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


@studio_page
def place_new(request: PersonRequest, course_key: str, scenario_key: str) -> HttpResponse:
    """A new node or ending; nothing leads there yet, and the checks say so until something does."""
    draft = _draft(course_key, scenario_key)
    form = NewPlaceForm(request.POST if request.method == "POST" else None, initial={"version": draft.version})
    if request.method == "POST" and form.is_valid():
        key, kind = form.cleaned_data["key"], form.cleaned_data["kind"]
        whole = deepcopy(draft.document)
        rule = whole.get("rule") or whole["nodes"][0]["rule"]
        whole[kind].append(blank_node(key, rule, whole["endings"][0]["key"]) if kind == "nodes" else blank_ending(key))
        if _saved(request, draft, whole, form, form.cleaned_data["version"]):
            return redirect("courses:place", course_key, scenario_key, key)
    status = 400 if form.errors else 200
    return render(
        request, "courses/place_new.html", {"course": draft.course, "draft": draft, "form": form}, status=status
    )


class VersionForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)


@studio_page
def place_remove(request: PersonRequest, course_key: str, scenario_key: str, place_key: str) -> HttpResponse:
    """Asks first; refused while a choice still leads there."""
    draft = _draft(course_key, scenario_key)
    kind, index = _spot(draft.document, place_key)
    form = VersionForm(request.POST if request.method == "POST" else None, initial={"version": draft.version})
    if request.method == "POST" and form.is_valid():
        whole = deepcopy(draft.document)
        del whole[kind][index]
        if _saved(request, draft, whole, form, form.cleaned_data["version"]):
            return redirect("courses:scenario", course_key, scenario_key)
    context = {"course": draft.course, "draft": draft, "place_key": place_key, "form": form}
    return render(request, "courses/place_remove.html", context, status=400 if form.errors else 200)


def _saved(request: PersonRequest, draft: ScenarioDraft, whole: dict[str, Any], form: forms.Form, version: int) -> bool:
    try:
        save_scenario(draft, whole, version=version, by=request.user, now=timezone.now())
    except DocumentError as error:
        form.add_error(None, [f"{problem.path}: {say(problem)}" for problem in error.problems])
    except LostUpdate:
        form.add_error(None, _("Somebody saved this scenario meanwhile. Go back, look at it and try again."))
    else:
        messages.success(request, _("The draft is saved."))
        return True
    return False
