from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import PersonRequest, for_roles
from accounts.departments import create_department, move_department, rename_department
from accounts.forms import DepartmentForm, MoveDepartmentForm, NewDepartmentForm
from accounts.models import Department, Role


@require_safe
@for_roles(Role.HR, Role.SYSADMIN)
def departments(request: PersonRequest) -> HttpResponse:
    return render(request, "accounts/departments.html", tree_context(NewDepartmentForm()))


@require_POST
@for_roles(Role.HR, Role.SYSADMIN)
def create(request: PersonRequest) -> HttpResponse:
    form = NewDepartmentForm(request.POST)
    if form.is_valid():
        try:
            department = create_department(**form.cleaned_data, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("%(department)s is created.") % {"department": department})
            return redirect("accounts:departments")
    return render(request, "accounts/departments.html", tree_context(form))


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(Role.HR, Role.SYSADMIN)
def department(request: PersonRequest, pk: int) -> HttpResponse:
    department = get_object_or_404(Department, pk=pk)
    form = DepartmentForm(request.POST or None, initial={"name": department.name})
    if form.is_valid():
        try:
            rename_department(department, **form.cleaned_data, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("The department is renamed."))
            return redirect("accounts:departments")
    move_form = MoveDepartmentForm(initial={"parent": department.parent_id})
    return render(request, "accounts/department.html", {"department": department, "form": form, "move_form": move_form})


@require_POST
@for_roles(Role.HR, Role.SYSADMIN)
def move(request: PersonRequest, pk: int) -> HttpResponse:
    department = get_object_or_404(Department, pk=pk)
    form = MoveDepartmentForm(request.POST)
    if form.is_valid():
        try:
            department = move_department(department, **form.cleaned_data, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("The department is now %(path)s.") % {"path": department.path})
            return redirect("accounts:departments")
    context = {
        "department": department,
        "form": DepartmentForm(initial={"name": department.name}),
        "move_form": form,
    }
    return render(request, "accounts/department.html", context)


def tree_context(form: NewDepartmentForm) -> dict[str, Any]:
    today = timezone.localdate()
    employed = Q(people__left_on=None) | Q(people__left_on__gt=today)
    tree = Department.objects.in_tree_order().annotate(headcount=Count("people", filter=employed))
    return {"departments": tree, "form": form}
