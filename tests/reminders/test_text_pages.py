"""HR changes the texts of the mails, sees them on real data, and sends one to itself."""

import datetime as dt
import re

from django.urls import reverse
from django.utils import timezone

import pytest

from accounts.models import AuditEvent, Person
from reminders.models import MailKind, MailText, Reminder
from reminders.rewording import LostUpdate, NotFillable, change_texts, go_back
from reminders.wording import Wording, shipped
from tests.reminders.smtp_server import faulty_server
from tests.reminders.writing import owe, text, written
from tests.training.walking import complete, open_cycle

KIND = MailKind.ASSIGNED
URL = f"/reminders/texts/{KIND}/"
OWN = Wording("Nowe: {course}", "Dzień dobry,\n\nzajrzyj do „{course}”.", "Zajrzyj")


@pytest.fixture(autouse=True)
def _hr_reads_english(cast):
    Person.objects.filter(pk=cast.hr.pk).update(language="en")
    cast.hr.refresh_from_db()


@pytest.fixture
def desk(cast, sign_in):
    return sign_in(cast.hr)


@pytest.fixture
def change(cast, now):
    """`change(text)`: HR stores it as the Polish text of the kind."""

    def changed(wording=OWN, *, stamp="0", language="pl", at=now):
        return change_texts(KIND, {language: wording}, stamps={language: stamp}, by=cast.hr, now=at)

    return changed


def typed(desk, **changes) -> dict[str, str]:
    """What a browser would send from the page as it is, with these changes."""
    sides = desk.get(URL).context["sides"]
    values = {bound.html_name: bound.value() for side in sides for bound in side["form"]}
    return values | {name.replace("_", "-", 1): value for name, value in changes.items()}


def page(response) -> str:
    return response.content.decode()


# Changing


def test_the_list_says_which_text_is_in_force(desk, change, cast):
    before = page(desk.get("/reminders/texts/"))
    assert before.count("the shipped one") == len(MailKind)
    assert "A course for you: {course}" in before
    change()
    after = page(desk.get("/reminders/texts/"))
    assert after.count("the shipped one") == len(MailKind) - 1
    assert "Polski: changed by Hanna Kadrowa, 1 Jun 2026, 09:00" in after


@pytest.mark.parametrize("kind", MailKind)
def test_every_kind_has_its_page_with_both_texts_and_every_variable(desk, kind):
    shown = page(desk.get(f"/reminders/texts/{kind}/"))
    for language in ("pl", "en"):
        assert f'name="{language}-body"' in shown
        assert f'value="{shipped(kind, language).button}"' in shown
    for name in re.findall(r"{\w+}", shipped(kind, "pl").body):
        assert f"<code>{name}</code>" in shown
    assert "How it arrives" in shown


def test_a_saved_text_is_sent_from_then_on_and_recorded(desk, cast, course, now):
    answer = desk.post(
        URL, typed(desk, pl_subject=OWN.subject, pl_body=OWN.body, pl_button=OWN.button) | {"do": "save"}
    )
    assert (answer.status_code, answer.url) == (302, URL)
    row = MailText.objects.get()
    assert (row.kind, row.language, row.version, row.updated_by) == (KIND, "pl", 1, cast.hr)
    event = AuditEvent.objects.get(action="reminders.text_changed")
    assert event.actor == cast.hr
    assert event.detail["before"]["subject"] == "Szkolenie dla Ciebie: {course}"
    assert event.detail["after"] == {"subject": OWN.subject, "body": OWN.body, "button": OWN.button}
    assert (event.detail["kind"], event.detail["language"]) == (KIND, "pl")
    mail = written(owe(KIND, cycle=open_cycle(course, cast.employee, now=now), now=now), now=now)
    assert mail["Subject"] == "Nowe: Small course (pl)"
    assert "Zajrzyj:" in text(mail)


def test_what_did_not_change_makes_no_version_and_no_event(desk, change):
    desk.post(URL, typed(desk) | {"do": "save"})
    assert MailText.objects.count() == AuditEvent.objects.filter(action__startswith="reminders").count() == 0
    change()
    assert change(stamp=stamp()) == []
    assert MailText.objects.get().version == 1


