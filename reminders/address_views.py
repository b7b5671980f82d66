"""Addresses that do not take mail, and the button that says that one works again. For HR."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import PersonRequest, for_roles
from accounts.models import Person, Role
from accounts.refusals import Refusal
from reminders.bouncing import clear_bounce
from reminders.models import Bounce
from reminders.models.addresses import BounceQuerySet
from reminders.returning import back

PAGE_SIZE = 50


def marks() -> BounceQuerySet:
    """The newest mark of each address that does not take mail now, of people who still work here."""
    newest = Bounce.objects.in_force().filter(person=OuterRef("person")).order_by("-at", "-pk").values("pk")[:1]
    employed = Person.objects.employed(timezone.localdate())
    return Bounce.objects.in_force().filter(pk=Subquery(newest), person__in=employed)


@for_roles(Role.HR)
@require_safe
def addresses(request: PersonRequest) -> HttpResponse:
    found = marks().select_related("person__department").order_by("-at", "-pk")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "reminders/addresses.html", {"page_obj": page})


@for_roles(Role.HR)
@require_POST
def clear(request: PersonRequest, bounce_id: int) -> HttpResponse:
    bounce = get_object_or_404(Bounce.objects.select_related("person"), pk=bounce_id)
    try:
        clear_bounce(bounce, reason=request.POST.get("reason", "")[:500], by=request.user, now=timezone.now())
    except Refusal as refusal:
        messages.warning(request, refusal.message)
    else:
        messages.success(request, _("Mail goes to %(email)s again.") % {"email": bounce.email})
    return back(request, otherwise=reverse("reminders:addresses"))
