"""What may be wrong with a reminder plan, in sentences for HR. Warnings, never refusals.

Pure: data in, findings out.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reminders.plan_model import (
    AFTERMATH,
    ASSIGNED,
    DUE,
    EXPIRY,
    GRACE_DAYS,
    LONG,
    RENEWAL_DAYS,
    TYPICAL,
    Duty,
    Facts,
    Step,
    sent,
    wait,
)
from training.words import weekday_in_words

MOST_IN_A_WEEK = 3
NAMED = 3
UNTRUE_LATER = ("before", "expiring")


@dataclass(frozen=True)
class Finding:
    code: str
    text: str
    steps: tuple[int, ...] = ()


def lint(facts: Facts) -> list[Finding]:
    return [finding for check in CHECKS for finding in check(facts)]


def escalation_first(facts: Facts) -> Iterator[Finding]:
    early = [step for step in facts.escalating if any(_comes_first(step, facts, duty) for duty in TYPICAL)]
    if early:
        yield _finding(
            "escalation_first", _("%(steps)s: managers or HR hear of it before the person was reminded."), early
        )


def _comes_first(escalation: Step, facts: Facts, duty: Duty) -> bool:
    reminded = [day for step in facts.reminding for day in duty.days_of(step)]
    told = duty.days_of(escalation)
    return bool(told) and (not reminded or min(told) <= min(reminded))


def closed_days(facts: Facts) -> Iterator[Finding]:
    """Days of the week on which steps fall in vain, because the next sending day is too far."""
    lost: dict[tuple[int, ...], list[Step]] = {}
    for step in facts.steps:
        if days := tuple(day for day in range(7) if wait(facts, step, day) > facts.catch_up_days):
            lost.setdefault(days, []).append(step)
    words = _("%(steps)s: never sent when it falls on %(weekdays)s; this plan makes up for nothing.")
    if facts.catch_up_days:
        words = ngettext(
            "%(steps)s: never sent when it falls on %(weekdays)s; the plan makes up for at most %(days)d day.",
            "%(steps)s: never sent when it falls on %(weekdays)s; the plan makes up for at most %(days)d days.",
            facts.catch_up_days,
        )
    for days, steps in lost.items():
        yield _finding("closed_days", words, steps, days=facts.catch_up_days, weekdays=_weekdays(days))


def due_on_closed_days(facts: Facts) -> Iterator[Finding]:
    """Steps before the due date that open duties meet on a closed day and that could go out only after the due date."""
    for step in facts.reminding:
        if step.anchor == DUE and step.offset_days <= 0 and not step.repeat_days:
            late = [
                day
                for day in sorted(facts.due_weekdays)
                if wait(facts, step, day + step.offset_days) > -step.offset_days
            ]
            if late:
                words = _(
                    "%(steps)s: falls on a day without mails for duties due on %(weekdays)s, and cannot go out in time."
                )
                yield _finding("due_on_closed_days", words, [step], weekdays=_weekdays(late))


def too_early(facts: Facts) -> Iterator[Finding]:
    """Steps that fall before any duty begins."""
    for step in facts.steps:
        if step.repeat_days or step.offset_days >= 0:
            continue
        if step.anchor == EXPIRY and -step.offset_days >= RENEWAL_DAYS:
            words = _("%(steps)s: never sent, because the new duty begins %(days)d days before the expiry.")
            yield _finding("too_early", words, [step], days=RENEWAL_DAYS)
        if step.anchor == DUE and facts.longest_duty is not None and -step.offset_days >= facts.longest_duty:
            words = ngettext(
                "%(steps)s: nobody gets it now, because the longest open duty has %(days)d day.",
                "%(steps)s: nobody gets it now, because the longest open duty has %(days)d days.",
                facts.longest_duty,
            )
            yield _finding("too_early", words, [step], days=facts.longest_duty)


def nothing_expires(facts: Facts) -> Iterator[Finding]:
    steps = [step for step in facts.steps if step.anchor == EXPIRY]
    if steps and not facts.courses_expire:
        yield _finding(
            "nothing_expires", _("%(steps)s: never sent, because completions of these courses do not expire."), steps
        )


def flood(facts: Facts) -> Iterator[Finding]:
    for audience in dict.fromkeys(step.audience for step in facts.steps):
        fullest = max((_fullest_week(facts, audience, duty) for duty in TYPICAL), key=len)
        if len(fullest) > MOST_IN_A_WEEK:
            words = _("%(steps)s: %(number)d mails to the same person within seven days.")
            yield _finding("flood", words, list(dict.fromkeys(fullest)), number=len(fullest))


def _fullest_week(facts: Facts, audience: str, duty: Duty) -> list[Step]:
    weeks: list[list[Step]] = [[]]
    for weekday in range(7):
        mails = sent(facts, audience, duty, weekday)
        weeks += [
            [step for day, step in mails[n : n + 7] if day < begin + 7] for n, (begin, _first) in enumerate(mails)
        ]
    return max(weeks, key=len)


def no_reminder(facts: Facts) -> Iterator[Finding]:
    if not facts.reminding:
        yield _finding("no_reminder", _("No step reminds the person. The plan has only: %(steps)s."), facts.steps)


def late_joiners(facts: Facts) -> Iterator[Finding]:
    unwarned = [days for days in range(1, GRACE_DAYS + 1) if not _before_due(facts, Duty(days))]
    first = _before_due(facts, LONG)
    if first and unwarned:
        words = ngettext(
            "Late joiners with %(days)d day until the due date get no mail before it. The first step is %(steps)s.",
            "Late joiners with %(days)d days or fewer until the due date get no mail before it. "
            "The first step is %(steps)s.",
            max(unwarned),
        )
        if not any(step.anchor == ASSIGNED for step in facts.reminding):
            words += " " + _("Nothing counts from the assignment.")
        yield _finding("late_joiners", words, first[:1], days=max(unwarned))


def nothing_before(facts: Facts) -> Iterator[Finding]:
    if facts.reminding and not _before_due(facts, LONG):
        first = min(facts.reminding, key=lambda step: (LONG.days_of(step) or [AFTERMATH + LONG.days])[0])
        yield _finding(
            "nothing_before", _("Nothing goes out before the due date. The first step is %(steps)s."), [first]
        )


def nothing_after(facts: Facts) -> Iterator[Finding]:
    if facts.reminding and not any(day > LONG.days for step in facts.reminding for day in LONG.days_of(step)):
        last = max(facts.reminding, key=lambda step: (LONG.days_of(step) or [-1])[-1])
        yield _finding("nothing_after", _("Nothing goes out after the due date. The last step is %(steps)s."), [last])


def _before_due(facts: Facts, duty: Duty) -> list[Step]:
    """The steps that reach the person before the due date, the earliest first."""
    days = [(min(duty.days_of(step), default=duty.days), n) for n, step in enumerate(facts.reminding)]
    return [facts.reminding[n] for day, n in sorted(days) if day < duty.days]


def untrue_later(facts: Facts) -> Iterator[Finding]:
    steps = [s for s in facts.reminding if s.anchor != ASSIGNED and s.repeat_days and s.text in UNTRUE_LATER]
    if steps:
        yield _finding(
            "untrue_later", _("%(steps)s: goes on after that day with a text for the days before it."), steps
        )


def little_time(facts: Facts) -> Iterator[Finding]:
    hours = facts.hours
    begin = hours.opens.hour * 60 + hours.opens.minute
    minutes = (hours.closes.hour * 60 + hours.closes.minute if hours.closes else 24 * 60) - begin
    if minutes < 60:
        words = ngettext(
            "Mails may go out only during %(minutes)d minute of a day; many may have to wait for the next: %(steps)s.",
            "Mails may go out only during %(minutes)d minutes of a day; many may have to wait for the next: %(steps)s.",
            minutes,
        )
        yield _finding("little_time", words, facts.steps, minutes=minutes)


def nobody_else(facts: Facts) -> Iterator[Finding]:
    if facts.standard and not facts.digest and not facts.escalating:
        words = _("Managers and HR hear of nobody who is overdue: there is no weekly digest and no step to them.")
        yield Finding("nobody_else", words)


Check = Callable[[Facts], Iterator[Finding]]
CHECKS: tuple[Check, ...] = (
    no_reminder,
    escalation_first,
    nothing_before,
    late_joiners,
    nothing_after,
    closed_days,
    due_on_closed_days,
    too_early,
    nothing_expires,
    flood,
    untrue_later,
    little_time,
    nobody_else,
)


def _weekdays(days: Iterable[int]) -> str:
    return ", ".join(weekday_in_words(day) for day in days)


def _finding(code: str, words: str, steps: Iterable[Step], **params: object) -> Finding:
    steps = tuple(steps)
    names = ", ".join(_("“%s”") % step.words for step in steps[:NAMED])
    if more := len(steps) - NAMED if len(steps) > NAMED else 0:
        names += " " + ngettext("and %(number)s more", "and %(number)s more", more) % {"number": more}
    return Finding(code, words % {"steps": names, **params}, tuple(step.id for step in steps))
