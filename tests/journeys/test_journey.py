"""The main job from end to end, in each language: roster, assignment, mail, learning, certificate, figures, a new
revision, and reminders for the others."""

import csv
import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Department, Person, Role
from courses.models import CourseRevision
from dashboards.overview import COLUMNS
from reminders.models import MailKind, Reason, Reminder, State
from tests.journeys.application import PASSWORD, Application, button_of, code_of, wait_for
from tests.journeys.learning import Learner
from training.models import Attempt, Completion, Cycle

pytestmark = [pytest.mark.browser, pytest.mark.stack]

ROSTER = Path(settings.BASE_DIR) / "demo" / "roster.csv"
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Line:
    """A person of the roster file."""

    email: str
    name: str
    department: str
    language: str

    @property
    def leaf(self) -> str:
        return self.department.rpartition(" / ")[2]


@dataclass
class Company:
    """The roster of a journey: the demo file, moved to a domain and under a head of its own, so that both languages can
    share one application."""

    content: bytes
    lines: list[Line]

    def team(self, language: str) -> list[Line]:
        """The smallest department with at least five people of that language; one of them first."""
        of = {path: [line for line in self.lines if line.department == path] for path in self.departments}
        fitting = [team for team in of.values() if sum(line.language == language for line in team) >= 5]
        return sorted(min(fitting, key=len), key=lambda line: line.language != language)

    @property
    def departments(self) -> set[str]:
        return {line.department for line in self.lines}


def read_company(language: str) -> Company:
    text = ROSTER.read_text(encoding="utf-8-sig")
    head = text.splitlines()[1].split(";")[3]
    text = text.replace("@example.com", f"@{language}.example.com").replace(f";{head}", f";{head} {language}")
    lines = [
        Line(email=row[0], name=f"{row[1]} {row[2]}", department=row[3], language=row[5])
        for row in csv.reader(text.splitlines()[1:], delimiter=";")
    ]
    return Company(text.encode(), lines)


