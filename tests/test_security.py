"""Threats that concern every route at once; what to attack is read from the access table.

The documents and rows hold a canary wherever an editor, HR or a roster may write; a page on which one of them becomes
markup, a log line that names a person, or a reading that changes a row is a defect whatever page it is.
"""

import datetime as dt
import email
import re
from email.policy import default
from html.parser import HTMLParser
from uuid import uuid4

from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

import pytest

from accounts import audit
from accounts.models import Department, Person
from courses.models import CourseRevision
from reminders import mails
from reminders.models import Kind, MailKind, Reminder, ReminderPlan, State
from reminders.occasions import occasion_of
from tests.access_table import ROWS
from tests.cast import ACTORS
from tests.factories import NOW, course_document, make_course, make_person
from tests.training.walking import complete, open_cycle, walk_to
from training import progress
from training.models import Extension

# A row of the table that says what is left after the row of HR's click.
SPENT = {("accounts:revoke_role", "sysadmin")}
FRAMED = {"reminders:text_html"}
UNSAFE = ("post", "put", "patch", "delete")
TOKEN = re.compile(rb'(name="csrfmiddlewaretoken" value=")[^"]+')
NOWHERE = {
    "sha256": "f" * 64, "code": "AAAA-BBBB-CCCC", "uidb36": "zzz", "key": "none",
    **dict.fromkeys(("course_key", "lesson_key", "scenario_key", "place_key", "slug"), "nowhere"),
}  # fmt: skip
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


def canary(place: str) -> str:
    """Leaves an attribute, an element and a script, whichever of them it stands in."""
    return f"\"'></script></title></textarea><xss-{place} onclick=x>{{{{7*7}}}}"


def poison(value, path: str):
    """The document with a canary behind every text."""
    if isinstance(value, dict) and set(value) == {"pl", "en"}:
        return {language: text + canary(path) for language, text in value.items()}
    if isinstance(value, dict):
        named = {name: poison(inner, name if path == "" else f"{path}-{name}") for name, inner in value.items()}
        return named | {name: value[name] + canary(f"{path}-{name}") for name in ("author", "name") if name in value}
    return [poison(inner, path) for inner in value] if isinstance(value, list) else value


@pytest.fixture
def course(cast):
    """Every text of the course, published and in the drafts, carries a canary."""
    return make_course(poison(course_document(), ""), by=cast.editor)


@pytest.fixture
def cast(cast):
    """Names of people and departments that go beyond what the verbs let in; the rows' objects are the employee's."""
    for name in ("employee", "colleague", "manager"):
        Person.objects.filter(pk=getattr(cast, name).pk).update(
            first_name=f"F{canary(f'{name}-first')}", last_name=f"L{canary(f'{name}-last')}"
        )
        getattr(cast, name).refresh_from_db()
    for name in ("sales", "shops", "payroll"):
        department = getattr(cast, name)
        department.path = department.path.replace(department.name, department.name + canary(f"path-{name}"))
        department.name += canary(f"dept-{name}")
        Department.objects.filter(pk=department.pk).update(name=department.name, path=department.path)
    return cast


@pytest.fixture
def world(cast, course):
    cast.course = course
    cast.completion = complete(course, cast.employee, now=NOW)
    cast.cycle = cast.completion.cycle
    cast.open = progress.start(open_cycle(course, cast.colleague, now=NOW, due_on=NOW.date()), now=NOW)
    walk_to(cast.open, "play-rule-1", now=NOW)
    progress.begin_attempt(cast.open, "rule-1", now=NOW)
    Extension.objects.create(cycle=cast.open, new_due_on=NOW.date(), reason=canary("extension"), by=cast.hr, at=NOW)
    audit.record(
        "people.change", subject=cast.employee, by=cast.manager, now=NOW, before={"a": canary("audit")}, after={}
    )
    CourseRevision.objects.create(
        course=course, number=2, document=course_document(), content_hash="2" * 64, pass_mark=80, change_kind="minor",
        reason=canary("revision"), published_by=cast.manager, published_at=NOW,
    )  # fmt: skip
    for number, text in enumerate(kind for kind in MailKind if kind not in mails.NOTICES):
        cycle = cast.cycle if text == MailKind.DONE else cast.open
        Reminder.objects.create(
            kind=Kind.NUDGE, text=text, plan=ReminderPlan.objects.get(standard=True), cycle=cycle,
            person_id=cycle.person_id, occurs_on=NOW.date() + dt.timedelta(number), state=State.PENDING,
            message_id=f"<{text}@example.org>", planned_at=NOW, not_before=NOW,
        )  # fmt: skip
    for text, person in ((MailKind.DIGEST, cast.manager), (MailKind.DIGEST_HR, cast.hr)):
        Reminder.objects.create(
            kind=Kind.DIGEST, text=text, plan=ReminderPlan.objects.get(standard=True), person=person,
            occurs_on=NOW.date(), state=State.PENDING, message_id=f"<{text}@example.org>", planned_at=NOW,
            not_before=NOW,
        )  # fmt: skip
    return cast


