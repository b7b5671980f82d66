"""What a player of a scenario sees: view data made of plain strings in one language. Pure.

    play = present(scenario, replay(scenario, taken), language="pl", seed=attempt.seed)

Used by the graded player, the free review and the editor's preview, so that all three look the same. A `Play` is the
whole thread so far (`scenes`, oldest first; the last one is where the run stands), the gauges, and either the prompt
with the offered choices or the ending.

Before a choice nothing derived from the points, caution, effects, targets or explanations of choices not taken may
enter this module's output: `Option` holds a key and a label, nothing else, in the order of `engine.offered`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

from quizzes import engine
from quizzes.document import Beat, Ending, Node, Scenario, Text, Variable

PORTRAITS = 12
MARKS = 5


@dataclass(frozen=True)
class Speaker:
    """Who speaks. The learner (`you`) has no name or initials here: the page knows them, the scenario does not."""

    key: str
    name: str
    role: str
    initials: str
    portrait: int
    you: bool = False


@dataclass(frozen=True)
class Entry:
    """One thing in the thread. `kind`: post, comment, message, call, notice, draft. `speaker` is None for a notice.
    `trace` marks what an earlier choice left there as the learner's own."""

    kind: str
    speaker: Speaker | None
    text: str
    meta: str = ""
    trace: bool = False


@dataclass(frozen=True)
class Scene:
    """One place of the run, in the order in which its parts appear.

    `jump` (a divider, may be empty) and `clock`, the `entries`, then `explanation`: why the choice before led here
    (empty in the first scene) and the rule which that choice trained. In scenes that are over, `prompt` is the question
    that was asked, `chosen` the label of the choice taken, and `traces` what it left in the thread. In the scene where
    the run stands, `current` is true and `chosen` and `traces` are empty.
    """

    number: int
    rule: int | None
    jump: str
    clock: str
    entries: tuple[Entry, ...]
    explanation: str
    explanation_rule: int | None
    prompt: str
    chosen: str
    traces: tuple[Entry, ...]
    current: bool

    @property
    def own(self) -> bool:
        """Whether anything here bears the learner's initials."""
        return any(entry.speaker and entry.speaker.you for entry in (*self.entries, *self.traces))


@dataclass(frozen=True)
class Gauge:
    """A variable of the story now. `marks` of 5 are filled; `moved` is the change by the last choice; `alarm` says that
    the value is at or next to its bad end; `better` is "low" or "high"."""

    key: str
    label: str
    word: str
    value: int
    minimum: int
    maximum: int
    marks: int
    better: str
    moved: int
    alarm: bool


@dataclass(frozen=True)
class Option:
    """A choice on offer: the key to send back and the text of its button."""

    key: str
    label: str


@dataclass(frozen=True)
class Conclusion:
    """How the run ended. `outcome`: good, mixed, bad. `score`: whole per cent; the caller says whether it passes."""

    key: str
    outcome: str
    title: str
    story: tuple[str, ...]
    lesson: str
    score: int


@dataclass(frozen=True)
class Play:
    """Everything one page of a run shows. While it goes on, `prompt` and `options` are set and `conclusion` is None; at
    the end it is the other way round. `step` counts the decisions taken, from 0: send it back with the choice."""

    key: str
    title: str
    premise: str
    rule: int | None
    minutes: int
    step: int
    scenes: tuple[Scene, ...]
    gauges: tuple[Gauge, ...]
    prompt: str
    options: tuple[Option, ...]
    conclusion: Conclusion | None

    @property
    def finished(self) -> bool:
        return self.conclusion is not None

    @property
    def scene(self) -> Scene:
        """Where the run stands."""
        return self.scenes[-1]

    @property
    def explanation(self) -> str:
        """Why the last choice led here; empty before the first."""
        return self.scene.explanation