def stamp() -> str:
    row = MailText.objects.get(language="pl")
    return f"{row.pk}.{row.version}"


def test_the_text_keeps_its_lines_whatever_the_browser_sends(desk):
    body = "One  \r\n\r\n{course}\tand more \r\n"
    desk.post(URL, typed(desk, pl_body=body) | {"do": "save"})
    assert MailText.objects.get().body == "One\n\n{course} and more"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        (
            "pl_subject",
            "{kurs}",
            "Polski, Subject</a>: “{kurs}” is not a variable of this mail. Allowed are: {first_name},",
        ),
        ("en_body", "Hello\n{0.__class__}", "English, Text</a>: Line 2: “{0.__class__}” is not a variable"),
        ("pl_body", "[x](https://a.example/{course})", "Polski, Text</a>: “{course}” stands in the address of a link."),
        ("en_subject", "{course}\nBcc: x@example.com", "English, Subject</a>: This must be one line"),
        ("en_button", "", "English, Button</a>: This field is required."),
        ("pl_body", "x" * 4001, "Polski, Text</a>: 4001 characters are too many; at most 4000."),
        ("pl_subject", "a\x00b", "Polski, Subject</a>: "),
    ],
)
def test_a_text_that_cannot_be_sent_is_refused_with_language_and_place(desk, field, value, said):
    for action in ("save", "preview", "test"):
        answer = desk.post(URL, typed(desk, **{field: value}) | {"do": action})
        assert answer.status_code == 400
        assert said in page(answer)
        assert 'aria-invalid="true"' in page(answer)
    assert MailText.objects.count() == 0


def test_the_verb_itself_refuses_what_the_form_refuses(change):
    with pytest.raises(NotFillable):
        change(Wording("{kurs}", "x", "x"))
    assert MailText.objects.count() == 0


def test_a_late_save_is_refused_with_both_texts_and_may_then_replace(desk, change):
    mine = typed(desk, pl_subject="Mine: {course}") | {"do": "save"}
    change()
    answer = desk.post(URL, mine)
    assert answer.status_code == 409
    shown = page(answer)
    assert "Somebody saved this meanwhile" in shown
    assert "<td>Nowe: {course}</td><td>Mine: {course}</td>" in shown
    assert MailText.objects.get().subject == OWN.subject
    again = {bound.html_name: bound.value() for side in answer.context["sides"] for bound in side["form"]}
    assert desk.post(URL, again | {"do": "save"}).status_code == 302
    assert MailText.objects.get().subject == "Mine: {course}"


def test_a_change_of_the_other_language_alone_refuses_too_and_a_stamp_never_comes_back(desk, change, cast, now):
    change()
    first = stamp()
    go_back(KIND, "pl", stamp=first, by=cast.hr, now=now)
    change(Wording("Third: {course}", OWN.body, OWN.button))
    assert MailText.objects.get().version == 1
    with pytest.raises(LostUpdate):
        change(stamp=first)
    with pytest.raises(LostUpdate):
        change(stamp="0")
    assert MailText.objects.get().subject == "Third: {course}"


def test_going_back_restores_the_shipped_text_and_keeps_the_other_in_the_audit_log(desk, change, cast):
    change()
    assert "Go back to the shipped text" in page(desk.get(URL))
    answer = desk.post(f"{URL}back/", {"back": "pl", "pl-stamp": stamp()}, follow=True)
    assert "The shipped text is in force again." in page(answer)
    assert MailText.objects.count() == 0
    event = AuditEvent.objects.filter(action="reminders.text_changed").latest("pk")
    assert event.detail["before"]["subject"] == OWN.subject
    assert "Go back to the shipped text" not in page(desk.get(URL))


def test_going_back_from_a_text_that_was_changed_meanwhile_is_refused(desk, change):
    change()
    old = stamp()
    change(Wording("Newer: {course}", OWN.body, OWN.button), stamp=old)
    answer = desk.post(f"{URL}back/", {"back": "pl", "pl-stamp": old}, follow=True)
    assert "Somebody changed this text meanwhile." in page(answer)
    assert MailText.objects.get().subject == "Newer: {course}"


