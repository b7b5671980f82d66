import datetime as dt

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import PersonRequest, for_roles
from accounts.audit_words import fact_in_words
from accounts.forms import AuditFilter
from accounts.models import AuditEvent, Person, Role
from accounts.views.people import remaining_query

PER_PAGE = 50


@require_safe
@for_roles(Role.HR, Role.SYSADMIN)
def audit_log(request: PersonRequest) -> HttpResponse:
    events = AuditEvent.objects.visible_to(request.user)
    actions = list(events.order_by("action").values_list("action", flat=True).distinct())
    filters = AuditFilter(request.GET, actions=actions)
    wanted = filters.cleaned_data if filters.is_valid() else {}
    if wanted.get("action"):
        events = events.filter(action=wanted["action"])
    if wanted.get("person"):
        name = wanted["person"].strip()
        events = events.filter(Q(actor_name__icontains=name) | Q(subject_name__icontains=name))
    if wanted.get("since"):
        events = events.filter(at__gte=midnight(wanted["since"]))
    if wanted.get("until") and wanted["until"] < dt.date.max:
        events = events.filter(at__lt=midnight(wanted["until"] + dt.timedelta(days=1)))
    page = Paginator(events.newest_first(), PER_PAGE).get_page(request.GET.get("page"))
    lines = [(event, facts_for(request.user, event)) for event in page]
    context = {"filters": filters, "page_obj": page, "lines": lines, "query": remaining_query(request)}
    return render(request, "accounts/audit.html", context)


def facts_for(viewer: Person, event: AuditEvent) -> list[tuple[str, str]]:
    """Why somebody is away or exempt may be a matter of health: for HR only, as the form says where it is typed."""
    hidden = event.action.startswith("duties.") and not viewer.is_hr
    return [(fact_in_words(name), value) for name, value in event.facts if not (hidden and name == "reason")]


def midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))
