"""A mail by hand: who may ask for one, about whom, how often, and what they hear of it."""

import datetime as dt
import re
import threading

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone, translation

import pytest
import time_machine

from accounts.models import AuditEvent, Person, Role
from reminders import nudging, sending
from reminders.bouncing import note_refusal
from reminders.deciding import give_up, resend
from reminders.explaining import explain
from reminders.models import Kind, MailKind, Reason, Reminder, State
from reminders.nudging import nudge
from reminders.planning import plan
from tests.factories import grant, make_person
from tests.reminders.moving import bring_to
from tests.together import together
from tests.training.walking import complete, open_cycle
from training import duties


@pytest.fixture
def cycle(cast, course, day):
    """Assigned a week ago, with its first mail sent then; due in three weeks."""
    cycle = open_cycle(course, cast.employee, now=day(-7), due_on=day(21).date())
    plan(now=day(-7))
    bring_to(Reminder.objects.get(), State.SENT, day(-7))
    return cycle


def nudges():
    return Reminder.objects.filter(kind=Kind.NUDGE)


@pytest.mark.parametrize("actor", ["manager", "hr"])
def test_a_manager_and_hr_ask_for_a_mail_now(actor, cast, cycle, now, today):
    by = cast.actor(actor)
    mail = nudge(cycle, by=by, now=now)
    assert (mail.kind, mail.text, mail.cycle, mail.person) == (Kind.NUDGE, MailKind.NUDGE, cycle, cast.employee)
    assert (mail.state, mail.reason, mail.occurs_on, mail.not_before) == (State.PENDING, "", today, now)
    event = mail.events.get()
    assert (event.by, event.state, event.at) == (by, State.PENDING, now)
    audited = AuditEvent.objects.get(action="reminders.nudge")
    assert (audited.actor, audited.subject_id) == (by, str(cast.employee.pk))
    assert audited.detail == {"cycle": cycle.pk, "reminder": mail.pk}
    assert [held.reminder_id for held in sending.claim(now=now).claims] == [mail.pk]


def test_in_quiet_hours_it_waits_for_the_next_ones_and_says_why(cast, cycle, day):
    mail = nudge(cycle, by=cast.manager, now=day(5, 20))
    assert (mail.occurs_on, mail.not_before, mail.reason) == (day(5).date(), day(7, 8), Reason.DAY_OFF)
    assert sending.claim(now=day(5, 21)).seen == 0
    assert sending.claim(now=day(7, 8)).claims


def test_nobody_else_may_ask(cast, cycle, now, day):
    stranger = grant(make_person(cast.payroll), Role.MANAGER, cast.payroll)
    for by in (stranger, cast.editor, cast.sysadmin, cast.colleague):
        with pytest.raises(nudging.NotTheirs):
            nudge(cycle, by=by, now=now)
    Person.objects.filter(pk=cast.employee.pk).update(left_on=now.date())
    with pytest.raises(nudging.NotTheirs):
        nudge(cycle, by=cast.manager, now=now)
    assert not nudges().exists()


def hinder(how, cast, course, cycle, now):
    today = now.date()
    if how == nudging.NothingToDo:
        return complete(course, make_person(cast.shops), now=now).cycle
    if how == nudging.HasLeft:
        Person.objects.filter(pk=cast.employee.pk).update(left_on=today)
    elif how == nudging.IsWaived:
        duties.waive(cycle, reason="contract", until=None, by=cast.hr, now=now)
    elif how == nudging.IsOnLeave:
        duties.put_on_leave(cast.employee, starts_on=today, ends_on=None, reason="x", by=cast.hr, now=now)
    elif how == nudging.AddressBounces:
        mail = Reminder.objects.get()
        note_refusal(mail.pk, recipient=cast.employee.email, reply="550 5.1.1 no", now=now)
    elif how == nudging.NudgedToday:
        mail = nudge(cycle, by=cast.manager, now=now)
        give_up(mail, reason="not meant", by=cast.hr, now=now)
    elif how == nudging.Yourself:
        return open_cycle(course, cast.hr, now=now)
    return cycle


@pytest.mark.parametrize(
    "how",
    [
        nudging.Yourself,
        nudging.NothingToDo,
        nudging.HasLeft,
        nudging.IsWaived,
        nudging.IsOnLeave,
        nudging.AddressBounces,
        nudging.NudgedToday,
    ],
)
def test_each_refusal_has_its_name_and_its_sentence(how, cast, course, cycle, now):
    concerned = hinder(how, cast, course, cycle, now)
    before = nudges().count()
    with pytest.raises(how) as refusal:
        nudge(concerned, by=cast.hr, now=now)
    assert str(how.reason) in refusal.value.messages
    assert nudges().count() == before
    assert AuditEvent.objects.filter(action="reminders.nudge").count() == before