def test_a_kind_or_a_language_that_does_not_exist_is_not_there(desk):
    assert desk.get("/reminders/texts/other/").status_code == 404
    assert desk.post("/reminders/texts/other/back/", {"back": "pl"}).status_code == 404
    assert desk.post(f"{URL}back/", {"back": "xx"}).status_code == 400


# Trying out


def test_the_preview_shows_what_a_real_person_would_get(desk, cast, course, now):
    open_cycle(course, cast.employee, now=timezone.now(), due_on=timezone.localdate() + dt.timedelta(40))
    shown = desk.get(URL)
    assert "A course for you: Small course (en)" in page(shown)
    assert "Hello Ewa," in page(shown)
    assert "an appointment for the calendar" in page(shown)
    frame = desk.get(shown.context["preview"]["url"])
    assert "Hello Ewa,</p>" in page(frame)
    polish = desk.get(URL, {"show-language": "pl"})
    assert "Szkolenie dla Ciebie: Small course (pl)" in page(polish)
    assert 'lang="pl"' in page(desk.get(polish.context["preview"]["url"]))


def test_the_preview_shows_what_is_typed_and_stores_nothing(desk, cast, course, now):
    owe(KIND, cycle=open_cycle(course, cast.employee, now=now), now=now)
    row = Reminder.objects.get()
    fields = typed(desk, pl_subject="Typed: {course}", pl_body="**{first_name}**\n\n{course}") | {
        "do": "preview", "show-of": f"mail-{row.pk}", "show-language": "pl",
    }  # fmt: skip
    answer = desk.post(URL, fields)
    assert answer.status_code == 200
    assert "Typed: Small course (pl)" in page(answer)
    assert 'value="Typed: {course}"' in page(answer)
    frame = desk.get(answer.context["preview"]["url"])
    assert "<strong>Ewa</strong></p>" in page(frame)
    assert MailText.objects.count() == 0
    assert "Szkolenie dla Ciebie" in page(desk.get(answer.context["preview"]["url"].partition("&draft")[0]))
    assert desk.get(f"{URL}html/?draft=0000").status_code == 404


def test_the_draft_of_one_person_is_not_shown_to_another(desk, cast, sign_in, course, now):
    open_cycle(course, cast.employee, now=now)
    answer = desk.post(URL, typed(desk, en_subject="Typed: {course}") | {"do": "preview"})
    url = answer.context["preview"]["url"]
    assert desk.get(url).status_code == 200
    desk.logout()
    assert sign_in(cast.hr).get(url).status_code == 404


def test_the_frame_holds_the_mail_alone_and_can_do_nothing(desk, cast, course, now):
    Person.objects.filter(pk=cast.employee.pk).update(first_name="<script>alert(1)</script>")
    open_cycle(course, cast.employee, now=now)
    shown = desk.get(URL)
    assert re.search(
        r'<iframe [^>]*src="/reminders/texts/assigned/html/\?[^"]*" sandbox="allow-popups [a-z-]+"', page(shown)
    )
    frame = desk.get(shown.context["preview"]["url"])
    policy = frame.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';")
    assert "script" not in policy.partition("; ")[2]
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "&lt;script&gt;alert(1)" in page(frame)
    assert "<script" not in page(frame)


@pytest.mark.parametrize("kind", MailKind)
def test_every_kind_can_be_shown_before_its_first_mail(desk, cast, course, now, kind):
    """On people it could reach, or on examples while there is nobody."""
    assert desk.get(f"/reminders/texts/{kind}/").context["preview"]
    open_cycle(course, cast.employee, now=now - dt.timedelta(40), due_on=now.date() - dt.timedelta(3))
    complete(course, cast.colleague, now=now)
    shown = desk.get(f"/reminders/texts/{kind}/")
    frame = desk.get(shown.context["preview"]["url"])
    assert shown.context["preview"]["letter"].html.partition("<body")[2] == page(frame).partition("<body")[2]
    name = {"done": "Kamil", "digest": "Pracownicka", "escalation": "Pracownicka", "digest_hr": "Pracownicka"}.get(
        kind, "Ewa"
    )
    if kind != MailKind.EXPIRING:
        assert name in page(frame)


