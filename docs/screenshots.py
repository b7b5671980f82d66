"""The pictures of the README: `python -m docs.screenshots` (`make screenshots`).

Starts the demo company on a private folder as `make run` does, signs in as its people, and writes
docs/screenshots/*.png."""

import datetime as dt
import os
import re
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import django

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from config.embedded import browser as system_browser
from config.embedded.problem import Problem
from config.embedded.supervisor import Supervisor

FOLDER = Path(__file__).parent / "screenshots"
COLOURS = 256
MOST_BYTES = 3_000_000
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1440, "height": 900}, "device_scale_factor": 1}
SIZES = {"390": PHONE, "1440": DESK}
OWN = ("DATABASE_URL", "REDIS_URL", "FIVE_RULES_MODE", "DJANGO_SETTINGS_MODULE", "EMAIL_URL", "BASE_URL", "SECRET_KEY")


@dataclass(frozen=True)
class Shot:
    """`page` opens what is to be seen; the file is named after page, language, width and theme."""

    role: str
    page: Callable[[Page], Any]
    language: str
    width: str
    theme: Literal["light", "dark"] = "light"

    @property
    def name(self) -> str:
        parts = [self.page.__name__.replace("_", "-"), self.language, self.width]
        return "-".join([*parts, *([self.theme] if self.theme == "dark" else [])]) + ".png"


def my_training(page: Page) -> None:
    page.goto("/")


def lesson(page: Page) -> None:
    page.goto(f"/learn/{Learner.cycle_id}/lesson-{Learner.lesson}/")


def feed(page: Page) -> None:
    page.goto(f"/learn/{Learner.cycle_id}/play-{Learner.playing}/")
    page.locator("#now").scroll_into_view_if_needed()
    page.locator(".choices").evaluate("element => element.scrollIntoView({block: 'end'})")


def ending(page: Page) -> None:
    page.goto(f"/learn/{Learner.cycle_id}/play-{Learner.played}/")
    page.locator(".ending").evaluate("element => scrollTo(0, element.getBoundingClientRect().top + scrollY - 70)")


def overview(page: Page) -> None:
    page.goto("/insights/")


def people(page: Page) -> None:
    page.goto("/insights/people/?status=overdue")


def ledger(page: Page) -> None:
    page.goto("/reminders/")


def tomorrow(page: Page) -> None:
    page.goto("/reminders/tomorrow/")


def plan(page: Page) -> None:
    page.goto("/reminders/plans/")
    page.locator("main a[href^='/reminders/plans/']:not([href$='/new/'])").first.click()
    page.locator("h1").wait_for()


def mail(page: Page, kind: str) -> None:
    """HTML and text of a mail beside one another, on real data."""
    page.goto(f"/reminders/texts/{kind}/")
    page.locator("#preview").evaluate("element => scrollTo(0, element.getBoundingClientRect().top + scrollY - 20)")


def mail_before(page: Page) -> None:
    mail(page, "before")


def mail_digest(page: Page) -> None:
    mail(page, "digest")


def mail_digest_hr(page: Page) -> None:
    mail(page, "digest_hr")


def mail_escalation(page: Page) -> None:
    mail(page, "escalation")


def mail_text(page: Page) -> None:
    page.goto("/reminders/texts/before/")


def assignment(page: Page) -> None:
    page.goto("/duties/assign/")
    page.locator("[name=departments]").select_option(str(Learner.department_id))
    page.locator("[name=look]").click()
    page.locator(".effects").wait_for()


def lesson_editor(page: Page) -> None:
    page.goto("/studio/five-rules/")
    page.locator(".content-list .name a").nth(2).click()
    page.locator(".editor-row").first.wait_for()


def scenario_map(page: Page) -> None:
    page.goto("/studio/five-rules/scenarios/final/")


def publishing(page: Page) -> None:
    page.goto("/studio/five-rules/")
    page.locator("a[href$='/publish/']").click()
    page.locator(".effects").wait_for()


