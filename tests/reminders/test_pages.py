"""The ledger explains what was mailed and why somebody got nothing."""

import datetime as dt

from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import translation

import pytest

from accounts.models import AuditEvent, Person
from reminders import deciding, health, sending
from reminders.explaining import explain
from reminders.models import Reason, Reminder, ReminderEvent, State, outcome_in_words
from reminders.planning import plan
from reminders.previewing import next_sending_day, preview
from reminders.transitions import move
from tests.factories import make_person
from tests.reminders.moving import committing, sent
from tests.training.walking import complete, open_cycle
from training import duties


@pytest.fixture
def cycle(cast, course, day):
    return open_cycle(course, cast.employee, now=day(0), due_on=day(21).date())


@pytest.fixture
def unknown(cycle, now):
    plan(now=now)
    (held,) = sending.claim(now=now).claims
    sending.commit(held, now=now)
    sending.sweep(now=now + dt.timedelta(hours=1))
    return Reminder.objects.get()


def text(response) -> str:
    return response.content.decode()


def names(response) -> list[str]:
    return [row.person.first_name for row in response.context["page_obj"]]


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason not in (Reason.NONE, Reason.REFUSED)])
def test_each_reason_is_a_sentence_in_the_ledger(reason, cycle, cast, now, sign_in):
    plan(now=now)
    move([Reminder.objects.get().pk], State.CANCELLED, now=now, reason=reason)
    cast.hr.language = "en"
    cast.hr.save()
    page = text(sign_in(cast.hr).get(reverse("reminders:ledger")))
    assert "not sent</span>" in page
    with translation.override("en"):
        words = str(reason.label)
    assert f">{words}</span>" in page
    assert len(words.split()) > 3


def test_a_refusal_shows_what_the_server_said(cycle, cast, now, sign_in):
    plan(now=now)
    committing([Reminder.objects.get().pk], now=now)
    move([Reminder.objects.get().pk], State.FAILED, now=now, reason=Reason.REFUSED, smtp_reply="550 no such mailbox")
    assert "550 no such mailbox" in text(sign_in(cast.hr).get(reverse("reminders:ledger")))


@pytest.mark.parametrize("state", State)
def test_each_state_has_words(state):
    assert outcome_in_words(state, Reason.LEFT if state in (State.CANCELLED, State.SUPERSEDED) else "")


@pytest.fixture
def three(cast, course, other_course, day):
    """The employee was mailed, the colleague had left, the manager waits in another course."""
    open_cycle(course, cast.employee, now=day(0))
    open_cycle(course, cast.colleague, now=day(0))
    open_cycle(other_course, cast.manager, now=day(2))
    plan(now=day(0))
    sent([Reminder.objects.get(person=cast.employee).pk], now=day(0))
    Person.objects.filter(pk=cast.colleague.pk).update(left_on=day(1).date())
    plan(now=day(2))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["Michał", "Kamil", "Ewa"]),
        ({"outcome": "sent"}, ["Ewa"]),
        ({"outcome": "not-sent"}, ["Kamil"]),
        ({"outcome": "waiting"}, ["Michał"]),
        ({"outcome": "unclear"}, []),
        ({"mail": "overdue"}, []),
        ({"mail": "assigned"}, ["Michał", "Kamil", "Ewa"]),
        ({"since": "2026-06-02"}, ["Michał"]),
        ({"until": "2026-06-02"}, ["Kamil", "Ewa"]),
        ({"q": "zolcinski"}, ["Kamil"]),
        ({"q": "ewa", "outcome": "not-sent"}, []),
        ({"outcome": "nonsense"}, ["Michał", "Kamil", "Ewa"]),
        ({"since": "2026-13-45"}, ["Michał", "Kamil", "Ewa"]),
    ],
)
def test_the_ledger_filters_by_the_query_string(query, found, three, cast, sign_in):
    assert names(sign_in(cast.hr).get(reverse("reminders:ledger"), query)) == found


def test_the_ledger_filters_by_course(three, cast, other_course, sign_in):
    page = sign_in(cast.hr).get(reverse("reminders:ledger"), {"course": other_course.pk})
    assert names(page) == ["Michał"]


def test_a_filter_value_that_cannot_be_is_named(three, cast, sign_in):
    page = text(sign_in(cast.hr).get(reverse("reminders:ledger"), {"since": "2026-13-45"}))
    assert 'class="form-errors"' in page


def test_a_system_administrator_sees_neither_step_nor_reason(three, cast, other_course, sign_in):
    page = sign_in(cast.sysadmin).get(reverse("reminders:ledger"), {"mail": "done", "course": other_course.pk})
    assert len(names(page)) == 3
    assert str(Reason.LEFT.label) not in text(page)
    assert "<td>assigned" not in text(page)
    assert "Other course" not in text(page)


