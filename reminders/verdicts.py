"""Is a waiting mail still owed? Asked when it is planned again, claimed, and once more before the body goes out."""

import datetime as dt
from collections.abc import Collection
from functools import cache
from typing import Any

from django.db import models
from django.db.models import Case, Exists, F, Func, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Mod

from reminders import overdue
from reminders.models import Anchor, Bounce, CoursePlan, Kind, Reason, Reminder, ReminderPlan, ReminderQuerySet, State
from reminders.prepared import SOME_DAY, filled, given_for, prepared_cursor, some_ids
from reminders.transitions import Condition
from training.models import Leave, Waiver

DUTY = (Kind.STEP, Kind.NUDGE)


def verdicts(ids: Collection[int], *, today: dt.date) -> dict[int, str]:
    """For each mail: empty while it is owed on `today`, else the reason why it is not."""
    if not ids:
        return {}
    with prepared_cursor() as cursor:
        cursor.execute(*statement(tuple(ids), today))
        found: dict[int, str | None] = dict(cursor.fetchall())
    notices = [pk for pk, verdict in found.items() if verdict is None]
    for notice in Reminder.objects.filter(pk__in=notices).select_related("person") if notices else ():
        found[notice.pk] = overdue.verdict(notice, today=today)
    return {pk: verdict or "" for pk, verdict in found.items()}


def statement(ids: tuple[int, ...], today: dt.date) -> tuple[str, list[Any]]:
    """The question about these mails, with nothing as the answer for those that are about no duty."""
    sql, values = compiled(len(ids))
    return sql, filled(values, {SOME_DAY: today} | given_for(ids))


def still_owed(reminder_id: int, *, today: dt.date) -> Condition:
    """That the mail is about a duty and still owed on `today`."""
    sql, values = statement((reminder_id,), today)
    return Condition(
        "AND id IN (SELECT id FROM verdict WHERE answer = '')",
        before=f"verdict (id, answer) AS ({sql}),",
        before_values=tuple(values),
    )


@cache
def compiled(number: int) -> tuple[str, tuple[Any, ...]]:
    rows = Reminder.objects.filter(pk__in=list(some_ids(number)))
    answered = with_verdict(rows, SOME_DAY).annotate(answer=Case(When(kind__in=DUTY, then=F("verdict"))))
    return answered.values_list("pk", "answer").query.sql_with_params()


def with_verdict(rows: ReminderQuerySet, today: dt.date) -> Any:
    """Annotate `verdict` on mails about a duty. (Typed as Any: the stubs cannot follow an annotation.)

    Of the mails after a completion, only leaving and a bad address keep them back.
    """
    waived = Waiver.objects.in_force(today).filter(cycle=OuterRef("cycle"))
    away = Leave.objects.on(today).filter(person=OuterRef("person"))
    bounced = Bounce.objects.in_force().filter(person=OuterRef("person"))
    newer = Reminder.objects.filter(
        cycle=OuterRef("cycle"), kind=Kind.STEP, occurs_on__gt=OuterRef("occurs_on")
    ).exclude(state__in=[State.CANCELLED, State.SUPERSEDED])
    days = _days_from_first_day()
    annotated = rows.annotate(
        verdict_plan=plan_of_course("cycle__course"), days=days, rest=Mod(days, "step__repeat_days")
    )
    return annotated.annotate(
        verdict=Case(
            When(person__left_on__lte=today, then=Value(Reason.LEFT)),
            When(Exists(bounced), then=Value(Reason.BOUNCED)),
            When(step__ended_at__isnull=False, then=Value(Reason.PLAN_CHANGED)),
            When(step__anchor=Anchor.COMPLETED, then=Value(Reason.NONE)),
            When(cycle__closed_at__isnull=False, then=Value(Reason.COMPLETED)),
            When(Exists(waived), then=Value(Reason.WAIVED)),
            When(Exists(away), then=Value(Reason.ON_LEAVE)),
            When(kind=Kind.NUDGE, then=Value(Reason.NONE)),
            When(~Q(plan=F("verdict_plan")), then=Value(Reason.PLAN_CHANGED)),
            When(~_on_its_day(), then=Value(Reason.DUE_MOVED)),
            When(Exists(newer), then=Value(Reason.NEWER)),
            default=Value(Reason.NONE),
            output_field=models.CharField(),
        )
    )


def plan_of_course(course: str) -> Coalesce:
    """The plan that serves the course of that field: its own or the standard one."""
    own = CoursePlan.objects.filter(course=OuterRef(course)).values("plan")[:1]
    return Coalesce(Subquery(own), Subquery(ReminderPlan.objects.filter(standard=True).values("pk")[:1]))


def _days_from_first_day() -> Func:
    """Days from the step's first day, counted from the present due date, to the day of the mail."""
    return Func(
        F("occurs_on"),
        F("cycle__due_on"),
        F("step__offset_days"),
        template="(%(expressions)s)",
        arg_joiner=" - ",
        output_field=models.IntegerField(),
    )


def _on_its_day() -> Q:
    """Only the due date can move; the day of assignment and an earlier completion stay as they were."""
    repeated = Q(step__repeat_days__isnull=False, days__gte=0, rest=0)
    return ~Q(step__anchor=Anchor.DUE) | Q(days=0) | repeated


def with_mailed_since(rows: Any, start: dt.datetime) -> Any:
    """Annotate `mailed`: another mail to the same person went out (or may have) since `start`, or is on its way."""
    others = Reminder.objects.filter(person=OuterRef("person")).exclude(pk=OuterRef("pk"))
    return rows.annotate(mailed=Exists(others.mailed_since(start)))
