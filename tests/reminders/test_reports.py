"""Mails to managers and HR: who is in them, in which order, how many, and nobody of whom they may not speak."""

import datetime as dt
import re

from django.urls import reverse

import pytest

from accounts.models import Department, Person, Role
from accounts.people import move_person
from reminders import mails, overdue, sending
from reminders.models import Escalation, Kind, MailKind, MailText, PlanStep, Reason, Reminder, ReminderPlan, State
from reminders.occasions import occasion_of
from reminders.smtp import MailServer
from tests.factories import course_document, grant, make_course, make_department, make_person
from tests.reminders.smtp_server import faulty_server
from tests.reminders.writing import html, owe, text, written
from tests.training.walking import complete, open_cycle
from training.models import Leave, Waiver

NOTICES = (MailKind.ESCALATION, MailKind.DIGEST, MailKind.DIGEST_HR)


@pytest.fixture(autouse=True)
def _english(cast):
    Person.objects.update(language="en")


@pytest.fixture
def late(course, now):
    """`late(person, days)`: a duty of that person, overdue for so many days."""

    def opened(person, days=3, *, course=course, opened_days_ago=60):
        due_on = now.date() - dt.timedelta(days)
        return open_cycle(course, person, now=now - dt.timedelta(opened_days_ago), due_on=due_on)

    return opened


def notice(kind, person, *, now, cycles=()) -> Reminder:
    row = owe(kind, person=person, now=now)
    step = PlanStep.objects.order_by("pk").first()
    for cycle in cycles if kind == MailKind.ESCALATION else ():
        Escalation.objects.create(reminder=row, person=person, cycle=cycle, step=step, occurs_on=row.occurs_on)
    return row


def items(mail) -> list[str]:
    return [line for line in text(mail).splitlines() if line.startswith("- ")]


# Whom an escalation is about


def test_an_escalation_lists_name_department_course_and_days_worst_first(cast, late, now):
    second = make_person(cast.sales, first_name="Żaneta", last_name="Druga")
    cycles = [late(cast.employee, 3), late(second, 12)]
    mail = written(notice(MailKind.ESCALATION, cast.manager, now=now, cycles=cycles), now=now)
    assert mail["Subject"] == "Unfinished courses: 2 people"
    assert items(mail) == [
        "- Żaneta Druga (Sales): Small course (en), 12 days overdue",
        "- Ewa Pracownicka (Shops): Small course (en), 3 days overdue",
    ]
    order = [html(mail).index(name) for name in ("Żaneta Druga", "Ewa Pracownicka")]
    assert order == sorted(order)


def test_an_escalation_leaves_out_who_has_finished_or_moved_away_meanwhile(cast, late, course, now, today):
    stays, goes = make_person(cast.sales, last_name="Stays"), make_person(cast.sales, last_name="Goes")
    cycles = [late(stays), late(goes)]
    row = notice(MailKind.ESCALATION, cast.manager, now=now, cycles=cycles)
    assert len(items(written(row, now=now))) == 2
    move_person(goes, department=cast.payroll, by=cast.hr, now=now, today=today)
    assert [line.partition(" (")[0] for line in items(written(row, now=now))] == [f"- {stays.name}"]


def test_an_escalation_says_how_it_stands_also_before_the_due_date_and_without_one(cast, course, now):
    soon, never = make_person(cast.sales, last_name="Soon"), make_person(cast.sales, last_name="Whenever")
    cycles = [
        open_cycle(course, never, now=now),
        open_cycle(course, soon, now=now, due_on=now.date() + dt.timedelta(2)),
    ]
    lines = items(written(notice(MailKind.ESCALATION, cast.manager, now=now, cycles=cycles), now=now))
    assert [line.rpartition(", ")[2] for line in lines] == ["due in 2 days", "no due date"]


def test_an_escalation_shows_25_and_says_how_many_more(cast, late, now, settings):
    people = [make_person(cast.sales) for _n in range(28)]
    cycles = [late(person, days) for days, person in enumerate(people, 1)]
    mail = written(notice(MailKind.ESCALATION, cast.manager, now=now, cycles=cycles), now=now)
    assert len(items(mail)) == 25
    assert "28 days overdue" in items(mail)[0]
    url = f"{settings.BASE_URL}/insights/people/?course=small&status=overdue"
    assert f"  and 3 more: {url}" in text(mail).splitlines()
    assert f'href="{url.replace("&", "&amp;")}"' in html(mail)
    assert "and 3 more</a>" in html(mail)


