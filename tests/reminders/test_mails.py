"""What arrives: in the person's language, one button, safe headers."""

import datetime as dt
import email
import re
from email.policy import default

from django.utils import translation

import pytest

from accounts.models import Language, Person
from reminders import mails
from reminders.models import MailKind, MailText, Reminder
from reminders.occasions import occasion_of
from reminders.planning import plan
from reminders.wording import Unwritable
from tests.reminders.writing import html, name_in, owe, text, written
from tests.training.walking import complete, open_cycle
from training.models import Cycle

OF_DUTY = (MailKind.ASSIGNED, MailKind.BEFORE, MailKind.OVERDUE, MailKind.EXPIRING, MailKind.NUDGE)
HOSTILE = [
    "Ewa\r\nBcc: victim@example.com",
    "Ewa\nSubject: other",
    "{{7*7}} {0.__class__} %s %(course)s {course}",
    "Ewa\u202eawE\u200f",
    '"Ewa" <victim@example.com>,',
    "<script>alert(1)</script> **bold** [x](https://evil.example)",
    "=?utf-8?q?Bcc=3A_x?=",
    "&amp; &lt;b&gt;",
]


@pytest.fixture
def mail_of(course, now):
    """`mail_of(person, kind, due=…)`: the mail of that kind about a new duty, read back from its bytes."""

    def composed(person, kind=MailKind.ASSIGNED, *, due=21, at=now):
        due_on = (now + dt.timedelta(due)).date() if due is not None else None
        return written(owe(kind, cycle=open_cycle(course, person, now=now, due_on=due_on), now=now), now=at)

    return composed


def test_a_mail_has_text_and_html_with_the_one_address_of_the_right_step(mail_of, cast, settings):
    mail = mail_of(cast.employee, MailKind.OVERDUE)
    url = f"{settings.BASE_URL}/learn/{Reminder.objects.get().cycle_id}/"
    assert mail.get_content_type() == "multipart/alternative"
    assert f'href="{url}"' in html(mail)
    assert html(mail).count("href=") == 1
    assert url in text(mail).splitlines()


@pytest.mark.parametrize(("language", "words"), [("pl", "Small course (pl)"), ("en", "Small course (en)")])
def test_a_mail_is_in_the_language_of_the_person(mail_of, cast, language, words):
    Person.objects.filter(pk=cast.employee.pk).update(language=language)
    with translation.override("pl" if language == "en" else "en"):
        mail = mail_of(cast.employee)
    assert mail["Content-Language"] == language
    assert words in mail["Subject"]
    assert words in text(mail)
    assert words in html(mail)
    assert f'lang="{language}"' in html(mail)


@pytest.mark.parametrize(
    ("language", "month"), [("pl", "poniedziałek, 22 czerwca 2026"), ("en", "Monday, 22 June 2026")]
)
def test_the_due_date_stands_in_words_and_as_a_date(mail_of, cast, language, month):
    Person.objects.filter(pk=cast.employee.pk).update(language=language)
    mail = mail_of(cast.employee)
    assert month in text(mail)
    assert f"<strong>{month}</strong>" in html(mail)


@pytest.mark.parametrize("kind", OF_DUTY)
def test_every_mail_about_a_duty_says_why_and_whom_to_ask(mail_of, cast, settings, kind):
    settings.HR_CONTACT = "people@example.com"
    mail = mail_of(cast.colleague, kind)
    for part in (text(mail), html(mail)):
        assert "You get this mail because" in part
        assert "1 June 2026" in part
        assert "Ask people@example.com" in part


@pytest.mark.parametrize(
    ("kind", "due", "subject"),
    [
        (MailKind.ASSIGNED, 21, "A course for you: Small course (en)"),
        (MailKind.BEFORE, 7, "Due in 7 days: Small course (en)"),
        (MailKind.BEFORE, 1, "Due tomorrow: Small course (en)"),
        (MailKind.BEFORE, None, "Small course (en)"),
        (MailKind.OVERDUE, -8, "Overdue: Small course (en)"),
        (MailKind.EXPIRING, 30, "Time for a refresher: Small course (en)"),
        (MailKind.NUDGE, 3, "Still waiting for you: Small course (en)"),
    ],
)
def test_each_kind_has_its_words(mail_of, cast, kind, due, subject):
    mail = mail_of(cast.colleague, kind, due=due)
    assert mail["Subject"] == subject
    assert ("It was due 8 days ago" in text(mail)) == (kind == MailKind.OVERDUE)


