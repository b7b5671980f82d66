"""The button with which a manager or HR asks for a mail, from whatever page it is on."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import PersonRequest, for_roles
from accounts.models import Role
from accounts.refusals import Refusal
from reminders.models import Reminder
from reminders.nudging import NotTheirs, nudge, within_reach
from reminders.returning import back
from training.words import day_in_words


@for_roles(Role.HR, Role.MANAGER)
@require_POST
def nudge_person(request: PersonRequest, cycle_id: int) -> HttpResponse:
    now = timezone.now()
    cycle = get_object_or_404(within_reach(request.user, today=timezone.localdate(now)), pk=cycle_id)
    try:
        mail = nudge(cycle, by=request.user, now=now)
    except NotTheirs:
        raise Http404 from None
    except Refusal as refusal:
        messages.warning(request, refusal.message)
    else:
        messages.success(request, when_in_words(mail))
    return back(request, otherwise=reverse("duties:person", args=[cycle.person_id]))


def when_in_words(mail: Reminder) -> str:
    """A manager sees no ledger, so the message says when the mail goes out."""
    words = {"name": mail.person.name}
    if mail.not_before <= mail.planned_at:
        return _("%(name)s gets a mail within a few minutes.") % words
    opens = timezone.localtime(mail.not_before)
    words |= {"day": day_in_words(opens.date()), "time": time_format(opens, "G:i")}
    return _("Mails rest now. %(name)s will be mailed on %(day)s at %(time)s.") % words