def test_one_who_is_late_twice_is_one_person_on_two_lines(cast, late, now):
    other = make_course(course_document("other"), by=cast.editor)
    cycles = [late(cast.employee), late(cast.employee, course=other)]
    mail = written(notice(MailKind.ESCALATION, cast.manager, now=now, cycles=cycles), now=now)
    assert mail["Subject"] == "Unfinished courses: 1 person"
    assert len(items(mail)) == 2


# What a digest tells


def test_the_digest_of_a_manager_tells_who_is_overdue_who_is_due_and_what_changed(cast, late, course, now):
    new, done, soon = (make_person(cast.sales, first_name="A", last_name=name) for name in ("New", "Done", "Soon"))
    late(cast.employee, 30)
    late(new, 2)
    open_cycle(course, soon, now=now - dt.timedelta(3), due_on=now.date() + dt.timedelta(6))
    complete(course, done, now=now - dt.timedelta(7))
    mail = written(notice(MailKind.DIGEST, cast.manager, now=now), now=now)
    assert mail["Subject"] == "Training in your departments: 2 people overdue"
    assert text(mail).partition("25 May 2026.\n\n")[2].partition("\n\nOpen the list:")[0] == (
        "Overdue\n"
        "- Ewa Pracownicka (Shops): Small course (en), 30 days overdue\n"
        "- A New (Sales): Small course (en), 2 days overdue\n\n"
        "Due within seven days\n"
        "- A Soon (Sales): Small course (en), due in 6 days\n\n"
        "In the last seven days\n"
        "- With the course completed: 1 person (A Done)\n"
        "- Newly overdue: 1 person (A New)\n"
        "- With a new assignment: 1 person (A Soon)"
    )


@pytest.mark.parametrize(
    ("days_ago", "counted"), [(0, False), (1, True), (7, True), (8, False)], ids=["today", "1", "7", "8"]
)
def test_the_week_is_the_seven_whole_days_before_the_day_of_the_digest(cast, late, course, now, days_ago, counted):
    """So that no day is told twice and none is left out, however late the mail is written."""
    late(cast.employee)
    complete(course, make_person(cast.sales, first_name="A", last_name="Done"), now=now - dt.timedelta(days_ago))
    row = notice(MailKind.DIGEST, cast.manager, now=now)
    for at in (now, now + dt.timedelta(2)):
        assert ("A Done" in text(written(row, now=at))) == counted


def test_newly_overdue_is_who_was_in_no_digest_before(cast, late, course, now):
    for days in (1, 7, 8):
        late(make_person(cast.sales, first_name="Late", last_name=f"For{days}"), days)
    told = text(written(notice(MailKind.DIGEST, cast.manager, now=now), now=now))
    assert "- Newly overdue: 2 people (Late For1, Late For7)" in told


def test_a_week_without_changes_says_so(cast, late, now):
    late(cast.employee, 30)
    mail = written(notice(MailKind.DIGEST, cast.manager, now=now), now=now)
    assert "In the last seven days\nNothing has changed." in text(mail)
    assert "Nothing has changed." in html(mail)


def test_of_many_names_five_stand_there(cast, late, course, now):
    for _n in range(8):
        complete(course, make_person(cast.sales, first_name="A"), now=now - dt.timedelta(1))
    late(cast.employee)
    [line] = [
        line for line in items(written(notice(MailKind.DIGEST, cast.manager, now=now), now=now)) if "completed" in line
    ]
    assert line.startswith("- With the course completed: 8 people (A ")
    assert line.endswith(" and 3 more)")
    assert line.count("A ") == 5


def test_the_digest_of_hr_tells_departments_worst_first_and_leads_to_the_overview(cast, late, course, now, settings):
    late(cast.colleague, 40)
    for days in (2, 3):
        late(make_person(cast.shops, first_name="Late", last_name=f"For{days}"), days)
    open_cycle(course, cast.employee, now=now, due_on=now.date())
    complete(course, make_person(cast.shops), now=now - dt.timedelta(1))
    mail = written(notice(MailKind.DIGEST_HR, cast.hr, now=now), now=now)
    told = text(mail)
    assert mail["Subject"] == "Training in the company: 3 people overdue"
    assert told.partition("Departments\n")[2].startswith(
        "- Firma / Sales / Shops: overdue 2, due soon 1, completed 1\n"
        "- Firma / Payroll: overdue 1, due soon 0, completed 0\n"
    )
    assert "Longest overdue\n- Kamil Żółciński (Payroll): Small course (en), 40 days overdue\n- Late For3" in told
    assert f"{settings.BASE_URL}{reverse('dashboards:overview')}" in told.splitlines()
    cells = r"<td[^>]*>2</td><td[^>]*>1</td><td[^>]*>1</td>"
    assert re.search(rf'<th scope="row"[^>]*>Shops<br><span[^>]*>Firma / Sales</span></th>{cells}', html(mail))