SHOTS = (
    Shot("learner", my_training, "en", "390"),
    Shot("learner", lesson, "en", "390"),
    Shot("learner", lesson, "en", "1440"),
    Shot("learner", feed, "en", "390"),
    Shot("learner", feed, "en", "1440", "dark"),
    Shot("learner", ending, "en", "390"),
    Shot("learner", my_training, "pl", "390", "dark"),
    Shot("learner", lesson, "pl", "390", "dark"),
    Shot("learner", feed, "pl", "390"),
    Shot("learner", ending, "pl", "390"),
    Shot("HR", overview, "en", "1440"),
    Shot("HR", people, "en", "1440"),
    Shot("HR", ledger, "en", "1440"),
    Shot("HR", tomorrow, "en", "1440"),
    Shot("HR", plan, "en", "1440"),
    Shot("HR", plan, "pl", "390"),
    Shot("HR", mail_text, "en", "1440"),
    Shot("HR", mail_before, "en", "1440"),
    Shot("HR", mail_before, "pl", "390", "dark"),
    Shot("HR", mail_digest, "en", "1440"),
    Shot("HR", mail_digest_hr, "pl", "1440"),
    Shot("HR", mail_escalation, "en", "1440"),
    Shot("HR", assignment, "en", "1440"),
    Shot("HR", overview, "en", "390"),
    Shot("HR", overview, "pl", "1440", "dark"),
    Shot("HR", ledger, "pl", "390"),
    Shot("content editor", lesson_editor, "en", "1440"),
    Shot("content editor", scenario_map, "en", "1440"),
    Shot("content editor", publishing, "en", "1440"),
    Shot("content editor", lesson_editor, "pl", "390"),
    Shot("content editor", scenario_map, "pl", "1440", "dark"),
)


class Learner:
    """Where the learner of the pictures stands, once `prepare` has walked there."""

    cycle_id = 0
    department_id = 0
    lesson = played = playing = ""


def prepare() -> dict[str, Any]:
    """A learner in the third rule with a scenario ended well behind and one under way; newcomers who have no duty yet;
    a lesson changed and not published. Returns the person for each role."""
    from django.utils import timezone

    from accounts.models import Department, Person
    from accounts.people import invite_person
    from courses.editing import save_lesson
    from courses.models import Course
    from training import assigning
    from training.models import AssignmentRule, Cycle

    now, today = timezone.now(), timezone.localdate()
    hr = Person.objects.get(email="hr@example.com")
    editor = Person.objects.get(email="editor@example.com")
    for rule in AssignmentRule.objects.filter(ended_at=None):
        assigning.end_rule(rule, by=hr, now=now)
    department = Department.objects.filter(name="Service Desk EN").get()
    Learner.department_id = department.pk
    for first, last in (("Amara", "Okonjo"), ("Jonas", "Lindqvist"), ("Chloé", "Vasseur"), ("Dariusz", "Zawilski")):
        email = f"{first}.{last}@example.com".lower().replace("é", "e")
        invite_person(email=email, first_name=first, last_name=last, department=department, by=hr, now=now, today=today,
                      language="en", employment_start=today)  # fmt: skip
    draft = Course.objects.get(key="five-rules").lesson_drafts.order_by("position")[2]
    line = {language: f"{text.rstrip('.')}." for language, text in draft.document["key_line"].items()}
    extra = {"pl": " Zapytaj, zanim opublikujesz.", "en": " Ask before you post."}
    changed = draft.document | {"key_line": {language: text + extra[language] for language, text in line.items()}}
    save_lesson(draft, changed, version=draft.version, by=editor, now=now)
    idle = Cycle.objects.filter(started_at=None, closed_at=None, person__language="en", person__grants=None)
    cycle = idle.exclude(person__leaves__isnull=False).exclude(waivers__isnull=False).order_by("pk").first()
    assert cycle is not None
    cycle.due_on = today + dt.timedelta(days=6)
    cycle.save(update_fields=["due_on"])
    learn(cycle, now=now)
    wait_for_the_mails()
    return {"learner": cycle.person, "HR": hr, "content editor": editor}