@pytest.mark.parametrize("kind", OF_DUTY)
def test_a_duty_without_due_date_names_none(mail_of, cast, kind):
    mail = mail_of(cast.colleague, kind, due=None)
    for part in (text(mail), html(mail)):
        assert not re.search(r"\bdue\b(?! and is not finished)", part, re.IGNORECASE)
        assert "calendar" not in part


def test_a_course_without_a_revision_names_no_minutes(mail_of, cast, course):
    course.current = None
    course.save()
    mail = mail_of(cast.colleague)
    assert "minutes" not in text(mail)
    assert "The course “Small course (en)” is waiting for you." in text(mail)


def test_the_done_mail_leads_to_the_certificate(cast, course, now, settings):
    completion = complete(course, cast.colleague, now=now)
    mail = written(owe(MailKind.DONE, cycle=completion.cycle, now=now), now=now)
    assert mail["Subject"] == "Your certificate: Small course (en)"
    assert f"{settings.BASE_URL}/certificates/{completion.certificate_code}/" in text(mail).splitlines()
    assert "valid until 1 June 2027." in text(mail)
    assert "because you completed the course" in text(mail)


def test_the_expiring_mail_names_the_last_day_of_the_completion_before(cast, course, now):
    complete(course, cast.colleague, now=now)
    renewal = Cycle.objects.create(person=cast.colleague, course=course, number=2, opened_at=now)
    mail = written(owe(MailKind.EXPIRING, cycle=renewal, now=now), now=now)
    assert "Your earlier completion counts until 1 June 2027." in text(mail)


def test_a_nudge_names_who_sent_it(cast, course, now):
    row = owe(MailKind.NUDGE, cycle=open_cycle(course, cast.colleague, now=now), now=now)
    assert "asked for this reminder" not in text(written(row, now=now))
    row.events.create(at=now, state=row.state, by=cast.hr)
    row.events.create(at=now, state=row.state, by=cast.manager)
    assert "Hanna Kadrowa asked for this reminder." in text(written(row, now=now))


def test_the_headers_say_that_a_machine_wrote_and_name_no_person(mail_of, cast):
    mail = mail_of(cast.employee)
    row = Reminder.objects.get()
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == row.message_id
    assert mail["X-Reminder-Id"] == str(row.pk)
    assert [name for name in mail if name.startswith("List-")] == []
    own = mail["Message-ID"] + mail["X-Reminder-Id"]
    assert cast.employee.last_name not in own
    assert cast.employee.email not in own


def test_the_same_mail_at_the_same_moment_is_the_same_bytes(mail_of, cast, now):
    mail_of(cast.employee)
    pk = Reminder.objects.get().pk
    assert mails.compose(occasion_of(pk), now=now).content == mails.compose(occasion_of(pk), now=now).content


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_one_name_in_one_header(mail_of, cast, now, name):
    Person.objects.filter(pk=cast.colleague.pk).update(first_name=name, last_name=name)
    subject = "From {first_name}: {course}"
    values = {"subject": subject, "body": "Hello {first_name},\n\n{course}", "button": "Go"}
    MailText.objects.create(kind=MailKind.NUDGE, language="en", **values, updated_at=now)
    mail = mail_of(cast.colleague, MailKind.NUDGE)
    assert set(mail) == {
        *("From", "To", "Subject", "Message-ID", "X-Reminder-Id", "Auto-Submitted", "Content-Language"),
        *("Date", "MIME-Version", "Content-Type"),
    }
    assert len(mail.keys()) == len(set(mail))
    assert [address.addr_spec for address in mail["To"].addresses] == [cast.colleague.email]
    shown = " ".join(re.sub("[\r\n\u202e]", " ", name).split())
    raw = email.message_from_bytes(mails.compose(occasion_of(Reminder.objects.get().pk), now=now).content)
    assert name_in(raw["To"]) == f"{shown} {shown}"
    assert mail["Subject"] == f"From {shown}: Small course (en)"
    assert text(mail).startswith(f"Hello {shown},\n")
    literally = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    assert f"Hello {literally}," in html(mail)


def test_text_mails_are_not_escaped(mail_of, cast):
    Person.objects.filter(pk=cast.colleague.pk).update(first_name="Zoë & O'Neill")
    mail = mail_of(cast.colleague)
    assert "Hello Zoë & O'Neill," in text(mail)
    assert "Zoë &amp; O&#x27;Neill" in html(mail)