@pytest.mark.parametrize("state", [State.SENT, State.UNKNOWN])
def test_whoever_got_a_mail_today_gets_no_second_one(state, cast, course, other_course, cycle, day):
    open_cycle(other_course, cast.employee, now=day(0))
    plan(now=day(0))
    bring_to(Reminder.objects.get(state=State.PENDING), state, day(0, 10))
    with pytest.raises(nudging.MailedToday):
        nudge(cycle, by=cast.manager, now=day(0, 11))
    assert nudge(cycle, by=cast.manager, now=day(1, 9))


def test_a_mail_on_its_way_counts_as_one_of_today(cast, other_course, cycle, now):
    open_cycle(other_course, cast.employee, now=now)
    plan(now=now)
    assert sending.claim(now=now).claims
    with pytest.raises(nudging.MailedToday):
        nudge(cycle, by=cast.manager, now=now)


def test_a_mail_that_waits_for_the_same_day_comes_first(cast, other_course, cycle, day):
    open_cycle(other_course, cast.employee, now=day(4, 20))
    plan(now=day(4, 20))
    assert Reminder.objects.get(state=State.PENDING).not_before == day(7, 8)
    with pytest.raises(nudging.MailWaits):
        nudge(cycle, by=cast.manager, now=day(5, 12))
    with pytest.raises(nudging.MailWaits):
        nudge(cycle, by=cast.manager, now=day(7, 7))


def test_a_mail_that_waits_for_a_later_day_does_not_stand_in_the_way(cast, other_course, cycle, day):
    open_cycle(other_course, cast.employee, now=day(0))
    plan(now=day(0))
    Reminder.objects.filter(state=State.PENDING).update(not_before=day(1, 8))
    assert nudge(cycle, by=cast.manager, now=day(0, 12))


def test_one_person_is_reminded_by_hand_once_a_day_over_all_courses(cast, other_course, cycle, day):
    nudge(cycle, by=cast.manager, now=day(0))
    other = open_cycle(other_course, cast.employee, now=day(-1))
    with pytest.raises(nudging.NudgedToday):
        nudge(other, by=cast.hr, now=day(0, 12))
    bring_to(nudges().get(), State.SENT, day(0, 13))
    assert nudge(other, by=cast.hr, now=day(1))


def test_the_database_holds_one_a_day(cast, cycle, now, today):
    mail = nudge(cycle, by=cast.manager, now=now)
    mail.pk, mail.message_id = None, "<rem.another@x>"
    with pytest.raises(IntegrityError, match="reminder_one_nudge_a_day"), transaction.atomic():
        mail.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_a_double_click_and_two_managers_at_once_owe_one_mail(cast, cycle, now, monkeypatch):
    """All four look at the same moment and find nothing in the way; the database takes one."""
    second = grant(make_person(cast.sales), Role.MANAGER, cast.sales)
    barrier, heard = threading.Barrier(4), []
    write = nudging.write

    def write_together(mail, **more):
        barrier.wait(timeout=10)
        return write(mail, **more)

    monkeypatch.setattr(nudging, "write", write_together)
    people = [cast.manager, cast.hr, second, grant(make_person(cast.company), Role.HR)]

    def ask(by):
        try:
            nudge(cycle, by=by, now=now)
            heard.append("owed")
        except nudging.NudgedToday:
            heard.append("refused")

    together(ask, people)
    assert sorted(heard) == ["owed", "refused", "refused", "refused"]
    assert nudges().count() == AuditEvent.objects.filter(action="reminders.nudge").count() == 1


