"""The learner's part in every way in which people do it: without JavaScript, by keyboard, on two devices, in a
hurry."""

from django.utils import timezone

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import Person
from quizzes import engine
from tests.journeys.application import Application
from tests.journeys.browsing import Visitors
from tests.journeys.learning import Learner, best, worst
from tests.training.walking import walk_to
from training.assigning import assign_to_people
from training.due import DueRule
from training.models import Completion, Decision
from training.progress import start

pytestmark = [pytest.mark.browser, pytest.mark.stack]


def newcomer(app: Application, language: str, name: str) -> Person:
    """Somebody with the course to do, and four weeks for it."""
    person = app.staff(f"{name}@example.com", language=language, first_name=name.capitalize())
    assign_to_people(app.course, [person], due=DueRule.after_assignment(28), by=None, now=timezone.now())
    return person


@pytest.mark.parametrize("language", ["pl", "en"])
def test_the_whole_course_works_without_javascript(language, app, visitors):
    person = newcomer(app, language, f"without-{language}")
    page = visitors.open(person, javascript=False)
    page.goto("/")
    page.locator(".go a").click()
    learner = Learner(page, app.course, language)
    learner.start()
    learner.do_everything(fail_first=True)
    learner.sign(person.name)
    assert Completion.objects.get(person=person).acknowledgement_language == language


def at_the_scenario(app: Application, visitors: Visitors, name: str, **options) -> tuple[Person, Learner]:
    """A browser in which the person stands before the first decision of the first scenario."""
    person = newcomer(app, "en", name)
    cycle = start(person.cycles.get(), now=timezone.now())
    page = visitors.open(person, **options)
    learner = Learner(page, app.course, "en")
    walk_to(cycle, f"play-{learner.content.lessons[0].scenario}", now=timezone.now())
    page.goto("/")
    page.locator(".go a").click()
    learner.begin(learner.first_scenario)
    expect(learner.prompt).to_be_visible()
    return person, learner


def by_keyboard(target: Locator) -> None:
    """Tab until it has the focus, then Enter."""
    expect(target).to_be_visible()
    for _ in range(80):
        if target.evaluate("element => element === document.activeElement"):
            target.page.keyboard.press("Enter")
            return
        target.page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {target}")


def require_focus_within(page: Page, selector: str) -> None:
    page.wait_for_function("selector => document.activeElement.matches(selector)", arg=selector)


def test_the_keyboard_is_enough_and_each_scene_is_told(app, visitors):
    """With motion, as most people have it: beats arrive one after another, and the last one is told with the
    question."""
    person = newcomer(app, "en", "keyboard")
    page = visitors.open(person, reduced_motion="no-preference")
    page.goto("/")
    page.keyboard.press("Tab")
    require_focus_within(page, ".skip-link")
    by_keyboard(page.locator(".go a"))
    learner = Learner(page, app.course, "en", press=by_keyboard)
    learner.start()
    lesson, scenario = learner.content.lessons[0], learner.first_scenario
    expect(page.locator("body > [aria-live=polite]")).to_be_attached()  # the page's script is at work
    learner.answer_opening(lesson.key)
    require_focus_within(page, ".chosen .beat")
    by_keyboard(page.locator(".pager form button"))
    require_focus_within(page, "h1")
    learner.begin(scenario)
    state, told = engine.start(scenario), page.locator("body > [aria-live=polite]")
    while state.node:
        expect(learner.prompt).to_have_text(learner.say(state.node.prompt))
        require_focus_within(page, ".moment.current .beat.new:first-child")
        expect(told).to_contain_text(learner.say(state.node.prompt), use_inner_text=False)
        choice = best(state.node.choices)
        state = engine.choose(scenario, state, choice.key)
        by_keyboard(learner.choice_button(choice))
    assert state.ending is not None
    expect(told).to_contain_text(learner.say(state.ending.title))
    by_keyboard(page.locator(".ending-actions a.primary"))
    expect(page.locator(".situation")).to_have_text(learner.say(learner.content.lessons[1].opening.text))


def test_another_device_goes_on_at_the_same_step(app, visitors):
    person, learner = at_the_scenario(app, visitors, "two-devices")
    first = learner.first_scenario.node(learner.first_scenario.start)
    learner.choice_button(best(first.choices)).click()
    expect(learner.page.locator(".moment")).to_have_count(2)
    question = learner.prompt.inner_text()
    phone = visitors.open(person, viewport={"width": 390, "height": 844}, javascript=False)
    phone.goto("/")
    phone.locator(".go a").click()
    expect(phone.locator(".choices .prompt")).to_have_text(question)


@pytest.mark.parametrize("javascript", [True, False])
def test_a_double_click_decides_once(javascript, app, visitors):
    person, learner = at_the_scenario(app, visitors, f"hasty-{javascript}".lower(), javascript=javascript)
    first = learner.first_scenario.node(learner.first_scenario.start)
    learner.choice_button(best(first.choices)).dblclick(no_wait_after=True)
    expect(learner.page.locator(".moment")).to_have_count(2)
    assert Decision.objects.filter(attempt__cycle__person=person).count() == 1
    learner.page.reload()
    expect(learner.page.locator(".moment")).to_have_count(2)


def test_of_two_tabs_the_first_decision_counts_and_both_show_it(app, visitors):
    person, learner = at_the_scenario(app, visitors, "two-tabs")
    other = learner.page.context.new_page()
    other.goto(learner.page.url)
    first = learner.first_scenario.node(learner.first_scenario.start)
    taken = best(first.choices)
    learner.choice_button(taken).click()
    expect(learner.page.locator(".moment")).to_have_count(2)
    label = learner.say(worst(first.choices).label)
    other.locator(".choices").get_by_role("button", name=label, exact=True).click()
    expect(other.locator(".moment")).to_have_count(2)
    expect(other.locator(".did strong")).to_have_text(learner.say(taken.label))
    assert Decision.objects.filter(attempt__cycle__person=person).count() == 1