def wait_for_the_mails() -> None:
    """The first tick sends what today owes; the ledger is worth a picture after it."""
    from reminders.models import Reminder, State

    for _ in range(600):
        if not Reminder.objects.filter(state__in=[State.PENDING, State.CLAIMED, State.COMMITTING]).exists():
            return
        time.sleep(0.2)


def learn(cycle: Any, *, now: dt.datetime) -> None:
    """Two rules passed by the best choices, then two decisions in the third scenario."""
    from quizzes import engine
    from training import progress, standing

    cycle = progress.start(cycle, now=now)
    content = standing.Progress(cycle).content
    for number, item in enumerate(content.lessons[:3]):
        progress.answer_opening(cycle, item.key, option=number % 2, now=now)
        progress.mark_seen(cycle, item.key, now=now)
        attempt = progress.begin_attempt(cycle, item.scenario, now=now)
        run = progress.run_of(attempt, content)
        while run.state.node and not (number == 2 and len(run.state.steps) == 2):
            offered = list(engine.offered(run.state, attempt.seed))
            position = offered.index(max(offered, key=lambda choice: choice.points))
            run = progress.decide(cycle, attempt.pk, step=len(run.state.steps), position=position, now=now)
    Learner.cycle_id, Learner.lesson = cycle.pk, content.lessons[2].key
    Learner.played, Learner.playing = content.lessons[1].scenario, content.lessons[2].scenario


def cookie_of(person: Any, base: str) -> dict[str, Any]:
    """Signed in, without the rate limits that forms have."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": base}


def take(shot: Shot, browser: Browser, person: Any, base: str) -> int:
    """Writes the picture with few colours, which these pages hardly show; returns its size."""
    person.language = shot.language
    person.save(update_fields=["language"])
    context = browser.new_context(
        base_url=base,
        locale={"pl": "pl-PL", "en": "en-GB"}[shot.language],
        color_scheme=shot.theme,
        reduced_motion="reduce",
        **SIZES[shot.width],  # type: ignore[arg-type]
    )
    context.add_cookies([cookie_of(person, base)])  # type: ignore[list-item]
    page = context.new_page()
    shot.page(page)
    page.wait_for_load_state("networkidle")
    picture = Image.open(BytesIO(page.screenshot(animations="disabled", caret="hide"))).convert("RGB")
    context.close()
    path = FOLDER / shot.name
    picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)
    return path.stat().st_size


def take_all(base: str, wanted: re.Pattern[str]) -> None:
    people_by_role = prepare()
    FOLDER.mkdir(exist_ok=True)
    shots = [shot for shot in SHOTS if wanted.search(shot.name)]
    for path in set(FOLDER.glob("*.png")) - {FOLDER / shot.name for shot in SHOTS}:
        path.unlink()
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=system_browser.find(), args=arguments)
        for shot in shots:
            print(f"{take(shot, browser, people_by_role[shot.role], base) / 1000:7.0f} kB  {shot.name}", flush=True)
        browser.close()
    total = sum(path.stat().st_size for path in FOLDER.glob("*.png"))
    print(f"{total / 1000:7.0f} kB  in all")
    if total > MOST_BYTES:
        raise Problem("The pictures weigh more than 3 MB: lower COLOURS in docs/screenshots.py.")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def main(arguments: list[str]) -> int:
    """An argument is a regular expression: only pictures whose name it finds are taken again."""
    wanted = re.compile(arguments[0] if arguments else "")
    if problem := system_browser.ensure():
        print(problem, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="five-rules-pictures-") as folder:
        given = {name: value for name, value in os.environ.items() if name not in OWN}
        supervisor = Supervisor(
            given | {"VAR_DIR": folder, "PORT": str(free_port()), "SENDING_WINDOW": "always", "TICK_SECONDS": "2"}
        )
        try:
            print("Starting the demo company …", flush=True)
            supervisor.start()
            os.environ.update(supervisor.environment)
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop runs in this thread
            django.setup()
            take_all(supervisor.environment["BASE_URL"], wanted)
        except Problem as problem:
            print(problem, file=sys.stderr)
            return 1
        finally:
            supervisor.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