def present(scenario: Scenario, state: engine.State, *, language: str, seed: int) -> Play:
    """The view of a run standing at `state`, in `language`, with choices in the order of `seed`."""
    say = _Words(scenario, language)
    return Play(
        key=scenario.key,
        title=say(scenario.title),
        premise=say(scenario.premise),
        rule=scenario.rule,
        minutes=scenario.minutes,
        step=len(state.steps),
        scenes=tuple(_scenes(scenario, state, say)),
        gauges=tuple(_gauge(variable, state, say) for variable in scenario.variables),
        prompt=say(state.node.prompt) if state.node else "",
        options=tuple(Option(choice.key, say(choice.label)) for choice in engine.offered(state, seed)),
        conclusion=_conclusion(state.ending, state.score, say) if state.ending else None,
    )


class _Words:
    """The texts of one scenario in one language."""

    def __init__(self, scenario: Scenario, language: str) -> None:
        self.language = language
        self.speakers = speakers(scenario, language)

    def __call__(self, text: Text) -> str:
        return text.in_language(self.language)

    def entry(self, beat: Beat) -> Entry:
        return Entry(beat.kind, self.speakers.get(beat.from_ or ""), self(beat.text), self(beat.meta))


def speakers(scenario: Scenario, language: str) -> dict[str, Speaker]:
    """Everybody by key. A portrait follows from the person's key, so that one looks the same in every scenario; two
    people of one scenario never share one while there are enough."""
    found = {"you": Speaker("you", "", "", "", 0, you=True)}
    taken: set[int] = set()
    for person in scenario.people:
        portrait = crc32(person.key.encode()) % PORTRAITS
        while portrait in taken and len(taken) < PORTRAITS:
            portrait = (portrait + 1) % PORTRAITS
        taken.add(portrait)
        found[person.key] = Speaker(
            person.key, person.name, person.role.in_language(language), initials(person.name), portrait
        )
    return found


def initials(name: str) -> str:
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


def _scenes(scenario: Scenario, state: engine.State, say: _Words) -> Iterator[Scene]:
    values = engine.start(scenario).values
    explanation, rule = "", None
    for number, step in enumerate(state.steps, 1):
        leaves = step.choice.leaves
        speaker = say.speakers["you"] if leaves and leaves.kind != "notice" else None
        yield _scene(
            step.node,
            number,
            engine.visible(step.node.beats, values),
            say,
            why=(explanation, rule),
            chosen=say(step.choice.label),
            traces=(Entry(leaves.kind, speaker, say(leaves.text), trace=True),) if leaves else (),
        )
        values, explanation, rule = step.values, say(step.choice.why), step.node.rule
    place = state.node or state.ending
    assert place is not None
    yield _scene(place, len(state.steps) + 1, state.beats, say, why=(explanation, rule), current=True)


def _scene(
    place: Node | Ending,
    number: int,
    beats: tuple[Beat, ...],
    say: _Words,
    *,
    why: tuple[str, int | None],
    chosen: str = "",
    traces: tuple[Entry, ...] = (),
    current: bool = False,
) -> Scene:
    node = place if isinstance(place, Node) else None
    return Scene(
        number=number,
        rule=node.rule if node else None,
        jump=say(node.jump) if node else "",
        clock=say(node.clock) if node else "",
        entries=tuple(say.entry(beat) for beat in beats),
        explanation=why[0],
        explanation_rule=why[1],
        prompt=say(node.prompt) if node else "",
        chosen=chosen,
        traces=traces,
        current=current,
    )


def _gauge(variable: Variable, state: engine.State, say: _Words) -> Gauge:
    value = state.values[variable.key]
    before = state.steps[-2].values[variable.key] if len(state.steps) > 1 else variable.start
    span = variable.max - variable.min
    bad_end = variable.max if variable.better == "low" else variable.min
    return Gauge(
        key=variable.key,
        label=say(variable.label),
        word=say(variable.word(value)),
        value=value,
        minimum=variable.min,
        maximum=variable.max,
        marks=round(MARKS * (value - variable.min) / span) if span else 0,
        better=variable.better,
        moved=value - before,
        alarm=bool(span) and abs(value - bad_end) * MARKS <= span,
    )


def _conclusion(ending: Ending, score: int, say: _Words) -> Conclusion:
    return Conclusion(
        key=ending.key,
        outcome=ending.outcome,
        title=say(ending.title),
        story=tuple(say(line) for line in ending.story),
        lesson=say(ending.lesson),
        score=score,
    )