def test_the_choice_offers_the_newest_mails_of_the_kind_first(desk, cast, course, now):
    cycle = open_cycle(course, cast.employee, now=now)
    for days in range(7):
        owe(KIND, cycle=cycle, now=now + dt.timedelta(days))
    owe(MailKind.NUDGE, cycle=cycle, now=now + dt.timedelta(9))
    newest = Reminder.objects.filter(text=KIND).order_by("-occurs_on").values_list("pk", flat=True)[:5]
    keys = [source.key for source in desk.get(URL).context["show"].found]
    assert keys == [f"mail-{pk}" for pk in newest] + [f"duty-{cycle.pk}"]


def test_a_shown_mail_says_what_its_row_would_say(desk, cast, course, now):
    """A row and the same duty without a row give the same letter."""
    cycle = open_cycle(course, cast.employee, now=timezone.now(), due_on=timezone.localdate() + dt.timedelta(9))
    bare = desk.get(URL, {"show-of": f"duty-{cycle.pk}"}).context["preview"]["letter"]
    row = owe(KIND, cycle=cycle, now=timezone.now())
    assert desk.get(URL, {"show-of": f"mail-{row.pk}"}).context["preview"]["letter"].text == bare.text


def test_a_test_mail_goes_to_oneself_marked_as_one_and_leaves_the_ledger_alone(desk, cast, course, now, settings):
    row = owe(KIND, cycle=open_cycle(course, cast.employee, now=now), now=now)
    before = list(Reminder.objects.values())
    with faulty_server() as (log, port):
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        fields = typed(desk, en_subject="Typed: {course}") | {"do": "test", "show-of": f"mail-{row.pk}"}
        answer = desk.post(URL, fields)
    assert f"A test mail is on its way to {cast.hr.email}." in page(answer)
    assert log.recipients == [cast.hr.email]
    [mail] = log.mails
    assert mail["Subject"] == "Test: Typed: Small course (en)"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].startswith("<test.")
    assert "X-Reminder-Id" not in mail
    assert "Hello Ewa," in text(mail)
    assert list(Reminder.objects.values()) == before
    assert MailText.objects.count() == 0


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        ("5yz", "The mail server did not take the test mail: 550 5.1.1 no such mailbox"),
        ("accept-then-drop", "The mail server did not say whether it took the test mail."),
    ],
)
def test_a_test_mail_that_fails_says_why(desk, settings, behaviour, said):
    with faulty_server(behaviour) as (_log, port):
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        assert said in page(desk.post(URL, typed(desk) | {"do": "test"}))


def test_without_a_mail_server_the_page_says_so(desk, settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert "The mail server did not take the test mail: " in page(desk.post(URL, typed(desk) | {"do": "test"}))


def test_a_stored_text_that_cannot_be_sent_is_shown_with_a_warning(desk, now):
    MailText.objects.create(kind=KIND, language="en", subject="{kurs}", body="x", button="x", updated_at=now)
    shown = page(desk.get(URL))
    assert "The stored text cannot be sent; mails of this kind wait." in shown
    assert 'value="{kurs}"' in shown


def test_the_page_takes_the_same_queries_for_few_and_for_many(desk, cast, course, now, django_assert_max_num_queries):
    for days in range(2):
        owe(KIND, cycle=open_cycle(course, (cast.employee, cast.colleague)[days], now=now), now=now)
    desk.get(URL)
    with django_assert_max_num_queries(10):
        desk.get(URL)
    cycle = Reminder.objects.first().cycle
    for days in range(1, 30):
        owe(KIND, cycle=cycle, now=now + dt.timedelta(days))
    with django_assert_max_num_queries(10):
        desk.get(URL)


def test_the_ledger_leads_to_the_texts(desk):
    assert f'href="{reverse("reminders:texts")}"' in page(desk.get("/reminders/"))
