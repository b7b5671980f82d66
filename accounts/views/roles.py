from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import PersonRequest, for_roles
from accounts.forms import GrantForm
from accounts.models import Role, RoleGrant
from accounts.roles import grant_role, grantable_by, revoke_role


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(Role.HR, Role.SYSADMIN)
def roles(request: PersonRequest) -> HttpResponse:
    grantable = grantable_by(request.user)
    form = GrantForm(request.POST or None, roles=grantable)
    if form.is_valid():
        person, role = form.cleaned_data["person"], form.cleaned_data["role"]
        try:
            grant_role(
                person, role=role, department=form.cleaned_data["department"], by=request.user, now=timezone.now()
            )
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(
                request, _("%(name)s now holds the role: %(role)s.") % {"name": person, "role": role.label}
            )
            return redirect("accounts:roles")
    grants = RoleGrant.objects.select_related("person", "department", "granted_by").order_by(
        "role", "department__path", "person__last_name", "pk"
    )
    return render(request, "accounts/roles.html", {"form": form, "grants": grants, "grantable": grantable})


@require_POST
@for_roles(Role.HR, Role.SYSADMIN)
def revoke(request: PersonRequest, pk: int) -> HttpResponse:
    grant = get_object_or_404(RoleGrant.objects.filter(role__in=grantable_by(request.user)), pk=pk)
    try:
        revoke_role(grant, by=request.user, now=timezone.now())
    except ValidationError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("The role is taken back; from the next click on it opens nothing."))
    return redirect("accounts:roles")
