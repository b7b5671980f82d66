from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import PersonRequest, for_roles
from accounts.forms import ApplyForm, RosterForm
from accounts.models import AuditEvent, Role, RosterImport
from accounts.roster.applying import LeavingNotConfirmed, apply_roster, plan_roster, upload_roster


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(Role.HR, Role.SYSADMIN)
def upload(request: PersonRequest) -> HttpResponse:
    form = RosterForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            roster = upload_roster(
                filename=file.name,
                content=file.read(),
                marks_missing_as_left=form.cleaned_data["missing"],
                by=request.user,
                now=timezone.now(),
                today=timezone.localdate(),
            )
        except ValidationError as refusal:
            form.add_error("file", refusal)
        else:
            return redirect("accounts:roster_preview", pk=roster.pk)
    done = RosterImport.objects.exclude(applied_at=None).select_related("applied_by").defer("content")
    return render(request, "accounts/roster.html", {"form": form, "imports": done.order_by("-applied_at")[:10]})


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(Role.HR, Role.SYSADMIN)
def preview(request: PersonRequest, pk: Any) -> HttpResponse:
    own = Q(uploaded_by=request.user) | Q(applied_at__isnull=False)
    roster = get_object_or_404(RosterImport.objects.filter(own), pk=pk)
    if roster.applied_at:
        event = AuditEvent.objects.filter(action="roster.apply", subject_id=str(roster.pk)).first()
        return render(request, "accounts/roster_applied.html", {"roster": roster, "counts": event and event.detail})
    form = ApplyForm(request.POST or None)
    if form.is_valid():
        try:
            apply_roster(
                roster,
                plan_hash=form.cleaned_data["plan_hash"],
                leaving_confirmed=form.cleaned_data["leaving"],
                by=request.user,
                now=timezone.now(),
                today=timezone.localdate(),
            )
        except LeavingNotConfirmed as refusal:
            form.add_error("leaving", refusal)
        except ValidationError as refusal:
            messages.error(request, refusal.message)
            return redirect("accounts:roster_preview", pk=roster.pk)
        else:
            messages.success(request, _("The roster is imported."))
            return redirect("accounts:roster_preview", pk=roster.pk)
    plan = plan_roster(roster, today=timezone.localdate())
    form = form if form.is_bound else ApplyForm(initial={"plan_hash": plan.hash})
    return render(request, "accounts/roster_preview.html", {"roster": roster, "plan": plan, "form": form})