def test_the_ledger_asks_the_same_number_of_queries_for_one_row_and_for_many(
    three, cast, course, day, sign_in, django_assert_max_num_queries
):
    browser = sign_in(cast.hr)
    browser.get(reverse("reminders:ledger"))
    with django_assert_max_num_queries(20) as few:
        browser.get(reverse("reminders:ledger"))
    for _number in range(60):
        open_cycle(course, make_person(cast.shops), now=day(2))
    plan(now=day(2))
    with django_assert_max_num_queries(20) as many:
        assert len(browser.get(reverse("reminders:ledger")).context["page_obj"]) == 50
    assert len(many) == len(few) <= 12  # one fewer while no hours are open


def test_a_persons_page_asks_the_same_number_of_queries_for_one_row_and_for_many(
    cycle, cast, day, sign_in, django_assert_max_num_queries
):
    browser, url = sign_in(cast.hr), reverse("reminders:person", args=[cast.employee.pk])
    plan(now=day(0))
    browser.get(url)
    with django_assert_max_num_queries(20) as few:
        browser.get(url, {"day": "2026-06-04"})
    plan(now=day(50))
    with django_assert_max_num_queries(20) as many:
        browser.get(url, {"day": "2026-06-04"})
    assert Reminder.objects.count() == 7
    assert len(many) == len(few) <= 16


def test_a_persons_page_shows_every_event_in_order(unknown, cast, sign_in):
    cast.hr.language = "en"
    cast.hr.save()
    page = text(sign_in(cast.hr).get(reverse("reminders:person", args=[cast.employee.pk])))
    assert page.index("being sent") < page.index("being handed over") < page.index("no answer after the final dot")


def reasons(person, day, today):
    with translation.override("en"):
        return " ".join(answer.sentence for answer in explain(person, day.date(), today=today.date()))


def test_a_day_without_a_mail_is_explained(cast, course, cycle, day):
    person = cast.employee
    assert "Not yet assigned" in reasons(person, day(-3), day(30))
    assert "No step fell on that day: the due date is 22 June 2026" in reasons(person, day(3), day(30))
    assert "still to come" in reasons(person, day(31), day(30))
    assert "No course was assigned" in reasons(cast.colleague, day(3), day(30))


def test_a_mail_that_waited_over_the_weekend_explains_each_day(cast, cycle, day):
    plan(now=day(0))
    sent(Reminder.objects.values_list("pk", flat=True), now=day(0))
    plan(now=day(14))
    sent(Reminder.objects.filter(state=State.PENDING).values_list("pk", flat=True), now=day(14))
    plan(now=day(20, 10))
    sent(Reminder.objects.filter(state=State.PENDING).values_list("pk", flat=True), now=day(21, 8))
    assert reasons(cast.employee, day(20), day(30)) == (
        "The mail “1 day before the due date” of 21 June 2026: waiting: it was due on a day without mails. "
        "It was sent on 22 June 2026, 08:00."
    )
    assert "was sent on 22 June 2026, 08:00" in reasons(cast.employee, day(21), day(30))
    assert "waiting" not in reasons(cast.employee, day(21), day(30))


def test_leave_and_waiver_explain_a_day_even_after_they_ended(cast, cycle, day):
    leave = duties.put_on_leave(
        cast.employee, starts_on=day(2).date(), ends_on=day(3).date(), reason="x", by=cast.hr, now=day(2)
    )
    waiver = duties.waive(cycle, reason="x", until=None, by=cast.hr, now=day(5))
    duties.end_waiver(waiver, by=cast.hr, now=day(8))
    assert leave.ends_on
    assert "on leave" in reasons(cast.employee, day(2), day(30))
    assert "on leave" not in reasons(cast.employee, day(4), day(30))
    assert "waived" in reasons(cast.employee, day(7), day(30))
    assert "waived" not in reasons(cast.employee, day(8), day(30))


def test_completing_and_leaving_explain_a_day(cast, course, day):
    complete(course, cast.employee, now=day(2))
    assert "had completed the course on 3 June 2026" in reasons(cast.employee, day(5), day(30))
    cast.employee.left_on = day(10).date()
    assert "left on 11 June 2026" in reasons(cast.employee, day(10), day(30))


def test_a_written_row_explains_its_day(unknown, cast, day):
    assert "unclear" in reasons(cast.employee, day(0), day(30))


