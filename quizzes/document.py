"""The document type of a scenario: a simulated feed with decisions, consequences and endings, in all languages.

A document that validates can be played; whether it is good (nothing unreachable, nothing untranslated) is said by
checks.py, so that an unfinished draft can be saved.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from quizzes.problems import DocumentError, Problem, schema_problems

LANGUAGES = ("pl", "en")
BEST_POINTS = 10
Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=20_000)


class Text(Part):
    """One text in every language; a missing one is empty and found by the checks."""

    pl: str = ""
    en: str = ""

    def in_language(self, language: str) -> str:
        """The text in `language`, or in the other one rather than nothing."""
        return getattr(self, language) or self.pl or self.en

    def missing(self) -> list[str]:
        return [language for language in LANGUAGES if not getattr(self, language).strip()]

    def __bool__(self) -> bool:
        return bool(self.pl.strip() or self.en.strip())


class Person(Part):
    key: Key
    name: str
    role: Text = Text()


class Level(Part):
    upto: int
    text: Text = Text()


class Variable(Part):
    """A gauge of the story. Effects move it inside [min, max]; `better` tells which end is the good one."""

    key: Key
    label: Text = Text()
    start: int = 0
    min: int = 0
    max: int = 5
    better: Literal["low", "high"] = "high"
    levels: tuple[Level, ...] = ()

    @model_validator(mode="after")
    def _start_inside(self) -> "Variable":
        if not self.min <= self.start <= self.max:
            raise ValueError("start must lie between min and max")
        return self

    def word(self, value: int) -> Text:
        """The text of the first level whose `upto` is not below `value`."""
        for level in self.levels:
            if value <= level.upto:
                return level.text
        return self.levels[-1].text if self.levels else Text()


class Condition(Part):
    var: Key
    op: Literal[">=", "<=", ">", "<", "=="]
    value: int

    def holds(self, values: dict[str, int]) -> bool:
        left, right = values[self.var], self.value
        return {">=": left >= right, "<=": left <= right, ">": left > right, "<": left < right, "==": left == right}[
            self.op
        ]


class Beat(Part):
    """One thing that arrives on the phone."""

    kind: Literal["post", "comment", "message", "call", "notice", "draft"]
    from_: str | None = Field(default=None, alias="from")
    text: Text = Text()
    meta: Text = Text()
    when: tuple[Condition, ...] = ()

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Branch(Part):
    when: tuple[Condition, ...] = ()
    to: Key


class Trace(Part):
    """What a choice leaves in the thread as the learner's own."""

    kind: Literal["post", "comment", "message", "notice"]
    text: Text = Text()


class Choice(Part):
    key: Key
    label: Text = Text()
    points: int = Field(ge=0, le=BEST_POINTS)
    caution: int = Field(ge=0, le=3)
    effects: dict[str, int] = Field(default_factory=dict)
    leaves: Trace | None = None
    goto: tuple[Branch, ...]
    why: Text = Text()

    @field_validator("goto", mode="before")
    @classmethod
    def _one_target(cls, value: Any) -> Any:
        return [{"to": value}] if isinstance(value, str) else value


class Node(Part):
    key: Key
    rule: int = Field(ge=1, le=5)
    clock: Text = Text()
    jump: Text = Text()
    beats: tuple[Beat, ...] = ()
    prompt: Text = Text()
    choices: tuple[Choice, ...] = Field(min_length=1, max_length=6)


class Ending(Part):
    key: Key
    outcome: Literal["good", "mixed", "bad"]
    beats: tuple[Beat, ...] = ()
    title: Text = Text()
    story: tuple[Text, ...] = ()
    lesson: Text = Text()


class Scenario(Part):
    key: Key
    title: Text = Text()
    rule: int | None = Field(default=None, ge=1, le=5)
    premise: Text = Text()
    minutes: int = Field(default=2, ge=1, le=60)
    people: tuple[Person, ...] = ()
    variables: tuple[Variable, ...] = ()
    start: Key
    nodes: tuple[Node, ...]
    endings: tuple[Ending, ...]

    def node(self, key: str) -> Node | None:
        return next((node for node in self.nodes if node.key == key), None)

    def ending(self, key: str) -> Ending | None:
        return next((ending for ending in self.endings if ending.key == key), None)

    def person(self, key: str | None) -> Person | None:
        return next((person for person in self.people if person.key == key), None)


def read_scenario(raw: Any) -> Scenario:
    """The typed scenario, or DocumentError with every place that is wrong, dangling references included."""
    try:
        scenario = Scenario.model_validate(raw)
    except ValidationError as error:
        raise DocumentError(schema_problems(error)) from error
    if problems := reference_problems(scenario):
        raise DocumentError(problems)
    return scenario


def reference_problems(scenario: Scenario) -> list[Problem]:
    """Keys used twice and keys that name nothing."""
    problems = _repeated("nodes", [n.key for n in scenario.nodes] + [e.key for e in scenario.endings])
    problems += _repeated("people", [person.key for person in scenario.people])
    problems += _repeated("variables", [variable.key for variable in scenario.variables])
    places = {n.key for n in scenario.nodes} | {e.key for e in scenario.endings}
    names = {variable.key for variable in scenario.variables}
    speakers = {person.key for person in scenario.people} | {"you"}
    if scenario.node(scenario.start) is None:
        problems.append(Problem("start", "unknown_node", f"there is no node {scenario.start!r}"))

    def conditions(path: str, when: tuple[Condition, ...]) -> None:
        problems.extend(
            Problem(f"{path}.when[{i}].var", "unknown_variable", f"there is no variable {condition.var!r}")
            for i, condition in enumerate(when)
            if condition.var not in names
        )

    def beats(path: str, items: tuple[Beat, ...]) -> None:
        for i, beat in enumerate(items):
            if beat.kind != "notice" and beat.from_ not in speakers:
                problems.append(
                    Problem(f"{path}.beats[{i}].from", "unknown_person", f"there is no person {beat.from_!r}")
                )
            conditions(f"{path}.beats[{i}]", beat.when)

    for n, node in enumerate(scenario.nodes):
        beats(f"nodes[{n}]", node.beats)
        problems += _repeated(f"nodes[{n}].choices", [choice.key for choice in node.choices])
        for c, choice in enumerate(node.choices):
            path = f"nodes[{n}].choices[{c}]"
            problems += [
                Problem(f"{path}.effects.{name}", "unknown_variable", f"there is no variable {name!r}")
                for name in choice.effects
                if name not in names
            ]
            if not choice.goto or choice.goto[-1].when:
                problems.append(Problem(f"{path}.goto", "no_default", "the last target must have no condition"))
            for b, branch in enumerate(choice.goto):
                conditions(f"{path}.goto[{b}]", branch.when)
                if branch.to not in places:
                    problems.append(
                        Problem(f"{path}.goto[{b}].to", "unknown_node", f"there is no node or ending {branch.to!r}")
                    )
    for e, ending in enumerate(scenario.endings):
        beats(f"endings[{e}]", ending.beats)
    return problems


def _repeated(path: str, keys: list[str]) -> list[Problem]:
    return [
        Problem(f"{path}[{i}].key", "repeated", f"the key {key!r} is used twice")
        for i, key in enumerate(keys)
        if key in keys[:i]
    ]