def sign_in_with_password(page: Page, person: Person) -> None:
    page.goto("/")
    page.locator("[name=login]").fill(person.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form .button.primary").click()
    expect(page).to_have_url(re.compile(r"^http://[^/]+/$"))


def go_to(page: Page, url_name: str) -> None:
    """By the navigation, as people do."""
    if "desk" not in (page.locator("body").get_attribute("class") or ""):
        page.goto(reverse(url_name))
    else:
        page.locator(f".desk-nav a[href='{reverse(url_name)}']").click()
    expect(page.locator(".desk-nav [aria-current=page]")).to_have_attribute("href", reverse(url_name))


def import_roster(page: Page, company: Company) -> None:
    go_to(page, "accounts:roster")
    upload = {"name": "roster.csv", "mimeType": "text/csv", "buffer": company.content}
    page.locator("[type=file]").set_input_files(upload)  # type: ignore[arg-type]
    page.locator("main form .button.primary").click()
    figures = page.locator(".headline .figure")
    expect(figures).to_have_text([str(len(company.lines)), "0", "0", "0", "0", "0"])
    domain = company.lines[0].email.partition("@")[2]
    assert not Person.objects.filter(email__endswith=f"@{domain}").exists(), "a dry run changes nothing"
    page.locator(".sticky-actions .primary").click()
    expect(figures).to_have_text([str(len(company.lines)), "0", "0", "0", "0"])
    assert Person.objects.filter(email__endswith=f"@{domain}").count() == len(company.lines)


def assign(page: Page, team: list[Line]) -> None:
    """First the preview, which changes nothing; then the assignment, to as many as the preview said."""
    go_to(page, "duties:assign")
    page.locator("[name=course]").select_option("five-rules")
    page.locator("[name=departments]").select_option(label=team[0].department)
    page.locator("[name=days]").fill("14")
    page.locator("[name=look]").click()
    expect(page.locator(".effects .figure")).to_have_text([str(len(team)), "0", "0", str(len(team))])
    assert not Cycle.objects.filter(person__department__path=team[0].department).exists()
    page.locator("[name=assign]").click()
    expect(page.locator(".message.success")).to_contain_text(str(len(team)))


def figures_of(page: Page, department: str) -> dict[str, int]:
    """The department's line of the overview."""
    page.goto(f"{reverse('dashboards:overview')}?course=five-rules")
    key = Department.objects.get(path=department).pk
    cells = page.locator(f"tr[data-id='{key}'] td.number:not(:has(.rate))").all_text_contents()
    names = [group or "assigned" for group, _label in COLUMNS]
    return {name: int(text) for name, text in zip(names, cells, strict=True) if int(text)}


def sign_in_by_code(page: Page, app: Application, address: str) -> None:
    """From the page of another way to sign in; the code comes with the next mail."""
    before = len(app.mails_to(address))
    page.locator(f"main a[href*='{reverse('account_request_login_code')}']").click()
    page.locator("[name=email]").fill(address)
    page.locator("main form .button.primary").click()
    expect(page.locator("[name=code]")).to_be_visible()
    page.locator("[name=code]").fill(code_of(app.wait_for_mail(address, number=before + 1)))
    page.locator("main form .button.primary").click()


def be_late(department: str) -> None:
    """The due date of the whole team was yesterday. The reminders of today are planned, and wait: one mail a day."""
    cycles = Cycle.objects.filter(person__department__path=department)
    with transaction.atomic(), history_may_change():
        cycles.update(due_on=timezone.localdate() - DAY, opened_at=timezone.now() - 15 * DAY)
        Reminder.objects.filter(cycle__in=cycles).update(occurs_on=F("occurs_on") - 15 * DAY)
    overdue = Reminder.objects.filter(
        cycle__in=cycles, text=MailKind.OVERDUE, state=State.PENDING, reason=Reason.ONE_A_DAY
    )
    wait_for(lambda: overdue.count() == cycles.count() or None, "overdue mail for everyone in the ledger")


def let_a_day_pass(department: str) -> None:
    """What was mailed today was mailed yesterday, and what waits for tomorrow is due now."""
    mails = Reminder.objects.filter(person__department__path=department)
    with transaction.atomic(), history_may_change():
        mails.filter(state=State.SENT).update(settled_at=F("settled_at") - DAY)
        mails.filter(state=State.PENDING).update(not_before=timezone.now())


@contextmanager
def history_may_change() -> Iterator[None]:
    """The database lets nobody change what was sent, so its triggers are off for this one moment."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE reminders_reminder DISABLE TRIGGER USER")
        yield
        cursor.execute("ALTER TABLE reminders_reminder ENABLE TRIGGER USER")


def open_certificate(page: Page, visitors, completion: Completion) -> None:
    """The page, the PDF, and the public page that verifies the number."""
    expect(page.locator(".certificate")).to_contain_text(completion.certificate_code)
    with page.expect_download() as download:
        page.locator(f"a[href='{reverse('training:certificate_pdf', args=[completion.certificate_code])}']").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
    address = page.locator(".certificate dd").last.inner_text()
    stranger = visitors.open()
    stranger.goto(address)
    expect(stranger.locator(".certificate .name")).to_have_text(completion.person_name)
    expect(stranger.locator(".certificate")).to_contain_text(completion.certificate_code)


def effect_of_a_minor_change() -> list[str]:
    """Those who completed stay valid, those under way stay on theirs, the others get the new revision; nobody starts
    again, and no mail goes out."""
    duties = Cycle.objects.filter(course__key="five-rules")
    begun = duties.filter(closed_at=None, started_at__isnull=False)
    counts = duties.exclude(closed_at=None).count(), begun.count(), duties.filter(started_at=None).count(), 0, 0
    return [str(number) for number in counts]


def change_a_lesson(page: Page, language: str) -> str:
    """In the studio: a new line to keep, in the language of the journey, and a text that is previewed while one types;
    then a minor revision."""
    go_to(page, "courses:studio")
    page.locator(f"main a[href='{reverse('courses:course', args=['five-rules'])}']").click()
    page.locator(".content-list .name a").first.click()
    field = page.locator(f"[name='key_line.{language}']")
    line = f"{field.input_value()} ({language}, 2)"
    field.fill(line)
    expect(page.locator("markdown-toolbar").first).to_be_visible()  # the page's script is at work
    text = page.locator(f"textarea[data-markdown][name$='.{language}']").first
    text.press("Control+End")
    text.press_sequentially(f" **Really {language}.**")
    expect(page.locator(".preview strong").filter(has_text=f"Really {language}.")).to_be_visible()
    page.locator(".sticky-actions [name=save]").click()
    expect(field).to_have_value(line)
    go_to(page, "courses:studio")
    page.locator(f"main a[href='{reverse('courses:course', args=['five-rules'])}']").click()
    page.locator(f"a[href='{reverse('training:publish', args=['five-rules'])}']").click()
    expect(page.locator(".effects .figure")).to_have_text(effect_of_a_minor_change())
    page.locator("[name=change_kind][value=minor]").check()
    page.locator("[name=reason]").fill(f"Journey in {language}")
    page.locator("main form .button.primary").click()
    expect(page).to_have_url(re.compile(re.escape(reverse("courses:revisions", args=["five-rules"]))))
    return line


@pytest.mark.parametrize("language", ["pl", "en"])
def test_from_the_roster_to_the_certificate_and_the_next_reminders(language, app, visitors):
    company = read_company(language)
    team = company.team(language)
    me, department = team[0], team[0].department
    hr = app.staff(f"hr-{language}@example.com", Role.HR, language=language)
    editor = app.staff(f"editor-{language}@example.com", Role.EDITOR, language=language, first_name="Róża")

    desk = visitors.open()
    sign_in_with_password(desk, hr)
    import_roster(desk, company)
    assign(desk, team)
    assert figures_of(desk, department) == {"assigned": len(team), "not_started": len(team)}

    page = visitors.open(viewport={"width": 390, "height": 844}, locale="de-DE")
    page.goto(button_of(app.wait_for_mail(me.email)))
    sign_in_by_code(page, app, me.email)
    expect(page.locator("html")).to_have_attribute("lang", language)
    learner = Learner(page, app.course, language)
    learner.start()
    learner.do_rule(1, fail_first=True)
    assert list(
        Attempt.objects.filter(cycle__person__email=me.email).order_by("number").values_list("number", "passed")
    ) == [
        (1, False),
        (2, True),
    ]
    assert figures_of(desk, department) == {
        "assigned": len(team),
        "in_progress": 1,
        "not_started": len(team) - 1,
    }
    for number in range(2, len(learner.content.lessons) + 1):
        learner.do_rule(number)
    learner.do_final()
    for line in team:
        app.wait_for_mail(line.email)
    be_late(department)
    learner.sign(me.name)
    completion = Completion.objects.get(person__email=me.email)
    assert (completion.revision.number, completion.late) == (app.course.current.number, True)
    open_certificate(page, visitors, completion)
    assert figures_of(desk, department) == {
        "assigned": len(team),
        "completed": 1,
        "overdue": len(team) - 1,
    }

    before = app.course.current.number
    studio = visitors.open()
    sign_in_with_password(studio, editor)
    line = change_a_lesson(studio, language)
    published = CourseRevision.objects.get(course=app.course, number=before + 1)
    assert published == app.course.current
    assert published.content.lessons[0].key_line.in_language(language) == line
    completion.refresh_from_db()
    assert completion.revision.number == before

    let_a_day_pass(department)
    for colleague in team[1:]:
        reminder = app.wait_for_mail(colleague.email, number=2)
        cycle = Cycle.objects.get(person__email=colleague.email)
        assert button_of(reminder).endswith(reverse("training:resume", args=[cycle.pk]))
    assert_only_the_certificate_follows(app, me, completion)
    desk.goto(f"{reverse('reminders:ledger')}?q={me.email}&outcome=not-sent&mail={MailKind.OVERDUE}")
    with translation.override(language):
        expect(desk.locator("tbody tr")).to_contain_text([str(Reason.COMPLETED.label)])


def assert_only_the_certificate_follows(app: Application, me: Line, completion: Completion) -> None:
    """The overdue mail that was planned before the signature is never sent, and the ledger says why."""

    def reminders() -> list[EmailMessage]:
        return [mail for mail in app.mails_to(me.email) if mail["X-Reminder-Id"]]

    _assigned, *later = wait_for(lambda: reminders() if len(reminders()) > 1 else None, "mail with the certificate")
    certificate = app.base + reverse("training:certificate", args=[completion.certificate_code])
    assert [button_of(mail) for mail in later] == [certificate]
    rows = Reminder.objects.filter(person=completion.person).exclude(state=State.SUPERSEDED)
    assert {(row.text, row.state, row.reason) for row in rows} == {
        (MailKind.ASSIGNED, State.SENT, Reason.NONE),
        (MailKind.DONE, State.SENT, Reason.NONE),
        (MailKind.OVERDUE, State.CANCELLED, Reason.COMPLETED),
    }
