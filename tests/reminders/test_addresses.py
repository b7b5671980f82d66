"""HR sees whose address does not take mail, what the server said, and clears the mark."""

import re

from django.urls import reverse
from django.utils import translation

import pytest

from accounts.models import AuditEvent, Person
from reminders.bouncing import note_refusal, receive
from reminders.explaining import explain
from reminders.models import Bounce, Reminder, State
from reminders.planning import plan
from tests.factories import make_person
from tests.reminders.moving import bring_to
from tests.reminders.notifications import notification, recipient
from tests.training.walking import open_cycle

REPLY = "550 5.1.1 no such mailbox"


def text(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


@pytest.fixture
def mark(cast, course, now):
    """A mail to the employee, sent and come back."""
    open_cycle(course, cast.employee, now=now)
    plan(now=now)
    mail = Reminder.objects.get()
    bring_to(mail, State.SENT, now)
    receive(notification(recipient(cast.employee.email, said=REPLY), message_id=mail.message_id), now=now)
    Person.objects.update(language="en")
    return Bounce.objects.get()


def clear(browser, mark, **data):
    return browser.post(reverse("reminders:clear_bounce", args=[mark.pk]), data)


def test_the_list_names_the_person_the_address_and_the_server_s_words(mark, cast, sign_in):
    page = text(sign_in(cast.hr).get(reverse("reminders:addresses")))
    for words in (cast.employee.name, cast.employee.email, REPLY, "The address works again"):
        assert words in page


def test_an_address_that_was_corrected_or_cleared_is_off_the_list(mark, cast, sign_in):
    browser = sign_in(cast.hr)
    Person.objects.filter(pk=cast.employee.pk).update(email="new@example.com")
    assert "Every address takes mail" in text(browser.get(reverse("reminders:addresses")))
    Person.objects.filter(pk=cast.employee.pk).update(email=mark.email)
    assert mark.email in text(browser.get(reverse("reminders:addresses")))
    Person.objects.filter(pk=cast.employee.pk).update(left_on="2026-01-01")
    assert mark.email not in text(browser.get(reverse("reminders:addresses")))


def test_an_address_with_several_marks_stands_there_once(mark, cast, now, sign_in):
    note_refusal(mark.reminder_id, recipient=mark.email, reply="550 5.1.1 the newest words", now=now)
    page = sign_in(cast.hr).get(reverse("reminders:addresses"))
    assert [row.diagnostic for row in page.context["page_obj"]] == ["550 5.1.1 the newest words"]


def test_the_button_clears_the_mark_with_its_reason(mark, cast, sign_in):
    answer = clear(sign_in(cast.hr), mark, reason="asked her")
    assert answer.url == reverse("reminders:addresses")
    mark.refresh_from_db()
    assert mark.cleared_by == cast.hr
    assert AuditEvent.objects.get(action="reminders.clear_bounce").detail["reason"] == "asked her"


def test_without_a_reason_nothing_happens_and_the_page_says_so(mark, cast, sign_in):
    browser = sign_in(cast.hr)
    answer = clear(browser, mark, reason=" ")
    assert "Say how you know that the address works" in text(browser.get(answer.url))
    assert Bounce.objects.in_force().exists()


def test_a_second_click_is_told_that_it_came_late(mark, cast, sign_in):
    browser = sign_in(cast.hr)
    clear(browser, mark, reason="asked her")
    answer = clear(browser, mark, reason="asked her")
    assert "not marked any more" in text(browser.get(answer.url))
    assert AuditEvent.objects.filter(action="reminders.clear_bounce").count() == 1


def test_nobody_but_hr_sees_or_clears(mark, cast, sign_in):
    for actor in ("employee", "colleague", "manager", "editor", "sysadmin"):
        browser = sign_in(cast.actor(actor))
        assert browser.get(reverse("reminders:addresses")).status_code == 404
        assert clear(browser, mark, reason="x").status_code == 404
    assert Bounce.objects.in_force().exists()


def test_the_page_of_the_person_shows_the_mark_and_leads_back_to_itself(mark, cast, sign_in):
    browser, url = sign_in(cast.hr), reverse("reminders:person", args=[cast.employee.pk])
    page = text(browser.get(url))
    assert f"Mail to {mark.email} comes back" in page
    assert REPLY in page
    answer = clear(browser, mark, reason="asked her", next=url)
    assert answer.url == url
    assert "comes back" not in text(browser.get(url))
    assert clear(browser, mark, reason="x", next="//evil.example").url == reverse("reminders:addresses")


def test_the_ledger_says_beside_a_mail_that_was_sent_that_it_came_back(mark, cast, sign_in):
    page = text(sign_in(cast.hr).get(reverse("reminders:ledger")))
    assert "sent; came back" in page
    assert REPLY in page
    assert "1 address does not take mail" in page
    assert "sent; came back" in text(sign_in(cast.hr).get(reverse("reminders:person", args=[cast.employee.pk])))
    seen_by_administrator = text(sign_in(cast.sysadmin).get(reverse("reminders:ledger")))
    assert "sent; came back" in seen_by_administrator
    assert "address does not take mail" not in seen_by_administrator


def test_a_day_s_explanation_says_that_the_mail_came_back(mark, cast, now):
    with translation.override("en"):
        (answer,) = explain(cast.employee, now.date(), today=now.date())
    assert answer.sentence.endswith(f"was sent on 1 June 2026, 09:00. It came back on 1 June 2026, 09:00: {REPLY}"), (
        answer.sentence
    )


@pytest.mark.parametrize(("page", "queries"), [("reminders:addresses", 4), ("reminders:ledger", 12)])
def test_the_number_of_queries_is_the_same_for_one_mark_and_for_many(
    mark, cast, course, now, sign_in, page, queries, django_assert_max_num_queries
):
    browser = sign_in(cast.hr)
    browser.get(reverse(page))
    with django_assert_max_num_queries(queries):
        browser.get(reverse(page))
    for _number in range(30):
        open_cycle(course, make_person(cast.shops), now=now)
    plan(now=now)
    for mail in Reminder.objects.filter(state=State.PENDING).select_related("person"):
        note_refusal(mail.pk, recipient=mail.person.email, reply=REPLY, now=now)
    with django_assert_max_num_queries(queries):
        assert len(browser.get(reverse(page)).context["page_obj"]) == 31