def test_a_day_has_its_limit(cast, course, now, day, monkeypatch):
    monkeypatch.setattr(nudging, "MOST_A_DAY", 2)
    first, second, third = (open_cycle(course, make_person(cast.shops), now=now) for _number in range(3))
    mail = nudge(first, by=cast.manager, now=now)
    nudge(second, by=cast.manager, now=now)
    with translation.override("en"), pytest.raises(nudging.LimitReached, match="2 people"):
        nudge(third, by=cast.manager, now=now)
    assert nudge(third, by=cast.hr, now=now)
    bring_to(mail, State.FAILED, now)
    resend(mail, reason="x", by=cast.hr, now=now + dt.timedelta(minutes=1))
    assert nudging.nudges_today(cast.hr, now.date()) == 1, "deciding about a mail is not asking for one"
    assert nudging.nudges_today(cast.manager, day(1).date()) == 0


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_do_not_pass_the_limit(cast, course, now, monkeypatch):
    monkeypatch.setattr(nudging, "MOST_A_DAY", 1)
    cycles = [open_cycle(course, make_person(cast.shops), now=now) for _number in range(4)]
    refused = []

    def ask(cycle):
        try:
            nudge(cycle, by=cast.manager, now=now)
        except nudging.LimitReached:
            refused.append(cycle)

    together(ask, cycles)
    assert (nudges().count(), len(refused)) == (1, 3)


def lose(how, cast, cycle, now):
    if how == Reason.WAIVED:
        duties.waive(cycle, reason="contract", until=None, by=cast.hr, now=now)
    elif how == Reason.ON_LEAVE:
        duties.put_on_leave(cast.employee, starts_on=now.date(), ends_on=None, reason="x", by=cast.hr, now=now)
    elif how == Reason.LEFT:
        Person.objects.filter(pk=cast.employee.pk).update(left_on=now.date())


@pytest.mark.parametrize("how", [Reason.WAIVED, Reason.ON_LEAVE, Reason.LEFT])
def test_it_is_not_sent_when_the_duty_is_no_longer_owed(how, cast, cycle, now):
    mail = nudge(cycle, by=cast.manager, now=now)
    lose(how, cast, cycle, now)
    assert not sending.claim(now=now).claims
    mail.refresh_from_db()
    assert (mail.state, mail.reason) == (State.CANCELLED, how)


def explained(person, on, now):
    with translation.override("en"):
        return [answer.sentence for answer in explain(person, on.date(), today=now.date())]


def test_a_day_is_explained_by_it(cast, cycle, day):
    mail = nudge(cycle, by=cast.manager, now=day(5, 20))
    assert explained(cast.employee, day(5), day(9)) == [
        "The mail “nudge” of 6 June 2026: waiting: it was due on a day without mails; not before 8 June 2026, 08:00."
    ]
    bring_to(mail, State.SENT, day(7, 8))
    assert explained(cast.employee, day(7), day(9)) == [
        "The mail “nudge” of 6 June 2026 was sent on 8 June 2026, 08:00."
    ]


def test_a_step_of_the_same_day_says_that_the_person_already_got_a_mail(cast, cycle, day):
    nudge(cycle, by=cast.manager, now=day(14, 7))
    plan(now=day(14, 8))
    assert len(sending.claim(now=day(14, 8)).claims) == 1
    step = Reminder.objects.get(kind=Kind.STEP, state=State.PENDING)
    assert (step.reason, step.not_before) == (Reason.ONE_A_DAY, day(15, 8))


# Pages


@pytest.fixture
def english(db):
    Person.objects.update(language="en")


def press(browser, cycle, **data):
    return browser.post(reverse("reminders:nudge", args=[cycle.pk]), data)


def heard(answer):
    return [str(message) for message in answer.wsgi_request._messages]


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ((0, 9), "{name} gets a mail within a few minutes."),
        ((0, 18, 30), "Mails rest now. {name} will be mailed on Tuesday, 2 June 2026 at 8:00."),
        ((4, 19), "Mails rest now. {name} will be mailed on Monday, 8 June 2026 at 8:00."),
    ],
)
def test_the_manager_hears_when_the_mail_goes_out(moment, words, cast, cycle, english, sign_in, day):
    with time_machine.travel(day(*moment), tick=False):
        answer = press(sign_in(cast.manager), cycle)
    assert heard(answer) == [words.format(name=cast.employee.name)]
    assert answer.url == reverse("duties:person", args=[cast.employee.pk])


def test_a_refusal_is_heard_too_and_nothing_is_owed(cast, cycle, english, sign_in, day):
    duties.waive(cycle, reason="contract", until=None, by=cast.hr, now=day(0))
    with time_machine.travel(day(0), tick=False):
        answer = press(sign_in(cast.manager), cycle)
    assert heard(answer) == ["The duty is waived, so nobody is reminded of it."]
    assert not nudges().exists()