def arguments_of(row, world) -> dict:
    return row.arguments(world) if row.arguments else {}


def every_url(world) -> list[str]:
    """Each route of the table once and with the ids of the world, and pages that need more than an id."""
    urls = {reverse(row.url_name, kwargs=arguments_of(row, world)) for row in ROWS}
    opened = [reverse("training:step", args=[world.open.pk, slug]) for slug in ("lesson-rule-1", "play-rule-1")]
    finished = [
        reverse("training:step", args=[world.cycle.pk, slug])
        for slug in ("lesson-rule-1", "play-rule-1", "play-final", "acknowledgement")
    ]
    colleague = [
        reverse("duties:person", args=[world.colleague.pk]), reverse("reminders:person", args=[world.colleague.pk])
    ]  # fmt: skip
    return sorted(urls) + opened + finished + colleague + ["/people/?q=F&left=on", "/insights/people/?q=F"]


def fingerprint() -> dict[str, str]:
    """A hash of every table but two: sessions forget a message once shown, and allauth copies the address of the
    person there whose reset link it looks up."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = sorted({name for (name,) in cursor.fetchall()} - {"django_session", "account_emailaddress"})
        found = {}
        for table in tables:
            cursor.execute(f'SELECT md5(string_agg(row::text, chr(10) ORDER BY row::text)) FROM "{table}" AS row')
            found[table] = cursor.fetchone()[0]
    return found


class Markup(HTMLParser):
    """What of a page could run."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.found += [tag] if tag.startswith("xss-") or tag in ("base", "object", "embed") else []
        self.found += [f"{tag} {name}" for name in given if name.startswith("on") or name in ("style", "srcdoc")]
        self.found += [f"{tag}={value}" for value in given.values() if re.match(r"\s*(javascript|data):", value or "")]
        self.found += ["inline script"] if tag == "script" and not given.keys() & {"src", "type"} else []


@pytest.mark.parametrize("actor", ACTORS)
def test_every_page_of(actor, world, sign_in, caplog):
    """Reading changes no row; each answer carries the headers; no text of others is markup; no log names a person.

    One walk for all four, because it opens every route of the site.
    """
    urls, browser = every_url(world), sign_in(world.actor(actor))
    framed = {reverse(name, kwargs={"kind": "assigned"}) for name in FRAMED}
    caplog.set_level("DEBUG", "django.request")
    before = fingerprint()
    for url in urls:
        response = browser.get(url)
        if url in framed and response.status_code == 200:
            check_frame(response)
            continue
        check_headers(response, signed_in=actor != "stranger")
        if is_page(response):
            assert (url, Markup(response.content.decode()).found) == (url, [])
    assert fingerprint() == before
    check_log(caplog, world)


def test_the_fingerprint_sees_a_change_in_any_row(world):
    before = fingerprint()
    Person.objects.filter(pk=world.employee.pk).update(language="en")
    assert [table for table, value in fingerprint().items() if value != before[table]] == ["accounts_person"]


def test_nothing_unsafe_goes_through_without_a_token(world):
    """Django looks at the token before a view looks at the person, so one person stands for all."""
    urls = every_url(world)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.hr, backend="accounts.authentication.PersonBackend")
    before = fingerprint()
    statuses = {(url, method): getattr(browser, method)(url).status_code for url in urls for method in UNSAFE}
    assert {place: status for place, status in statuses.items() if status != 403} == {}
    assert fingerprint() == before


def check_frame(response) -> None:
    """A mail needs styles at its elements, so its page is nothing but a sandboxed frame of our own."""
    policy = response.headers["Content-Security-Policy"]
    for needed in (
        "sandbox allow-popups allow-popups-to-escape-sandbox;",
        "default-src 'none'",
        "frame-ancestors 'self'",
    ):
        assert needed in policy
    assert not {"script-src", "allow-scripts", "allow-same-origin", "allow-forms"} & set(re.split("[; ]+", policy))
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response.headers["Cache-Control"]
    html = response.content.decode()
    assert [found for found in Markup(html).found if not found.endswith(" style")] == ["base"]
    assert html.count("<base") == html.count('<base target="_blank">') == 1


def check_headers(response, *, signed_in: bool) -> None:
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS
    policy = response.headers["Content-Security-Policy"]
    for needed in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"):
        assert needed in policy
    assert "unsafe" not in policy
    if signed_in and "immutable" not in response.headers.get("Cache-Control", ""):
        assert "no-store" in response.headers["Cache-Control"]


