"""A learner at the browser: goes through the course by what the page shows, knowing the course's document."""

from collections.abc import Callable, Iterable

from playwright.sync_api import Locator, Page, expect

from courses.document import CourseDocument
from courses.models import Course, revision_content
from quizzes import engine
from quizzes.document import Choice, Scenario

Pick = Callable[[Iterable[Choice]], Choice]


def best(choices: Iterable[Choice]) -> Choice:
    return max(choices, key=lambda choice: choice.points)


def worst(choices: Iterable[Choice]) -> Choice:
    return min(choices, key=lambda choice: choice.points)


def walk(scenario: Scenario, pick: Pick) -> engine.State:
    """The end of a run in which `pick` makes every decision."""
    state = engine.start(scenario)
    while state.node:
        state = engine.choose(scenario, state, pick(state.node.choices).key)
    return state


def path(scenario: Scenario, pick: Pick) -> list[str]:
    return [step.choice.key for step in walk(scenario, pick).steps]


class Learner:
    """`press` is how a button or link is used: by mouse, or by keyboard where a test says so."""

    def __init__(
        self, page: Page, course: Course, language: str, press: Callable[[Locator], None] = Locator.click
    ) -> None:
        assert course.current_id is not None
        self.page = page
        self.language = language
        self.press = press
        self.content: CourseDocument = revision_content(course.current_id)

    def say(self, text: object) -> str:
        """As the browser shows it: one space for any white space."""
        return " ".join(text.in_language(self.language).split())  # type: ignore[attr-defined]

    def start(self) -> None:
        self.press(self.page.locator("form.go button"))

    def answer_opening(self, key: str) -> None:
        lesson = self.content.lesson(key)
        assert lesson is not None
        expect(self.page.locator(".situation")).to_have_text(self.say(lesson.opening.text))
        option = lesson.opening.options[0]
        self.press(self.page.get_by_role("button", name=self.say(option.text), exact=True))
        expect(self.page.locator(".chosen .beat")).to_have_text(self.say(option.reply))
        expect(self.page.locator(".rule-sentence")).to_have_text(self.say(lesson.rule))

    def read_lesson(self, key: str) -> None:
        self.answer_opening(key)
        self.press(self.page.locator(".pager form button"))

    def begin(self, scenario: Scenario) -> None:
        expect(self.page.locator("h1")).to_have_text(self.say(scenario.title))
        self.press(self.page.locator(".pager form button"))

    def scenario(self, key: str) -> Scenario:
        found = self.content.scenario(key)
        assert found is not None
        return found

    @property
    def first_scenario(self) -> Scenario:
        return self.scenario(self.content.lessons[0].scenario)

    @property
    def prompt(self) -> Locator:
        return self.page.locator(".choices .prompt")

    def choice_button(self, choice: Choice) -> Locator:
        return self.page.locator(".choices").get_by_role("button", name=self.say(choice.label), exact=True)

    def play(self, scenario: Scenario, pick: Pick) -> engine.State:
        """Decides until the ending, and sees after each decision what the engine says."""
        state = engine.start(scenario)
        while state.node:
            expect(self.prompt).to_have_text(self.say(state.node.prompt))
            choice = pick(state.node.choices)
            state = engine.choose(scenario, state, choice.key)
            self.press(self.choice_button(choice))
        assert state.ending is not None
        expect(self.page.locator(".ending .title")).to_have_text(self.say(state.ending.title))
        return state

    def fail(self, scenario: Scenario) -> None:
        """Every worst choice; then a way on does not exist, but another try does."""
        assert walk(scenario, worst).score < self.content.pass_mark
        self.play(scenario, worst)
        expect(self.page.locator(".ending-actions a")).to_have_count(0)
        self.press(self.page.locator(".ending-actions form button"))

    def pass_scenario(self, scenario: Scenario) -> None:
        assert walk(scenario, best).score >= self.content.pass_mark
        self.play(scenario, best)
        self.press(self.page.locator(".ending-actions a.primary"))

    def do_rule(self, number: int, *, fail_first: bool = False) -> None:
        lesson = self.content.lessons[number - 1]
        scenario = self.scenario(lesson.scenario)
        self.read_lesson(lesson.key)
        self.begin(scenario)
        if fail_first:
            self.fail(scenario)
        self.pass_scenario(scenario)

    def do_final(self) -> None:
        final = self.scenario(self.content.final)
        self.begin(final)
        self.pass_scenario(final)

    def do_everything(self, *, fail_first: bool = False) -> None:
        """From the first lesson to the signature."""
        for number in range(1, len(self.content.lessons) + 1):
            self.do_rule(number, fail_first=fail_first and number == 1)
        self.do_final()

    def sign(self, name: str) -> None:
        expect(self.page.locator(".statement")).to_have_text(self.say(self.content.acknowledgement))
        self.page.locator("[name=agreed]").check()
        self.page.locator("[name=typed_name]").fill(name)
        self.press(self.page.locator("main form .button.primary"))
        expect(self.page.locator(".certificate .name")).to_have_text(name)