@pytest.mark.parametrize(
    ("there", "followed"),
    [
        ("/insights/people/?course=small&status=overdue", True),
        ("//evil.example/x", False),
        ("https://evil.example/", False),
        ("http:///evil.example", False),
        ("/\\evil.example", False),
        ("javascript:alert(1)", False),
        ("relative", False),
        ("", False),
    ],
)
def test_the_way_back_never_leads_elsewhere(there, followed, cast, cycle, sign_in):
    answer = press(sign_in(cast.manager), cycle, next=there)
    assert answer.status_code == 302
    assert answer.url == (there if followed else reverse("duties:person", args=[cast.employee.pk]))


def test_only_a_press_of_the_button_counts(cast, cycle, sign_in):
    assert sign_in(cast.manager).get(reverse("reminders:nudge", args=[cycle.pk])).status_code == 405
    for actor in ("employee", "colleague", "editor", "sysadmin"):
        assert press(sign_in(cast.actor(actor)), cycle).status_code == 404
    stranger = grant(make_person(cast.payroll), Role.MANAGER, cast.payroll)
    assert press(sign_in(stranger), cycle).status_code == 404
    assert not nudges().exists()


def button(page, cycle) -> str:
    """The button for that duty as it stands on the page; empty without one."""
    url = reverse("reminders:nudge", args=[cycle.pk])
    _before, found, after = page.content.decode().partition(f'"{url}"')
    return after.partition("</button>")[0] if found else ""


@pytest.mark.parametrize("actor", ["manager", "hr"])
def test_the_buttons_stand_where_they_make_sense(actor, cast, course, cycle, english, sign_in, day):
    done = complete(course, make_person(cast.shops, language="en"), now=day(-1)).cycle
    waived = open_cycle(course, make_person(cast.shops, language="en"), now=day(-1))
    duties.waive(waived, reason="contract", until=None, by=cast.hr, now=day(-1))
    away = open_cycle(course, make_person(cast.shops, language="en"), now=day(-1))
    duties.put_on_leave(away.person, starts_on=day(-1).date(), ends_on=None, reason="x", by=cast.hr, now=day(-1))
    own = open_cycle(course, cast.actor(actor), now=day(-1))
    browser = sign_in(cast.actor(actor))
    with time_machine.travel(day(0), tick=False):
        people = browser.get(reverse("dashboards:people"))
        pages = {
            each: browser.get(reverse("duties:person", args=[each.person_id]))
            for each in (cycle, done, waived, away, own)
        }
    assert "Remind" in button(people, cycle)
    assert cast.employee.name in button(people, cycle)
    assert "Remind now" in button(pages[cycle], cycle)
    assert "disabled" not in button(pages[cycle], cycle)
    for each in (done, own):
        assert not button(people, each)
        assert not button(pages[each], each)
    for each, why in ((waived, "The duty is waived"), (away, "The person is on leave")):
        assert not button(people, each)
        assert " disabled " in button(pages[each], each)
        assert why in pages[each].content.decode()


def test_whoever_has_left_cannot_be_reminded(cast, course, cycle, english, sign_in, day):
    Person.objects.filter(pk=cast.employee.pk).update(left_on=day(-1).date())
    with time_machine.travel(day(0), tick=False):
        page = sign_in(cast.hr).get(reverse("duties:person", args=[cast.employee.pk]))
        people = sign_in(cast.hr).get(reverse("dashboards:people"), {"status": "left"})
    assert cast.employee.name in people.content.decode()
    assert not button(people, cycle)
    assert " disabled " in button(page, cycle)


def test_a_reason_for_one_duty_is_not_said_of_the_next(cast, course, other_course, cycle, english, sign_in, day):
    second = open_cycle(other_course, cast.employee, now=day(-1))
    duties.waive(cycle, reason="contract", until=None, by=cast.hr, now=day(-1))
    with time_machine.travel(day(0), tick=False):
        page = sign_in(cast.manager).get(reverse("duties:person", args=[cast.employee.pk]))
    assert " disabled " in button(page, cycle)
    assert "disabled" not in button(page, second)


def test_the_button_of_the_list_works_and_leads_back_to_the_list(cast, cycle, english, sign_in, day):
    browser = sign_in(cast.manager)
    with time_machine.travel(day(0), tick=False):
        url = reverse("dashboards:people") + "?q=Ewa"
        page = browser.get(url).content.decode()
        form = page.partition('<form id="nudge"')[2].partition("</form>")[0]
        assert 'form="nudge"' in page
        answer = press(browser, cycle, next=re.search(r'name="next" value="([^"]*)"', form)[1])
        assert answer.url == url
        assert "within a few minutes" in browser.get(answer.url).content.decode()
    assert nudges().get().planned_at == day(0)
    assert timezone.localdate(nudges().get().planned_at) == nudges().get().occurs_on
