"""Every page of the access table as everyone who may open it: axe in both themes, and no sideways scroll."""

import re
from types import SimpleNamespace
from typing import Any

from django.urls import reverse
from django.utils import timezone

import pytest
from playwright.sync_api import APIResponse, Page, expect

from accounts.models import Person
from tests.access_table import ROWS, Row
from tests.cast import ACTORS, build_cast
from tests.factories import make_course
from tests.journeys.looking import prepare, require_sound
from tests.training.walking import complete, open_cycle, pass_scenario, walk_to
from training.progress import answer_opening, begin_attempt, start

pytestmark = [pytest.mark.browser, pytest.mark.stack]

PAGES = [row for row in ROWS if row.method == "get" and 200 in row.statuses]


@pytest.fixture(scope="package")
def staged(application) -> Any:
    """The cast of the access table, in the company of the running application."""
    with application.database():
        cast = build_cast()
        course = make_course(by=cast.editor)
        completion = complete(course, cast.employee, now=timezone.now())
    return SimpleNamespace(**vars(cast), course=course, completion=completion, cycle=completion.cycle, actor=cast.actor)


NAVIGATION = re.compile(r'<nav class="desk-nav".*?</nav>|<details class="menu".*?</details>', re.DOTALL)


def shapes(html: str, person: Person | None) -> tuple[str, str]:
    """The page without what differs between two people of the same role, and the navigation in it."""
    html = re.sub(r'name="csrfmiddlewaretoken" value="\w+"|aria-current="page"', "", html)
    for words in (person.name, person.email, person.initials) if person else ():
        html = html.replace(words, "-")
    return NAVIGATION.sub("", html), "".join(NAVIGATION.findall(html))


@pytest.fixture(scope="module")
def looked_at() -> set[str]:
    """Every page and every navigation is looked at once in each process, not every page with every navigation."""
    return set()


@pytest.mark.parametrize("row", PAGES, ids=lambda row: row.url_name)
def test_a_page_of_the_table_has_no_violation_and_no_sideways_scroll(row: Row, staged, app, visitors, looked_at):
    url = reverse(row.url_name, kwargs=row.arguments(staged) if row.arguments else {})
    page = prepare(visitors.open())
    for actor, status in zip(ACTORS, row.statuses, strict=True):
        person = staged.actor(actor)
        visitors.become(page, person)
        answer = page.request.get(url, max_redirects=0)
        assert answer.status == status
        if status != 200 or not answer.headers["content-type"].startswith("text/html"):
            continue
        found = {*shapes(answer.text(), person)}
        if not found <= looked_at:
            looked_at |= found
            open_as_mail(page, answer) if is_sandboxed(answer) else page.goto(url)
            require_sound(page, f"{url} as {actor}")


def is_sandboxed(answer: APIResponse) -> bool:
    """A mail as it will look: a page that may run no script, not even axe."""
    return "sandbox" in answer.headers["content-security-policy"]


def open_as_mail(page: Page, answer: APIResponse) -> None:
    """As a mail program shows it: without that policy, and in the main part of its own page."""
    page.goto("about:blank")
    page.set_content(answer.text())
    page.evaluate("() => document.body.append(document.createElement('main'))")
    page.evaluate("() => document.querySelector('main').append(...document.querySelectorAll('body > div'))")


STEPS = ("cover", "opening", "lesson", "premise", "play", "second", "failed", "passed", "acknowledgement")


def learner_at(staged: Any, step: str) -> Person:
    """A newcomer who stands at that place of the small course."""
    from tests.factories import make_person

    now = timezone.now()
    person = make_person(staged.shops, language="pl")
    cycle = open_cycle(staged.course, person, now=now, due_on=timezone.localdate())
    if step != "cover":
        cycle = start(cycle, now=now)
    if step in ("lesson", "premise", "play", "second", "failed", "passed"):
        answer_opening(cycle, "rule-1", option=0, now=now)
    if step in ("premise", "play", "second", "failed", "passed"):
        walk_to(cycle, "play-rule-1", now=now)
    if step == "play":
        begin_attempt(cycle, "rule-1", now=now)
    choices = {"second": ["b"], "failed": ["c", "b"], "passed": ["a", "a"]}
    if step in choices:
        pass_scenario(cycle, "rule-1", now=now, choices=choices[step])
    if step == "acknowledgement":
        walk_to(cycle, "acknowledgement", now=now)
    return person


@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_the_course_has_no_violation_and_no_sideways_scroll(step, staged, app, visitors):
    person = learner_at(staged, step)
    page = prepare(visitors.open(person, viewport={"width": 390, "height": 844}))
    cycle = person.cycles.get()
    slug = "play-rule-1" if step == "passed" else ""
    page.goto(reverse("training:step", args=[cycle.pk, slug]) if slug else reverse("training:resume", args=[cycle.pk]))
    require_sound(page)


def refused_sign_in(page: Page) -> None:
    page.goto(reverse("account_login"))
    page.locator("[name=login]").fill("nobody@example.com")
    page.locator("[name=password]").fill("wrong")
    page.locator("main form .button.primary").click()
    expect(page.locator(".form-errors")).to_be_visible()


def nothing_there(page: Page) -> None:
    page.goto("/nothing/")


def code_form(page: Page) -> None:
    page.goto(reverse("account_request_login_code"))
    page.locator("[name=email]").fill("nobody@example.com")
    page.locator("main form .button.primary").click()
    expect(page.locator("[name=code]")).to_be_visible()


@pytest.mark.parametrize("open_it", [refused_sign_in, code_form, nothing_there])
def test_a_page_that_no_row_reaches_has_no_violation(open_it, staged, app, visitors):
    page = prepare(visitors.open(staged.employee if open_it is nothing_there else None))
    open_it(page)
    if open_it is nothing_there:
        visitors.expect_trouble("404")
    require_sound(page)