def test_the_bytes_are_plain_ascii_with_short_lines(mail_of, cast, now):
    mail_of(cast.colleague)
    content = mails.compose(occasion_of(Reminder.objects.get().pk), now=now).content
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 78
    assert b"\n" not in content.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    ("address", "on_the_wire"),
    [
        ("ewa@żółw.example", "ewa@xn--w-uga1v8h.example"),
        ("ewa.o'neill+x@a-b.example", "ewa.o'neill+x@a-b.example"),
        ("ewa@localhost", "ewa@localhost"),
    ],
)
def test_a_domain_beyond_ascii_is_written_in_ascii(address, on_the_wire):
    assert mails.ascii_address(address) == on_the_wire


@pytest.mark.parametrize(
    "address", ["żółw@example.com", "a b@example.com", "a@b@example.com", "a@example.com\r\nBcc: x", "<a@b>", "", "@a"]
)
def test_an_address_that_no_header_can_hold_is_refused(address):
    with pytest.raises(mails.BadAddress):
        mails.ascii_address(address)


@pytest.mark.parametrize("kind", OF_DUTY)
def test_a_mail_takes_one_query_and_of_two_kinds_one_more(mail_of, cast, now, kind, django_assert_num_queries):
    mail_of(cast.colleague, kind)
    reminder_id = Reminder.objects.get().pk
    with django_assert_num_queries(2 if kind in (MailKind.EXPIRING, MailKind.NUDGE) else 1):
        mails.compose(occasion_of(reminder_id), now=now)


def test_the_text_of_hr_is_sent_from_the_next_mail_on_without_another_query(
    mail_of, cast, now, django_assert_num_queries
):
    assert "waiting for you" in text(mail_of(cast.colleague))
    pk = Reminder.objects.get().pk
    row = MailText.objects.create(
        kind=MailKind.ASSIGNED, language="en", subject="New: {course}", body="Do **this**.", button="Go", updated_at=now
    )
    assert "Do this." in read(pk, now)
    row.body, row.version = "Do *that*.", 2
    row.save()
    assert "Do that." in read(pk, now)
    with django_assert_num_queries(1):
        mails.compose(occasion_of(pk), now=now)
    row.delete()
    assert "waiting for you" in read(pk, now)


def read(pk, now) -> str:
    return text(email.message_from_bytes(mails.compose(occasion_of(pk), now=now).content, policy=default))


@pytest.mark.parametrize("broken", ["{kurs}", "{0.__class__}", "{{7*7}}", "{course", "[x](https://a.example/{course})"])
def test_a_stored_text_that_cannot_be_filled_is_refused_and_never_half_sent(mail_of, cast, now, broken):
    MailText.objects.create(
        kind=MailKind.ASSIGNED, language="en", subject="New", body=broken, button="Go", updated_at=now
    )
    with pytest.raises(Unwritable):
        mail_of(cast.colleague)


def test_a_mail_that_is_planned_is_written_like_any_other(course, cast, now):
    open_cycle(course, cast.colleague, now=now)
    plan(now=now)
    mail = written(Reminder.objects.get(), now=now)
    assert mail["Subject"] == "A course for you: Small course (en)"


@pytest.mark.parametrize("language", Language.values)
@pytest.mark.parametrize("kind", OF_DUTY)
def test_the_html_of_every_kind_names_its_language_and_can_be_read_narrow_and_dark(mail_of, cast, kind, language):
    Person.objects.filter(pk=cast.employee.pk).update(language=language)
    page = html(mail_of(cast.employee, kind))
    assert page.startswith("<!doctype html>")
    assert page.count("<h1") == 1
    for needed in ("width=device-width", "prefers-color-scheme: dark", 'name="color-scheme" content="light dark"'):
        assert needed in page
    assert not re.search(r"<(script|img|link|iframe)\b|\b(width|min-width):\d{3,}px", page.replace("max-width", ""))


def test_the_button_opens_the_course_for_who_gets_it(mail_of, cast, sign_in, settings):
    mail = mail_of(cast.employee, MailKind.NUDGE)
    [url] = [line for line in text(mail).splitlines() if line.startswith(settings.BASE_URL)]
    page = sign_in(cast.employee).get(url.removeprefix(settings.BASE_URL), follow=True)
    assert "Small course" in page.content.decode()