def test_the_page_answers_for_the_day_asked(cycle, cast, sign_in):
    cast.hr.language = "en"
    cast.hr.save()
    page = sign_in(cast.hr).get(reverse("reminders:person", args=[cast.employee.pk]), {"day": "2026-05-01"})
    assert "Not yet assigned" in text(page)
    page = sign_in(cast.hr).get(reverse("reminders:person", args=[cast.employee.pk]), {"day": "nonsense"})
    assert page.status_code == 200
    assert not page.context["answers"]


def decide(browser, reminder, **data):
    return browser.post(reverse("reminders:decide", args=[reminder.pk]), data)


@pytest.mark.parametrize("actor", ["hr", "sysadmin"])
@pytest.mark.parametrize(("decision", "ends"), [("delivered", State.SENT), ("again", State.PENDING)])
def test_an_unclear_mail_is_decided_with_a_reason(actor, decision, ends, unknown, cast, sign_in):
    person = cast.actor(actor)
    browser = sign_in(person)
    assert browser.get(reverse("reminders:decide", args=[unknown.pk])).status_code == 200
    assert decide(browser, unknown, decision=decision, reason="asked her").status_code == 302
    unknown.refresh_from_db()
    assert unknown.state == ends
    event = ReminderEvent.objects.latest("pk")
    assert (event.by, event.note, event.state) == (person, "asked her", ends)
    assert AuditEvent.objects.filter(action="reminders.decide", actor=person).count() == 1


def test_a_decision_without_a_reason_is_refused(unknown, cast, sign_in):
    assert decide(sign_in(cast.hr), unknown, decision="delivered", reason=" ").status_code == 200
    unknown.refresh_from_db()
    assert unknown.state == State.UNKNOWN


def test_nobody_else_may_decide(unknown, cast, sign_in):
    for actor in ("employee", "colleague", "manager", "editor"):
        assert decide(sign_in(cast.actor(actor)), unknown, decision="again", reason="x").status_code == 404
    unknown.refresh_from_db()
    assert unknown.state == State.UNKNOWN


def test_a_decided_mail_cannot_be_decided_again(unknown, cast, now):
    deciding.confirm_delivered(unknown, reason="asked her", by=cast.hr, now=now)
    for verb in (deciding.confirm_delivered, deciding.resend, deciding.give_up):
        with pytest.raises(deciding.NotPossible):
            verb(unknown, reason="again", by=cast.hr, now=now)


def test_a_decision_needs_a_reason(unknown, cast, now):
    for verb in (deciding.confirm_delivered, deciding.resend, deciding.give_up):
        with pytest.raises(deciding.ReasonMissing):
            verb(unknown, reason=" \n", by=cast.hr, now=now)


def test_an_unclear_mail_that_is_left_at_that_asks_nobody_again(unknown, cast, now):
    unknown = deciding.give_up(unknown, reason="long ago", by=cast.hr, now=now)
    assert (unknown.state, unknown.reason) == (State.UNKNOWN, Reason.GIVEN_UP)
    assert health.report(now).unclear == 0
    with pytest.raises(deciding.NotPossible):
        deciding.give_up(unknown, reason="again", by=cast.hr, now=now)


def test_a_waiting_mail_can_be_given_up_and_sent_after_all(cycle, cast, now, day):
    plan(now=now)
    mail = Reminder.objects.get()
    mail = deciding.give_up(mail, reason="told her in person", by=cast.hr, now=now)
    assert (mail.state, mail.reason) == (State.CANCELLED, Reason.GIVEN_UP)
    plan(now=day(1))
    assert Reminder.objects.count() == 1
    mail = deciding.resend(mail, reason="she asked for it", by=cast.hr, now=day(1, 20))
    assert (mail.state, mail.reason, mail.not_before) == (State.PENDING, "", day(2, 8))


def test_a_refused_mail_can_be_sent_again(cycle, cast, now):
    plan(now=now)
    mail = Reminder.objects.get()
    committing([mail.pk], now=now)
    move([mail.pk], State.FAILED, now=now, reason=Reason.REFUSED)
    mail = deciding.resend(mail, reason="the mailbox exists now", by=cast.hr, now=now)
    assert mail.state == State.PENDING


@pytest.mark.parametrize("state", [State.SENT, State.SUPERSEDED, State.COMMITTING])
def test_what_is_sent_or_on_its_way_cannot_be_decided(state, cycle, cast, now, sign_in):
    plan(now=now)
    mail = Reminder.objects.get()
    if state == State.SUPERSEDED:
        move([mail.pk], state, now=now, reason=Reason.NEWER)
    else:
        (sent if state == State.SENT else committing)([mail.pk], now=now)
    mail.refresh_from_db()
    assert sign_in(cast.hr).get(reverse("reminders:decide", args=[mail.pk])).status_code == 404
    for verb in (deciding.confirm_delivered, deciding.resend, deciding.give_up):
        with pytest.raises(deciding.NotPossible):
            verb(mail, reason="x", by=cast.hr, now=now)


