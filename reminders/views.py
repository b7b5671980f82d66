"""The ledger for HR, with as much of it as system administrators need to keep the mails going."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import PersonRequest, for_roles
from accounts.models import Person, Role
from reminders import deciding, health
from reminders.address_views import marks
from reminders.explaining import explain
from reminders.forms import OUTCOMES, DayForm, DecisionForm, LedgerFilter, course_titles
from reminders.models import Bounce, Reminder, ReminderEvent, ReminderQuerySet, State
from reminders.previewing import next_sending_day
from reminders.previewing import preview as due_on
from training.models import Cycle

PAGE_SIZE = 50
KINDS = {state: (kind, label) for kind, (label, states) in OUTCOMES.items() for state in states}


@for_roles(Role.HR, Role.SYSADMIN)
@require_safe
def ledger(request: PersonRequest) -> HttpResponse:
    status_only = not request.user.is_hr
    titles = course_titles()
    form = LedgerFilter(request.GET, titles=titles, status_only=status_only)
    rows = Reminder.objects.visible_to(request.user)
    found = form.apply(rows).select_related("person__department", "cycle", "step").order_by("-occurs_on", "-pk")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    describe(page, titles)
    kept = request.GET.copy()
    kept.pop("page", None)
    context = {
        "form": form,
        "page_obj": page,
        "query": f"&{kept.urlencode()}" if kept else "",
        "summary": summary_of(rows),
        "status_only": status_only,
        "health": health.report(timezone.now()),
        "addresses": marks().count(),
    }
    return render(request, "reminders/ledger.html", context)


def describe(rows: Iterable[Any], titles: dict[int, str]) -> None:
    """What the templates show besides the columns."""
    newest_last = Bounce.objects.filter(reminder__in=[row.pk for row in rows]).order_by("at", "pk")
    bounces = {bounce.reminder_id: bounce for bounce in newest_last}
    for row in rows:
        row.course_title = titles[row.cycle.course_id] if row.cycle else ""
        row.outcome_kind, row.outcome_label = KINDS[row.state]
        row.decidable = deciding.may_be_resent(row) or deciding.may_be_given_up(row)
        row.came_back = bounces.get(row.pk)
        if row.came_back and row.state == State.SENT:
            row.outcome_kind, row.outcome_label = "refused", _("sent; came back")


def summary_of(rows: ReminderQuerySet) -> list[dict[str, object]]:
    counts = dict(rows.values_list("state").annotate(number=Count("pk")).order_by())
    return [
        {"figure": sum(counts.get(state, 0) for state in states), "name": label, "url": f"?outcome={kind}"}
        for kind, (label, states) in OUTCOMES.items()
    ]


@for_roles(Role.HR)
@require_safe
def person(request: PersonRequest, person_id: int) -> HttpResponse:
    subject = get_object_or_404(Person.objects.visible_to(request.user).select_related("department"), pk=person_id)
    titles = course_titles()
    form = DayForm(request.GET if "day" in request.GET else None)
    answers = explain(subject, form.cleaned_data["day"], today=timezone.localdate()) if form.is_valid() else []
    rows = Reminder.objects.visible_to(request.user).filter(person=subject)
    history = ReminderEvent.objects.select_related("by").order_by("at", "pk")
    found = (
        rows.select_related("cycle", "step").prefetch_related(Prefetch("events", history)).order_by("-occurs_on", "-pk")
    )
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    describe(page, titles)
    context = {
        "subject": subject,
        "form": form,
        "answers": [(titles.get(answer.course_id or 0, ""), answer.sentence) for answer in answers],
        "page_obj": page,
        "mark": marks().filter(person=subject).first(),
    }
    return render(request, "reminders/person.html", context)


@for_roles(Role.HR)
@require_safe
def tomorrow(request: PersonRequest) -> HttpResponse:
    now = timezone.now()
    day = next_sending_day(now=now)
    mails = due_on(day, now=now)
    page = Paginator(mails, PAGE_SIZE).get_page(request.GET.get("page"))
    people = Person.objects.select_related("department").in_bulk([mail.person_id for mail in page])
    courses = dict(Cycle.objects.filter(pk__in=[mail.cycle_id for mail in page]).values_list("pk", "course_id"))
    titles = course_titles()
    rows = [{"mail": mail, "person": people[mail.person_id], "course": titles[courses[mail.cycle_id]]} for mail in page]
    moving = sum(mail.moves for mail in mails)
    context = {"day": day, "rows": rows, "page_obj": page, "going": len(mails) - moving, "moving": moving}
    return render(request, "reminders/tomorrow.html", context)


def decisions_open_to(viewer: Person, mail: Reminder) -> list[str]:
    """HR decides about every mail whose fate is open, a system administrator about unclear ones."""
    if mail.state != State.UNKNOWN and not viewer.is_hr:
        return []
    possible = {
        "delivered": mail.state == State.UNKNOWN,
        "again": deciding.may_be_resent(mail),
        "give_up": deciding.may_be_given_up(mail),
    }
    return [key for key, open_ in possible.items() if open_]


@for_roles(Role.HR, Role.SYSADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: PersonRequest, reminder_id: int) -> HttpResponse:
    rows = Reminder.objects.visible_to(request.user).select_related("person", "step")
    mail = get_object_or_404(rows, pk=reminder_id)
    possible = decisions_open_to(request.user, mail)
    if not possible:
        raise Http404
    form = DecisionForm(request.POST or None, possible=possible)
    if form.is_valid():
        verb, done = {
            "delivered": (deciding.confirm_delivered, _("Recorded as delivered.")),
            "again": (deciding.resend, _("The mail will be sent again if it is still owed.")),
            "give_up": (deciding.give_up, _("The mail will not be sent any more.")),
        }[form.cleaned_data["decision"]]
        try:
            verb(mail, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now())
        except deciding.NotPossible:
            messages.warning(request, _("Meanwhile this mail stands otherwise. Look at it again."))
        else:
            messages.success(request, done)
        return redirect("reminders:ledger")
    context = {"mail": mail, "form": form, "status_only": not request.user.is_hr}
    return render(request, "reminders/decide.html", context)