def test_the_digest_of_hr_shows_ten_departments_and_ten_people(cast, late, now):
    for number in range(13):
        late(make_person(make_department(f"Department {number:02}", cast.company)), 13 - number)
    told = text(written(notice(MailKind.DIGEST_HR, cast.hr, now=now), now=now))
    assert len(re.findall(r"^- Firma / Department", told, re.MULTILINE)) == 10
    assert len(re.findall(r"\d+ days overdue$", told, re.MULTILINE)) == 10
    assert len(re.findall(r"^  and 3 more", told, re.MULTILINE)) == 2


def test_people_without_a_department_are_told_to_hr(cast, late, now):
    late(make_person(None, first_name="Nobody", last_name="Nowhere"))
    told = text(written(notice(MailKind.DIGEST_HR, cast.hr, now=now), now=now))
    assert "- without a department: overdue 1" in told
    assert "- Nobody Nowhere (without a department):" in told


# Of whom they may speak


@pytest.mark.parametrize("kind", NOTICES)
def test_mails_about_others_say_status_only(cast, late, course, now, kind):
    complete(course, make_person(cast.shops, first_name="A"), now=now - dt.timedelta(1))
    row = notice(kind, cast.hr if kind == MailKind.DIGEST_HR else cast.manager, now=now, cycles=[late(cast.employee)])
    mail = written(row, now=now)
    for part in (text(mail), html(mail).partition("<body")[2]):
        assert not re.search(r"score|points|attempt|per cent|\d ?%(?!;)|@example", part, re.IGNORECASE)


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (MailKind.ESCALATION, "because these people work in your departments. It names nobody else."),
        (MailKind.DIGEST, "somebody in your departments is overdue. It names nobody else."),
        (MailKind.DIGEST_HR, "because you work in HR."),
    ],
)
def test_every_mail_to_managers_and_hr_says_why(cast, late, now, settings, kind, why):
    settings.HR_CONTACT = "people@example.com"
    row = notice(kind, cast.hr if kind == MailKind.DIGEST_HR else cast.manager, now=now, cycles=[late(cast.employee)])
    for part in (text(written(row, now=now)), html(written(row, now=now))):
        assert why in part
        assert "Ask people@example.com" in part


def test_an_escalation_to_hr_says_that_it_goes_to_hr(cast, late, now):
    row = notice(MailKind.ESCALATION, cast.hr, now=now, cycles=[late(cast.employee)])
    assert "because you work in HR and somebody has not finished a course." in text(written(row, now=now))


@pytest.mark.parametrize("kind", [MailKind.ESCALATION, MailKind.DIGEST])
def test_nothing_that_happens_in_payroll_changes_a_byte_of_the_mail_to_the_manager_of_sales(
    cast, late, course, now, today, kind
):
    mine = [late(cast.employee, 5), late(make_person(cast.sales), 9)]
    theirs = make_person(cast.payroll)
    row = notice(kind, cast.manager, now=now, cycles=mine)
    before = mails.compose(occasion_of(row.pk), now=now).content
    cycle = late(theirs, 50)
    happens = [
        lambda: late(make_person(cast.payroll), 70),
        lambda: complete(course, make_person(cast.payroll), now=now - dt.timedelta(2)),
        lambda: open_cycle(course, make_person(cast.payroll), now=now - dt.timedelta(2), due_on=today),
        lambda: Leave.objects.create(person=theirs, starts_on=today, reason="x", by=cast.hr, at=now),
        lambda: Waiver.objects.create(cycle=cycle, reason="x", by=cast.hr, at=now),
        lambda: late(make_person(None), 99),
        lambda: late(cast.manager, 80),  # one's own duty is no news about others
        lambda: late(make_person(cast.company), 80),  # the department above
        lambda: grant(make_person(cast.payroll), Role.MANAGER, cast.payroll),
        lambda: Department.objects.filter(pk=cast.payroll.pk).update(name="Other", path="Firma / Other"),
        lambda: Escalation.objects.create(
            reminder=owe(MailKind.ESCALATION, person=cast.hr, now=now), person=cast.hr, cycle=cycle,
            step=PlanStep.objects.order_by("pk").first(), occurs_on=today,
        ),
    ]  # fmt: skip
    for number, thing in enumerate(happens):
        thing()
        assert (number, mails.compose(occasion_of(row.pk), now=now).content) == (number, before)
    late(make_person(cast.shops), 2)
    assert (mails.compose(occasion_of(row.pk), now=now).content != before) == (kind == MailKind.DIGEST)