def test_a_system_administrator_decides_about_unclear_mails_only(cycle, cast, now, sign_in):
    plan(now=now)
    url = reverse("reminders:decide", args=[Reminder.objects.get().pk])
    assert sign_in(cast.hr).get(url).status_code == 200
    assert sign_in(cast.sysadmin).get(url).status_code == 404


def test_the_preview_says_what_the_run_of_that_day_then_plans(cast, course, other_course, day):
    for person in (cast.employee, cast.colleague):
        open_cycle(course, person, now=day(0), due_on=day(8).date())
    open_cycle(other_course, cast.employee, now=day(0), due_on=day(2).date())
    plan(now=day(0))
    for row in Reminder.objects.all():
        committing([row.pk], now=day(0))
        move([row.pk], State.FAILED, now=day(0), reason=Reason.REFUSED)
    expected = [(mail.cycle_id, mail.what, mail.occurs_on) for mail in preview(day(1).date(), now=day(0, 10))]
    assert len(expected) == 3
    plan(now=day(1, 8))
    planned = Reminder.objects.filter(state=State.PENDING).order_by("cycle_id")
    assert expected == [(row.cycle_id, row.what, row.occurs_on) for row in planned]


def test_the_preview_shows_which_mail_moves_because_of_another(cast, course, other_course, day):
    open_cycle(course, cast.employee, now=day(0), due_on=day(2).date())
    open_cycle(other_course, cast.employee, now=day(0), due_on=day(2).date())
    plan(now=day(0, 20))
    assert [mail.moves for mail in preview(day(1).date(), now=day(0, 21))] == [False, True]


def test_a_waiting_mail_that_a_newer_step_replaces_is_previewed_once(cast, course, day):
    open_cycle(course, cast.employee, now=day(0), due_on=day(2).date())
    plan(now=day(0, 20))
    with translation.override("en"):
        assert [mail.what for mail in preview(day(1).date(), now=day(0, 21))] == ["1 day before the due date"]


def test_the_weekend_has_no_mails_and_friday_previews_monday(cycle, day):
    assert preview(day(5).date(), now=day(4)) == []
    assert next_sending_day(now=day(4)) == day(7).date()


def test_the_preview_writes_nothing(cycle, day, django_assert_num_queries):
    with django_assert_num_queries(5) as asked:
        assert preview(day(14).date(), now=day(13))
    assert not any(
        word in query["sql"].upper() for query in asked for word in ("INSERT ", "UPDATE ", "DELETE ", "SETVAL")
    )
    assert not Reminder.objects.exists()


def test_the_page_of_tomorrow_lists_people(cycle, cast, sign_in, time_machine_at):
    with time_machine_at("2026-06-14T10:00:00+02:00"):
        page = sign_in(cast.hr).get(reverse("reminders:tomorrow"))
    assert cast.employee.name in text(page)
    assert not Reminder.objects.exists()


@pytest.fixture
def time_machine_at():
    import time_machine

    return lambda moment: time_machine.travel(dt.datetime.fromisoformat(moment), tick=False)


def test_the_command_prints_a_plan_and_writes_nothing(cycle, cast, day, capsys):
    with translation.override("en"):
        call_command("plan_reminders", "--dry-run", "--day", "2026-06-15")
    assert f"{cast.employee.name}: 7 days before the due date of 2026-06-15" in capsys.readouterr().out
    assert not Reminder.objects.exists()


def test_the_command_never_writes_the_plan_of_another_day(cycle):
    with pytest.raises(CommandError):
        call_command("plan_reminders", "--day", "2026-06-15")


def test_health_counts_what_needs_a_person(unknown, cast, course, now, day):
    health.note_tick(now=now)
    open_cycle(course, cast.colleague, now=now)
    plan(now=now)
    report = health.report(day(0, 9, 10))
    assert (report.tick_late, report.unclear, report.waiting_long) == (False, 1, 0)
    late = health.report(day(0, 11))
    assert (late.tick_late, late.waiting_long, late.ok) == (True, 1, False)


def test_a_company_that_never_ticked_is_not_healthy(db, now):
    assert health.report(now).tick_late


def test_the_ledger_warns_about_what_health_reports(unknown, cast, sign_in):
    page = text(sign_in(cast.sysadmin).get(reverse("reminders:ledger")))
    assert page.count('class="message warning"') == 2
