"""HR's pages about who has to do what by when. A manager sees the own people's status there and changes nothing."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.access import PersonRequest, for_roles
from accounts.models import Person, Role
from training import assigning, duties, duty_pages, targets
from training.assigning import Reach
from training.duty_forms import AssignForm, EndLeaveForm, ExtendForm, LeaveForm, WaiveForm
from training.models import AssignmentRule, Cycle, Leave, Waiver


@for_roles(Role.HR)
def assign(request: PersonRequest) -> HttpResponse:
    """First the preview of whom it reaches; then, if that has not changed meanwhile, the assignment."""
    courses, today = duty_pages.assignable_courses(), timezone.localdate()
    posted = request.POST if request.method == "POST" else None
    form = AssignForm(posted, courses=courses, language=request.user.language, today=today)
    context: dict[str, Any] = {"form": form, "courses": courses}
    if form.is_bound and form.is_valid():
        target = form.target()
        reach = target.reach(today)
        seen = target.digest(reach)
        if "assign" in request.POST and request.POST.get("seen") == seen:
            targets.assign(target, by=request.user, now=timezone.now())
            messages.success(request, _assigned(reach.new))
            return redirect("duties:rules" if target.scopes else "duties:assign")
        if "assign" in request.POST:
            messages.warning(request, _("This has changed since you looked. See whom it reaches now, then confirm."))
        context |= duty_pages.preview(reach) | {"seen": seen, "button": _button(reach, standing=bool(target.scopes))}
    return render(request, "training/assign.html", context)


def _assigned(number: int) -> str:
    return ngettext("Assigned to %(number)s person.", "Assigned to %(number)s people.", number) % {"number": number}


def _button(reach: Reach, *, standing: bool) -> str:
    if reach.new:
        text = ngettext("Assign to %(number)s person", "Assign to %(number)s people", reach.new)
        return text % {"number": reach.new}
    return _("Assign to whoever joins later") if standing else _("Add the due date")


@for_roles(Role.HR)
def rules(request: PersonRequest) -> HttpResponse:
    shown = list(duty_pages.standing_rules())
    for rule in shown:
        rule.title = duty_pages.course_title(rule.course, request.user.language)  # type: ignore[attr-defined]
    return render(request, "training/rules.html", {"rules": shown})


@for_roles(Role.HR)
@require_POST
def end_rule(request: PersonRequest, pk: int) -> HttpResponse:
    assigning.end_rule(get_object_or_404(AssignmentRule, pk=pk), by=request.user, now=timezone.now())
    messages.success(request, _("The rule is ended. Duties that exist stay."))
    return redirect("duties:rules")


@for_roles(Role.HR, Role.MANAGER)
def person(request: PersonRequest, pk: int) -> HttpResponse:
    today = timezone.localdate()
    shown = get_object_or_404(duty_pages.visible_people(request.user, today), pk=pk)
    full = request.user.is_hr
    cycles = list(duty_pages.duties_of(shown, full=full, today=today))
    for cycle in cycles:
        cycle.title = duty_pages.course_title(cycle.course, request.user.language)  # type: ignore[attr-defined]
    leaves = duty_pages.leaves_of(shown) if full else []
    context = {"person": shown, "full": full, "cycles": cycles, "leaves": leaves, "today": today}
    return render(request, "training/person.html", context)


def open_duty(pk: int) -> Cycle:
    return get_object_or_404(Cycle.objects.select_related("person", "course").defer("course__frame"), pk=pk)


def change(
    request: PersonRequest,
    concerned: Person,
    form_class: type[forms.Form],
    verb: Callable[..., Any],
    *,
    title: str,
    button: str,
    initial: dict[str, Any] | None = None,
) -> HttpResponse:
    """A form, the verb with its fields, and back to the person; what the verb refuses is said at the form."""
    form = form_class(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            verb(**form.cleaned_data, by=request.user, now=timezone.now())
        except duties.DutyError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The change is made."))
            return redirect("duties:person", concerned.pk)
    context = {"form": form, "person": concerned, "title": title, "button": button}
    return render(request, "training/duty_change.html", context)


@for_roles(Role.HR)
def extend(request: PersonRequest, pk: int) -> HttpResponse:
    cycle = open_duty(pk)
    return change(
        request, cycle.person, ExtendForm, lambda **asked: duties.extend(cycle, **asked),
        title=_("Extend the due date"), button=_("Extend"), initial={"new_due_on": cycle.due_on},
    )  # fmt: skip


@for_roles(Role.HR)
def waive(request: PersonRequest, pk: int) -> HttpResponse:
    cycle = open_duty(pk)
    return change(
        request, cycle.person, WaiveForm, lambda **asked: duties.waive(cycle, **asked),
        title=_("Waive the duty"), button=_("Waive"),
    )  # fmt: skip


@for_roles(Role.HR)
@require_POST
def end_waiver(request: PersonRequest, pk: int) -> HttpResponse:
    waiver = get_object_or_404(Waiver.objects.select_related("cycle__person"), pk=pk)
    duties.end_waiver(waiver, by=request.user, now=timezone.now())
    messages.success(request, _("The waiver is ended; the duty counts again."))
    return redirect("duties:person", waiver.cycle.person_id)


@for_roles(Role.HR)
def put_on_leave(request: PersonRequest, pk: int) -> HttpResponse:
    concerned = get_object_or_404(Person, pk=pk)
    return change(
        request, concerned, LeaveForm, lambda **asked: duties.put_on_leave(concerned, **asked),
        title=_("Put on leave"), button=_("Put on leave"), initial={"starts_on": timezone.localdate()},
    )  # fmt: skip


@for_roles(Role.HR)
def end_leave(request: PersonRequest, pk: int) -> HttpResponse:
    leave = get_object_or_404(Leave.objects.select_related("person"), pk=pk)
    return change(
        request, leave.person, EndLeaveForm, lambda **asked: duties.end_leave(leave, **asked),
        title=_("Set the last day away"), button=_("Set the last day"),
        initial={"last_day": leave.ends_on or timezone.localdate()},
    )  # fmt: skip