def test_even_an_escalation_planned_for_a_wrong_recipient_names_nobody_outside_their_care(cast, late, now):
    row = notice(MailKind.ESCALATION, cast.manager, now=now, cycles=[late(cast.employee), late(cast.colleague)])
    told = text(written(row, now=now))
    assert "Ewa Pracownicka" in told
    assert "Żółciński" not in told


def test_what_a_mail_lists_is_what_the_verdict_asked_about(cast, late, now, today):
    """The same scope decides whether a mail goes out and what stands in it."""
    late(cast.employee), late(cast.colleague), late(cast.manager)
    shown = set(overdue.overdue_in_care_of(cast.manager, today).values_list("person__last_name", flat=True))
    told = text(written(notice(MailKind.DIGEST, cast.manager, now=now), now=now))
    assert {name for name in ("Pracownicka", "Żółciński", "Kierownicki") if name in told} == shown == {"Pracownicka"}


@pytest.mark.parametrize("kind", NOTICES)
def test_a_list_of_hostile_names_is_words_in_one_line(cast, late, now, kind):
    hostile = make_person(cast.sales, first_name="<b>x</b>\r\n- Fake (Sales)", last_name="{people} **y** & Co")
    Department.objects.filter(pk=cast.sales.pk).update(name="<i>\nSales", path="Firma / <i>\nSales")
    row = notice(kind, cast.hr if kind == MailKind.DIGEST_HR else cast.manager, now=now, cycles=[late(hostile)])
    mail = written(row, now=now)
    assert [line for line in text(mail).splitlines() if line.startswith("- Fake")] == []
    assert "<b>x</b> - Fake (Sales) {people} **y** & Co (<i> Sales): " in text(mail)
    assert "&lt;b&gt;x&lt;/b&gt; - Fake (Sales) {people} **y** &amp; Co" in html(mail)
    assert not re.search(r"<[bi]>", html(mail))


# How they are made


def test_the_number_of_queries_is_the_same_for_3_and_for_300_people(cast, late, now, django_assert_num_queries):
    numbers = {MailKind.ESCALATION: 7, MailKind.DIGEST: 15, MailKind.DIGEST_HR: 13}
    cycles = [late(make_person(cast.sales)) for _n in range(3)]
    for at in (now, now - dt.timedelta(1)):
        for kind, number in numbers.items():
            recipient = cast.hr if kind == MailKind.DIGEST_HR else cast.manager
            row = notice(kind, recipient, now=at, cycles=cycles)
            mails.compose(occasion_of(row.pk), now=now)  # reads the title of the course once per process
            with django_assert_num_queries(number):
                mails.compose(occasion_of(row.pk), now=now)
        cycles += [late(make_person(cast.shops)) for _n in range(297)]


@pytest.mark.parametrize("kind", NOTICES)
def test_the_button_opens_the_page_for_who_gets_the_mail(cast, late, now, sign_in, settings, kind):
    recipient = cast.hr if kind == MailKind.DIGEST_HR else cast.manager
    mail = written(notice(kind, recipient, now=now, cycles=[late(cast.employee)]), now=now)
    [url] = [line for line in text(mail).splitlines() if line.startswith(settings.BASE_URL)]
    page = sign_in(recipient).get(url.removeprefix(settings.BASE_URL))
    assert page.status_code == 200
    if kind != MailKind.DIGEST_HR:
        assert "Pracownicka" in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_text_that_cannot_be_filled_holds_up_its_own_mails_only(cast, course, now):
    """Loud in the ledger and in the log, and the run goes on."""
    MailText.objects.create(
        kind=MailKind.NUDGE, language="en", subject="{kurs}", body="{course}", button="Go", updated_at=now
    )
    broken = owe(MailKind.NUDGE, cycle=open_cycle(course, cast.employee, now=now), now=now)
    fine = owe(MailKind.BEFORE, cycle=open_cycle(course, cast.colleague, now=now), now=now)
    with faulty_server() as (log, port):
        server = MailServer(host="127.0.0.1", port=port)
        sending.drain(clock=lambda: now, until=now + dt.timedelta(minutes=1), server=server)
    broken.refresh_from_db()
    fine.refresh_from_db()
    assert (broken.state, broken.reason) == (State.PENDING, Reason.UNWRITABLE)
    assert fine.state == State.SENT
    assert list(log.copies) == [fine.message_id]
    assert (broken.kind, ReminderPlan.objects.get(standard=True).pk) == (Kind.NUDGE, broken.plan_id)
