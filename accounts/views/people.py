from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import PersonRequest, for_roles
from accounts.forms import ChangeForm, InviteForm, LeftForm, MoveForm, PeopleFilter, ReturnForm
from accounts.models import Department, Person, Role
from accounts.people import change_person, invite_person, mark_left, may_change_address, move_person, take_back

PER_PAGE = 50


@require_safe
@for_roles(Role.HR, Role.SYSADMIN)
def people(request: PersonRequest) -> HttpResponse:
    filters = PeopleFilter(request.GET)
    wanted = filters.cleaned_data if filters.is_valid() else {}
    found = Person.objects.administered_by(request.user).select_related("department", "manager").by_name()
    if not wanted.get("left"):
        found = found.employed(timezone.localdate())
    if wanted.get("department"):
        found = found.in_departments(Department.objects.filter(pk=wanted["department"].pk))
    if wanted.get("q"):
        found = found.search(wanted["q"])
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {"filters": filters, "page_obj": page, "query": remaining_query(request)}
    return render(request, "accounts/people.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(Role.HR, Role.SYSADMIN)
def invite(request: PersonRequest) -> HttpResponse:
    form = InviteForm(request.POST or None)
    if form.is_valid():
        try:
            person = invite_person(**form.cleaned_data, by=request.user, now=timezone.now(), today=timezone.localdate())
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(
                request,
                _("%(name)s can now sign in: a code comes by e-mail, no password is needed.") % {"name": person},
            )
            return redirect("accounts:person", pk=person.pk)
    return render(request, "accounts/invite.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(Role.HR, Role.SYSADMIN)
def person(request: PersonRequest, pk: int) -> HttpResponse:
    person = administered(request, pk)
    form = ChangeForm(request.POST or None, initial=known_of(person))
    if form.is_valid():
        try:
            change_person(person, **form.changes(), by=request.user, now=timezone.now())
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("The changes are saved."))
            return redirect("accounts:person", pk=pk)
    return render(request, "accounts/person.html", person_context(request, person, form=form))


@require_POST
@for_roles(Role.HR, Role.SYSADMIN)
def move(request: PersonRequest, pk: int) -> HttpResponse:
    person = administered(request, pk)
    form = MoveForm(request.POST)
    if form.is_valid():
        move_person(person, **form.cleaned_data, by=request.user, now=timezone.now(), today=timezone.localdate())
        messages.success(
            request, _("%(name)s works in %(department)s from today.") % {"name": person, **form.cleaned_data}
        )
        return redirect("accounts:person", pk=pk)
    return render(request, "accounts/person.html", person_context(request, person, move_form=form))


@require_POST
@for_roles(Role.HR, Role.SYSADMIN)
def left(request: PersonRequest, pk: int) -> HttpResponse:
    person = administered(request, pk)
    form = LeftForm(request.POST)
    if form.is_valid():
        try:
            mark_left(person, **form.cleaned_data, by=request.user, now=timezone.now(), today=timezone.localdate())
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("The departure of %(name)s is recorded.") % {"name": person})
            return redirect("accounts:person", pk=pk)
    return render(request, "accounts/person.html", person_context(request, person, left_form=form))


@require_POST
@for_roles(Role.HR, Role.SYSADMIN)
def returned(request: PersonRequest, pk: int) -> HttpResponse:
    person = administered(request, pk)
    form = ReturnForm(request.POST)
    if form.is_valid():
        try:
            take_back(person, **form.cleaned_data, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("%(name)s works here again.") % {"name": person})
            return redirect("accounts:person", pk=pk)
    return render(request, "accounts/person.html", person_context(request, person, return_form=form))


def administered(request: PersonRequest, pk: int) -> Person:
    return get_object_or_404(
        Person.objects.administered_by(request.user).select_related("department", "manager"), pk=pk
    )


def known_of(person: Person) -> dict[str, Any]:
    fields = ("first_name", "last_name", "email", "language", "employment_start")
    known = {name: getattr(person, name) for name in fields}
    return known | {"manager": person.manager.email if person.manager else ""}


def person_context(request: PersonRequest, person: Person, **forms: Any) -> dict[str, Any]:
    today = timezone.localdate()
    empty = {
        "form": ChangeForm(initial=known_of(person)),
        "move_form": MoveForm(initial={"department": person.department_id}),
        "left_form": LeftForm(initial={"left_on": today}),
        "return_form": ReturnForm(initial={"on": today, "department": person.department_id}),
    }
    return {
        "person": person,
        "address_is_theirs": not may_change_address(person, by=request.user),
        "memberships": person.memberships.select_related("department").order_by("-starts_on"),
        "grants": person.grants.select_related("department").order_by("role"),
        **empty,
        **forms,
    }


def remaining_query(request: PersonRequest) -> str:
    """The filters of the address without the page, to go behind `?page=2`."""
    query = request.GET.copy()
    query.pop("page", None)
    return f"&{query.urlencode()}" if query else ""
