"""Why did this person get no mail on that day? For every reason of the ledger: brought about as it happens in a
company, and read on the person's page in both languages."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone

import pytest

from accounts.models import Person, RoleGrant
from reminders import deciding, sending
from reminders.models import MailKind, PlanStep, Reason, Reminder
from reminders.notices import plan_notices
from reminders.planning import plan
from tests.cast import Cast
from tests.reminders.draining import drain
from tests.reminders.moving import bounce
from tests.reminders.plans import make_step, standard
from tests.reminders.smtp_server import faulty_server
from tests.training.walking import open_cycle, walk_to
from training import duties, progress
from training.models import Cycle

SATURDAY, DUE = 19, 21  # days after Monday 1 June: the due date is Monday 22 June
CORPUS_CHRISTI = 3


@dataclass
class Stage:
    cast: Cast
    course: Any
    other_course: Any
    day: Callable[..., dt.datetime]
    monkeypatch: pytest.MonkeyPatch

    def duty(self, opened: int = 0, hour: int = 9, due: int = DUE) -> Cycle:
        """Assigned then, and planned at once."""
        at = self.day(opened, hour)
        made = open_cycle(self.course, self.cast.employee, now=at, due_on=self.day(due).date())
        plan(now=at)
        return made

    def send(self, day: int, hour: int = 9, *behaviour: str) -> None:
        """What a worker does then, with a mail server that behaves like that."""
        with faulty_server(*behaviour) as (_log, port):
            drain(port, self.day(day, hour))

    def escalation(self) -> None:
        """The manager is owed one about the employee, from three days after the due date; it waits from 7 to 8."""
        PlanStep.objects.exclude(audience="person").delete()
        make_step(standard(), "due", 3, audience="manager", text=MailKind.ESCALATION)
        self.duty()
        plan_notices(now=self.day(DUE + 3, 7))


def completed(stage: Stage) -> int:
    duty = progress.start(stage.duty(), now=stage.day(0))
    walk_to(duty, "acknowledgement", now=stage.day(0))
    progress.acknowledge(duty, agreed=True, name="Ewa", language="pl", now=stage.day(0))
    stage.send(0)
    return 0


def left(stage: Stage) -> int:
    stage.duty()
    Person.objects.filter(pk=stage.cast.employee.pk).update(left_on=stage.day(1).date())
    stage.send(1)
    return 1


def waived(stage: Stage) -> int:
    duties.waive(stage.duty(), reason="x", until=None, by=stage.cast.hr, now=stage.day(0))
    stage.send(0)
    return 0


def on_leave(stage: Stage) -> int:
    stage.duty()
    first, by = stage.day(0).date(), stage.cast.hr
    duties.put_on_leave(stage.cast.employee, starts_on=first, ends_on=None, reason="x", by=by, now=stage.day(0))
    stage.send(0)
    return 0


def due_moved(stage: Stage) -> int:
    duty = stage.duty()
    stage.send(0)
    plan(now=stage.day(DUE - 7))
    later = stage.day(60).date()
    duties.extend(duty, new_due_on=later, reason="x", by=stage.cast.hr, now=stage.day(DUE - 7))
    stage.send(DUE - 7)
    return DUE - 7


def plan_changed(stage: Stage) -> int:
    stage.duty()
    PlanStep.objects.filter(anchor="assigned", audience="person").update(ended_at=stage.day(0))
    stage.send(0)
    return 0


def newer(stage: Stage) -> int:
    stage.duty()
    plan(now=stage.day(DUE - 7))
    return 0


def too_late(stage: Stage) -> int:
    standard_plan = standard()
    standard_plan.catch_up_days = 0
    standard_plan.save()
    stage.duty(SATURDAY - 14)
    return SATURDAY - 14


def bounced(stage: Stage) -> int:
    bounce(stage.cast.employee, stage.duty(), now=stage.day(0))
    stage.send(0)
    return 0


def nothing_to_say(stage: Stage) -> tuple[Person, int]:
    stage.escalation()
    duty = Cycle.objects.get()
    duties.waive(duty, reason="x", until=None, by=stage.cast.hr, now=stage.day(DUE + 3, 7))
    stage.send(DUE + 3)
    return stage.cast.manager, DUE + 3


def not_responsible(stage: Stage) -> tuple[Person, int]:
    stage.escalation()
    RoleGrant.objects.filter(person=stage.cast.manager).delete()
    stage.send(DUE + 3)
    return stage.cast.manager, DUE + 3


def given_up(stage: Stage) -> int:
    stage.duty()
    deciding.give_up(Reminder.objects.get(), reason="x", by=stage.cast.hr, now=stage.day(0))
    return 0


def one_a_day(stage: Stage) -> int:
    open_cycle(stage.other_course, stage.cast.employee, now=stage.day(0))
    stage.duty()
    stage.send(0)
    return 0


def quiet_hours(stage: Stage) -> int:
    stage.duty(hour=20)
    return 0


def day_off(stage: Stage) -> int:
    stage.duty(SATURDAY - 14)
    return SATURDAY - 14


def holiday(stage: Stage) -> int:
    stage.duty(CORPUS_CHRISTI)
    return CORPUS_CHRISTI


def try_again(stage: Stage) -> int:
    stage.duty()
    stage.send(0, 9, "4yz")
    return 0


def unwritable(stage: Stage) -> int:
    stage.duty()
    stage.monkeypatch.setattr(sending.mails, "compose", lambda *_which, **_when: 1 / 0)
    stage.send(0)
    return 0


def refused(stage: Stage) -> int:
    stage.duty()
    stage.send(0, 9, "5yz")
    return 0


# Reason → how it comes about (returns the day to ask about, and of whom if not of the employee); what the page says of
# it in English and in Polish. Of whoever has left, the page says only that.
STORIES: dict[Reason, tuple[Callable[[Stage], Any], str, str]] = {
    Reason.COMPLETED: (
        completed,
        "not sent: the person had completed the course",
        "nie wysłano: szkolenie było już ukończone",
    ),
    Reason.LEFT: (left, "The person left on 2 June 2026.", "Ta osoba odeszła z firmy 2 czerwca 2026."),
    Reason.WAIVED: (waived, "not sent: the duty was waived", "nie wysłano: trwało zwolnienie z obowiązku"),
    Reason.ON_LEAVE: (on_leave, "not sent: the person was on leave", "nie wysłano: ta osoba była nieobecna"),
    Reason.DUE_MOVED: (due_moved, "not sent: the due date had moved", "nie wysłano: termin się zmienił"),
    Reason.PLAN_CHANGED: (
        plan_changed,
        "not sent: the step was taken out of the plan",
        "nie wysłano: krok usunięto z planu",
    ),
    Reason.NEWER: (
        newer,
        "not sent: a newer step was due on the same day",
        "nie wysłano: nowszy krok przypadł tego samego dnia",
    ),
    Reason.TOO_LATE: (
        too_late,
        "not sent: the step was missed by more days than",
        "nie wysłano: od dnia kroku minęło więcej dni, niż plan nadrabia",
    ),
    Reason.BOUNCED: (
        bounced,
        "not sent: mail to the person’s address came back",
        "nie wysłano: wiadomości na adres tej osoby wracały",
    ),
    Reason.NOTHING_TO_SAY: (
        nothing_to_say,
        "not sent: nobody was overdue any more",
        "nie wysłano: nikt nie był już po terminie",
    ),
    Reason.NOT_RESPONSIBLE: (
        not_responsible,
        "not sent: the recipient was no longer responsible",
        "nie wysłano: ta osoba nie odpowiadała już za dział",
    ),
    Reason.GIVEN_UP: (
        given_up,
        "not sent: HR decided that it is not to be sent",
        "nie wysłano: HR postanowił jej nie wysyłać",
    ),
    Reason.ONE_A_DAY: (
        one_a_day,
        "waiting: the person already got a mail that day",
        "czeka: tego dnia wyszła już do tej osoby inna wiadomość",
    ),
    Reason.QUIET_HOURS: (quiet_hours, "waiting: it was due in quiet hours", "czeka: przypadła w godzinach ciszy"),
    Reason.DAY_OFF: (day_off, "waiting: it was due on a day without mails", "czeka: przypadła w dniu bez wysyłki"),
    Reason.HOLIDAY: (holiday, "waiting: it was due on a public holiday", "czeka: przypadła w święto"),
    Reason.TRY_AGAIN: (
        try_again,
        "waiting: the mail server did not take it yet",
        "czeka: serwer poczty jeszcze jej nie przyjął",
    ),
    Reason.UNWRITABLE: (
        unwritable,
        "waiting: the text of the mail could not be filled in",
        "czeka: nie udało się uzupełnić tekstu wiadomości",
    ),
    Reason.REFUSED: (refused, "refused by the mail server", "odrzucona przez serwer poczty"),
}


def test_no_reason_is_left_out():
    assert set(STORIES) == set(Reason) - {Reason.NONE}


@pytest.mark.parametrize("reason", STORIES)
def test_the_page_of_a_person_says_why_no_mail_came_that_day(
    reason, cast, course, other_course, day, monkeypatch, sign_in
):
    happens, *sentences = STORIES[reason]
    asked = happens(Stage(cast, course, other_course, day, monkeypatch))
    person, number = asked if isinstance(asked, tuple) else (cast.employee, asked)
    assert Reminder.objects.filter(person=person, reason=reason).exists()
    url = reverse("reminders:person", args=[person.pk])
    with monkeypatch.context() as later:
        later.setattr(timezone, "now", lambda: day(90))
        for language, sentence in zip(("en", "pl"), sentences, strict=True):
            Person.objects.filter(pk=cast.hr.pk).update(language=language)
            page = sign_in(cast.hr).get(url, {"day": day(number).date().isoformat()})
            said = [words.replace("\u00a0", " ") for _title, words in page.context["answers"]]
            assert any(sentence in words for words in said), said
