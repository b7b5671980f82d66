"""A learner's page weighs less than 60 kB over the wire on a first visit, everything included, and does not jump."""

from collections import Counter
from collections.abc import Callable

from django.urls import reverse
from django.utils import timezone

import pytest
from playwright.sync_api import CDPSession, Page

from courses.document import CourseDocument
from tests.journeys.learning import best, path
from tests.journeys.test_learning import newcomer
from tests.training.walking import pass_scenario, walk_to
from training import progress, standing
from training.models import Cycle

pytestmark = [pytest.mark.browser, pytest.mark.stack]

MOST = 60_000
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 60_000, "uploadThroughput": 60_000}
SHIFTS = """window.shifts = [];
const place = (rect) => [rect.x, rect.y, rect.width, rect.height].map(Math.round).join(" ");
const told = ({node, previousRect, currentRect}) =>
  `${node?.nodeName}: ${place(previousRect)} to ${place(currentRect)}`;
new PerformanceObserver((list) => window.shifts.push(...list.getEntries().flatMap((entry) => entry.sources.map(told))))
  .observe({type: "layout-shift", buffered: true});"""


def home(cycle: Cycle, content: CourseDocument) -> str:
    return reverse("training:home")


def opening(cycle: Cycle, content: CourseDocument) -> str:
    return reverse("training:step", args=[cycle.pk, f"lesson-{content.lessons[0].key}"])


def lesson(cycle: Cycle, content: CourseDocument) -> str:
    progress.answer_opening(cycle, content.lessons[0].key, option=0, now=timezone.now())
    return opening(cycle, content)


def premise(cycle: Cycle, content: CourseDocument) -> str:
    slug = f"play-{content.lessons[0].scenario}"
    walk_to(cycle, slug, now=timezone.now())
    return reverse("training:step", args=[cycle.pk, slug])


def scenario_step(cycle: Cycle, content: CourseDocument) -> str:
    address = premise(cycle, content)
    progress.begin_attempt(cycle, content.lessons[0].scenario, now=timezone.now())
    return address


def ending(cycle: Cycle, content: CourseDocument) -> str:
    """The whole thread of a run: the longest page."""
    address = premise(cycle, content)
    scenario = content.scenario(content.lessons[0].scenario)
    assert scenario is not None
    pass_scenario(cycle, scenario.key, now=timezone.now(), choices=path(scenario, best))
    return address


def signature(cycle: Cycle, content: CourseDocument) -> str:
    for key in [*(lesson.scenario for lesson in content.lessons), content.final]:
        while (step := standing.Progress(cycle).current) and step.kind == "lesson":
            progress.answer_opening(cycle, step.key, option=0, now=timezone.now())
            progress.mark_seen(cycle, step.key, now=timezone.now())
        scenario = content.scenario(key)
        assert scenario is not None
        pass_scenario(cycle, key, now=timezone.now(), choices=path(scenario, best))
    return reverse("training:step", args=[cycle.pk, "acknowledgement"])


def certificate(cycle: Cycle, content: CourseDocument) -> str:
    signature(cycle, content)
    completion = progress.acknowledge(cycle, agreed=True, name=cycle.person.name, language="pl", now=timezone.now())
    return reverse("training:certificate", args=[completion.certificate_code])


def weigh(page: Page, url: str) -> tuple[int, CDPSession]:
    """Bytes received for the page and all that it asks for, headers included; the icon too, which a window would
    show."""
    wire = page.context.new_cdp_session(page)
    received: Counter[str] = Counter()
    wire.on("Network.loadingFinished", lambda event: received.update({event["requestId"]: event["encodedDataLength"]}))
    wire.send("Network.enable")
    page.goto(url)
    page.evaluate("fetch(document.querySelector('link[rel=icon]').href).then((answer) => answer.text())")
    page.wait_for_load_state("networkidle")
    assert len(received) >= 8, "page, styles, scripts, fonts, icons"
    return int(sum(received.values())), wire


@pytest.mark.parametrize(
    "place",
    [home, opening, lesson, premise, scenario_step, ending, signature, certificate],
    ids=lambda place: place.__name__,
)
def test_a_learner_page_is_light_and_still(place: Callable[[Cycle, CourseDocument], str], app, visitors):
    person = newcomer(app, "pl", f"light-{place.__name__}".replace("_", "-"))
    cycle = progress.start(person.cycles.get(), now=timezone.now())
    url = place(cycle, app.course.current.content)
    page = visitors.open(person, viewport={"width": 390, "height": 844})
    weight, wire = weigh(page, url)
    assert weight < MOST
    page.add_init_script(SHIFTS)
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    wire.send("Network.emulateNetworkConditions", SLOW)
    page.reload(wait_until="networkidle")
    assert page.evaluate("window.shifts") == []