def test_errors_carry_the_security_headers_too(world, monkeypatch):
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    browser.force_login(world.employee, backend="accounts.authentication.PersonBackend")
    answers = {
        404: browser.get("/nothing/"),
        400: browser.get("/", headers={"host": "evil.example"}),
        403: browser.post("/language/"),
        405: browser.get("/language/"),
    }
    monkeypatch.setattr("training.pages.my_training", lambda *args, **more: 1 / 0)
    answers[500] = browser.get("/")
    for status, response in answers.items():
        assert response.status_code == status
        check_headers(response, signed_in=status not in (400, 403))


@pytest.mark.parametrize(
    "broken", ["django.contrib.sessions.backends.db.SessionStore.load", "training.pages.my_training"]
)
def test_without_the_database_every_page_says_how_long_to_wait(broken, cast, sign_in, monkeypatch):
    """The session and the person are read before any view; what breaks there is told like what breaks in a view."""
    browser = sign_in(cast.employee)
    browser.raise_request_exception = False

    def gone(*args, **more):
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(broken, gone)
    response = browser.get("/")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
    check_headers(response, signed_in=True)


def test_the_canaries_reach_the_pages_they_are_meant_for(world, sign_in):
    """Else the test above proves nothing."""
    expected = {
        "employee": {"title", "lessons-title", "lessons-blocks-markdown", "scenarios-nodes-prompt", "employee-first"},
        "manager": {"employee-last", "dept-shops", "path-shops"},
        "hr": {"colleague-last", "dept-payroll", "audit", "extension", "title"},
        "editor": {"lessons-opening-text", "scenarios-nodes-choices-label", "revision", "scenarios-people-name"},
        "sysadmin": {"colleague-first", "audit"},
    }
    urls = every_url(world)
    for actor, places in expected.items():
        browser = sign_in(world.actor(actor))
        pages = [browser.get(url) for url in urls]
        text = "".join(page.content.decode() for page in pages if is_page(page))
        assert {place for place in places if f"xss-{place}" not in text} == set()


def test_no_text_becomes_markup_in_a_mail(world):
    Person.objects.filter(pk=world.manager.pk).update(language="en")
    open_cycle(world.course, world.manager, now=NOW, due_on=NOW.date() - dt.timedelta(3))
    open_cycle(world.course, make_person(world.shops, first_name=canary("late")), now=NOW, due_on=dt.date(2026, 5, 1))
    assert Reminder.objects.count() == len(MailKind) - 1
    for reminder in Reminder.objects.all():
        mail = email.message_from_bytes(mails.compose(occasion_of(reminder.pk), now=NOW).content, policy=default)
        html = mail.get_body(("html",)).get_content()
        assert ("xss-title" if reminder.cycle else "xss-late") in html
        dangerous = [found for found in Markup(html).found if not found.endswith(" style")]
        assert (reminder.text, dangerous) == (reminder.text, [])


def test_the_search_for_markup_finds_what_it_looks_for():
    html = f'<p title="{canary("here")}<script>1</script><a href=" javascript:1">'
    assert Markup(html).found == ["xss-here", "xss-here onclick", "inline script", "a= javascript:1"]


def is_page(response) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/html")


def check_log(caplog, world) -> None:
    said = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("django.db"))
    for secret in ("example.com", "xss-", world.hr.last_name):
        assert secret not in said


def nowhere(arguments: dict) -> dict:
    """Arguments of the same form that belong to nothing."""
    return {
        name: 987654321 if isinstance(value, int) else NOWHERE.get(name) or uuid4() for name, value in arguments.items()
    }


def masked(response, url: str) -> tuple:
    """All that the answer says but its nonce and the address, which the reader knows."""
    headers = {name: value for name, value in response.headers.items() if name not in ("Content-Length", "Set-Cookie")}
    return response.status_code, headers, TOKEN.sub(rb"\1", response.content).replace(url.encode(), b"")


@pytest.mark.parametrize("actor", ACTORS)
def test_what_is_not_yours_looks_like_what_is_not_there(actor, world, sign_in):
    browser, place, compared = sign_in(world.actor(actor)), ACTORS.index(actor), 0
    for row in ROWS:
        if (row.url_name, actor) in SPENT:
            continue
        if row.statuses[place] == 404 and (arguments := arguments_of(row, world)):
            foreign, none = (reverse(row.url_name, kwargs=given) for given in (arguments, nowhere(arguments)))
            ask = getattr(browser, row.method)
            assert (row.url_name, masked(ask(foreign), foreign)) == (row.url_name, masked(ask(none), none))
            compared += 1
    assert compared or actor == "stranger"


def test_signing_in_leaves_no_address_in_the_log(world, caplog):
    caplog.set_level("DEBUG")
    Client().post("/accounts/login/", {"login": world.employee.email, "password": "wrong"})
    Client().post("/accounts/login/code/", {"email": world.employee.email})
    Client().post("/accounts/password/reset/", {"email": world.employee.email})
    Client().post("/accounts/password/reset/", {"email": "nobody@example.com"})
    check_log(caplog, world)
