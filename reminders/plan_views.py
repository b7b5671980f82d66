"""HR's pages about reminder plans. Every change shows first what it does to the next mails, then is made."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import PersonRequest, for_roles
from accounts.models import Role
from courses.models import Course
from reminders import plan_editing
from reminders.models import PlanStep, ReminderPlan
from reminders.plan_editing import LostUpdate, PlanGone, StepGone
from reminders.plan_effect import effect_of, undone
from reminders.plan_forms import GiveForm, HoursForm, NameForm, NewPlanForm, StepForm, VersionedForm
from reminders.plan_pages import (
    plans_with_findings,
    rules_in_words,
    step_in_a_sentence,
    timeline,
)
from reminders.plan_rules import HourValues, PlanRefusal

form_page = require_http_methods(["GET", "HEAD", "POST"])


@for_roles(Role.HR)
@require_safe
def plans(request: PersonRequest) -> HttpResponse:
    return render(request, "reminders/plan_list.html", {"plans": plans_with_findings(timezone.localdate())})


@for_roles(Role.HR)
@require_safe
def plan(request: PersonRequest, plan_id: int) -> HttpResponse:
    found = any_plan(plan_id)
    everything = plans_with_findings(timezone.localdate())
    shown = next(each for each in everything if each.plan == found)
    context = {
        "shown": shown,
        "plan": shown.plan,
        "timeline": timeline(shown),
        "rules": rules_in_words(shown.plan),
        "standard": everything[0].plan,
        "to_give": any(each.courses for each in everything if each.plan != found),
    }
    return render(request, "reminders/plan.html", context)


def any_plan(plan_id: int) -> ReminderPlan:
    return get_object_or_404(ReminderPlan, pk=plan_id)


def any_step(plan_id: int, step_id: int) -> PlanStep:
    return get_object_or_404(PlanStep.objects.in_force().select_related("plan"), pk=step_id, plan=plan_id)


@dataclass
class Change:
    """A change of a plan in hand. `verb` makes it; `stored` says what is there now, for whoever comes too late."""

    plan: ReminderPlan
    title: str
    button: str
    done: str
    verb: Callable[..., object]
    stored: Callable[[], list[str]] = list
    about: str = ""
    previewed: bool = True
    danger: bool = False
    leads_to: str = ""
    removal_url: str = ""

    def make(self, request: PersonRequest) -> Callable[[], object]:
        return lambda: self.verb(by=request.user, now=timezone.now())


def carry_out(request: PersonRequest, form: VersionedForm, change: Change) -> HttpResponse:
    """Show the effect; make the change when its effect was seen and nothing else was typed since."""
    context: dict[str, Any] = {"form": form, "change": change, "plan": change.plan}
    try:
        if form.is_bound and form.is_valid():
            if is_confirmed(request, form, change):
                change.make(request)()
                messages.success(request, change.done)
                return redirect(change.leads_to or reverse("reminders:plan", args=[change.plan.pk]))
            context |= preview(request, form, change)
    except (PlanGone, StepGone) as error:
        messages.warning(request, error.message)
        return redirect("reminders:plans")
    except LostUpdate as error:
        context |= too_late(form, change, error)
        return render(request, "reminders/plan_form.html", context, status=409)
    except PlanRefusal as error:
        form.add_error(error.field if error.field in form.fields else None, error)
    status = 400 if form.errors and request.method == "POST" else 200
    return render(request, "reminders/plan_form.html", context, status=status)


def is_confirmed(request: PersonRequest, form: VersionedForm, change: Change) -> bool:
    return "save" in request.POST and (not change.previewed or request.POST.get("seen") == form.seen())


def preview(request: PersonRequest, form: VersionedForm, change: Change) -> dict[str, Any]:
    """The effect of what was typed, or why it is refused."""
    if "save" in request.POST:
        messages.warning(request, _("This has changed since you looked. See what it does now, then confirm."))
    if not change.previewed:
        with undone():
            change.make(request)()
        return {"seen": form.seen()}
    effect = effect_of(change.make(request), change.plan, now=timezone.now())
    return {"seen": form.seen(), "effect": effect}


def too_late(form: VersionedForm, change: Change, error: LostUpdate) -> dict[str, Any]:
    """What was typed stays in the form, which now names the version that is stored."""
    data: Any = form.data.copy()  # type: ignore[attr-defined]
    data["version"] = str(error.version)
    form.data = data
    return {"lost": error.message, "stored": change.stored()}


@for_roles(Role.HR)
@form_page
def plan_new(request: PersonRequest) -> HttpResponse:
    form = NewPlanForm(request.POST if request.method == "POST" else None, initial={"copy_of": request.GET.get("of")})
    if form.is_bound and form.is_valid():
        source, name = form.cleaned_data["copy_of"], form.cleaned_data["name"]
        try:
            made = plan_editing.create_plan(source, name=name, by=request.user, now=timezone.now())
        except PlanRefusal as error:
            form.add_error(error.field, error)
        else:
            messages.success(request, _("The plan is there. Change its steps, then give it to a course."))
            return redirect("reminders:plan", made.pk)
    return render(request, "reminders/plan_new.html", {"form": form}, status=400 if form.errors else 200)


@for_roles(Role.HR)
@form_page
def plan_rename(request: PersonRequest, plan_id: int) -> HttpResponse:
    found = any_plan(plan_id)
    form = bound(NameForm, request, found, initial={"name": found.name})
    change = Change(
        found,
        title=_("Rename the plan"),
        button=_("Rename it"),
        done=_("The plan is renamed."),
        verb=lambda **act: plan_editing.rename_plan(
            found, name=form.cleaned_data["name"], version=form.version_read, **act
        ),
        stored=lambda: [any_plan(plan_id).name],
        previewed=False,
    )
    return carry_out(request, form, change)


@for_roles(Role.HR)
@form_page
def plan_hours(request: PersonRequest, plan_id: int) -> HttpResponse:
    found = any_plan(plan_id)
    initial = vars(HourValues.of(found))
    form = bound(HoursForm, request, found, initial=initial, standard=found.standard)
    change = Change(
        found,
        title=_("Change the hours"),
        button=_("Save the hours"),
        done=_("The hours are changed."),
        verb=lambda **act: plan_editing.change_hours(found, form.values(), version=form.version_read, **act),
        stored=lambda: [f"{name}: {words}" for name, words in rules_in_words(any_plan(plan_id))],
    )
    return carry_out(request, form, change)


@for_roles(Role.HR)
@form_page
def plan_give(request: PersonRequest, plan_id: int) -> HttpResponse:
    found = any_plan(plan_id)
    others = [(shown.plan, served) for shown in plans_with_findings(timezone.localdate()) for served in shown.courses]
    served_by = {served.course_id: plan for plan, served in others if plan != found}
    if not served_by:
        messages.info(request, _("Every course has this plan already."))
        return redirect("reminders:plan", plan_id)
    titles = {served.course_id: served.title for _plan, served in others}
    initial = {"course": request.GET.get("course")}
    form = bound(GiveForm, request, found, initial=initial, titles=titles, served_by=served_by)

    def give(**act: Any) -> object:
        course = Course.objects.only("pk", "key").get(pk=form.cleaned_data["course"])
        return plan_editing.give_plan(course, found, instead_of=form.instead_of, **act)

    change = Change(
        found,
        title=_("Give this plan to a course"),
        button=_("Give it the plan"),
        done=_("The course is reminded by this plan from today on."),
        verb=give,
    )
    return carry_out(request, form, change)


@for_roles(Role.HR)
@form_page
def plan_delete(request: PersonRequest, plan_id: int) -> HttpResponse:
    found = any_plan(plan_id)
    form = question(request, found)
    change = Change(
        found,
        title=_("Delete this plan?"),
        button=_("Delete the plan"),
        done=_("The plan is deleted."),
        verb=lambda **act: plan_editing.delete_plan(found, version=form.version_read, **act),
        about=_("No course has it, and no mail came from it: nothing else changes."),
        previewed=False,
        danger=True,
        leads_to=reverse("reminders:plans"),
    )
    return carry_out(request, form, change)


@for_roles(Role.HR)
@form_page
def step_new(request: PersonRequest, plan_id: int) -> HttpResponse:
    found = any_plan(plan_id)
    form = bound(StepForm, request, found)
    change = Change(
        found,
        title=_("Add a step"),
        button=_("Add the step"),
        done=_("The step is added. It counts from today on."),
        verb=lambda **act: plan_editing.add_step(found, form.values(), version=form.version_read, **act),
        stored=lambda: sentences(plan_id),
    )
    return carry_out(request, form, change)


@for_roles(Role.HR)
@form_page
def step_change(request: PersonRequest, plan_id: int, step_id: int) -> HttpResponse:
    step = any_step(plan_id, step_id)
    form = bound(StepForm, request, step.plan, initial=StepForm.initial_of(step))
    change = Change(
        step.plan,
        title=_("Change a step"),
        button=_("Save the step"),
        done=_("The step is changed."),
        verb=lambda **act: plan_editing.change_step(step, form.values(), version=form.version_read, **act),
        stored=lambda: sentences(plan_id),
        removal_url=reverse("reminders:step_remove", args=[plan_id, step_id]),
    )
    return carry_out(request, form, change)


@for_roles(Role.HR)
@form_page
def step_remove(request: PersonRequest, plan_id: int, step_id: int) -> HttpResponse:
    step = any_step(plan_id, step_id)
    form = question(request, step.plan)
    change = Change(
        step.plan,
        title=_("Take this step away?"),
        button=_("Take the step away"),
        done=_("The step is taken away. What the ledger says of it stays."),
        verb=lambda **act: plan_editing.remove_step(step, version=form.version_read, **act),
        stored=lambda: sentences(plan_id),
        about=step_in_a_sentence(step),
        danger=True,
    )
    return carry_out(request, form, change)


def bound(form_class: Any, request: PersonRequest, found: ReminderPlan, initial: Any = None, **more: Any) -> Any:
    initial = {"version": found.version} | (initial or {})
    return form_class(request.POST if request.method == "POST" else None, initial=initial, **more)


def question(request: PersonRequest, found: ReminderPlan) -> VersionedForm:
    """A page that only asks: the effect stands there at once."""
    return VersionedForm(request.POST if request.method == "POST" else {"version": found.version})


def sentences(plan_id: int) -> list[str]:
    """The steps that are stored now."""
    return [step_in_a_sentence(step) for step in PlanStep.objects.in_force().filter(plan=plan_id).in_order()]
