"""The document type of a course: what publishing freezes, replay renders, diff compares and export writes.

Lessons and scenarios are kept apart as drafts and composed into one document when published.
"""

import hashlib
import json
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from quizzes.document import Key, Part, Scenario, Text, read_scenario
from quizzes.problems import DocumentError, Problem, schema_problems

FORMAT: Literal["five-rules-course/1"] = "five-rules-course/1"
Kind = TypeVar("Kind", bound=BaseModel)


class TextBlock(Part):
    kind: Literal["text"]
    markdown: Text = Text()


class CalloutBlock(Part):
    kind: Literal["callout"]
    tone: Literal["case", "do", "careful", "contact"] = "do"
    title: Text = Text()
    markdown: Text = Text()


class PostBlock(Part):
    """A simulated post, shown as an example."""

    kind: Literal["post"]
    author: str = ""
    role: Text = Text()
    text: Text = Text()
    meta: Text = Text()


class ImageBlock(Part):
    """`media` is the SHA-256 of the file's content; the bytes live in courses.Media."""

    kind: Literal["image"]
    media: str = ""
    alt: Text = Text()
    caption: Text = Text()


Block = Annotated[TextBlock | CalloutBlock | PostBlock | ImageBlock, Field(discriminator="kind")]


class OpeningOption(Part):
    text: Text = Text()
    reply: Text = Text()


class Opening(Part):
    """The small decision before the rule; its replies are shown only after the learner has committed."""

    text: Text = Text()
    options: tuple[OpeningOption, ...] = Field(min_length=2, max_length=4)


class Lesson(Part):
    key: Key
    title: Text = Text()
    minutes: int = Field(default=2, ge=1, le=60)
    opening: Opening
    rule: Text = Text()
    blocks: tuple[Block, ...] = ()
    key_line: Text = Text()
    scenario: Key


class Frame(Part):
    """A course without its lessons and scenarios: what belongs to the whole."""

    format: Literal["five-rules-course/1"] = FORMAT
    key: Key
    title: Text = Text()
    summary: Text = Text()
    about: Text = Text()
    acknowledgement: Text = Text()
    pass_mark: int = Field(default=80, ge=1, le=100)
    validity_months: int | None = Field(default=None, ge=1, le=120)
    final: Key


class CourseDocument(Frame):
    lessons: tuple[Lesson, ...] = Field(min_length=1)
    scenarios: tuple[Scenario, ...] = Field(min_length=1)

    def lesson(self, key: str) -> Lesson | None:
        return next((lesson for lesson in self.lessons if lesson.key == key), None)

    def scenario(self, key: str) -> Scenario | None:
        return next((scenario for scenario in self.scenarios if scenario.key == key), None)

    @property
    def minutes(self) -> int:
        return sum(lesson.minutes for lesson in self.lessons) + sum(scenario.minutes for scenario in self.scenarios)


def read_lesson(raw: Any) -> Lesson:
    return _read(Lesson, raw)


def read_frame(raw: Any) -> Frame:
    return _read(Frame, raw)


def read_course(raw: Any) -> CourseDocument:
    """The typed course, or DocumentError naming every wrong place: schema, references between parts, repeated keys."""
    document = _read(CourseDocument, raw)
    problems = []
    for s, scenario in enumerate(raw["scenarios"]):
        try:
            read_scenario(scenario)
        except DocumentError as error:
            problems += [problem.under(f"scenarios[{s}]") for problem in error.problems]
    known = [scenario.key for scenario in document.scenarios]
    used = [(f"lessons[{i}].scenario", lesson.scenario) for i, lesson in enumerate(document.lessons)]
    used.append(("final", document.final))
    problems += [
        Problem(path, "unknown_scenario", f"there is no scenario {key!r}") for path, key in used if key not in known
    ]
    for name, keys in (("lessons", [lesson.key for lesson in document.lessons]), ("scenarios", known)):
        problems += [
            Problem(f"{name}[{i}].key", "repeated", f"the key {key!r} is used twice")
            for i, key in enumerate(keys)
            if key in keys[:i]
        ]
    played = [key for _path, key in used]
    problems += [
        Problem(f"scenarios[{i}]", "unused", f"no lesson uses the scenario {key!r}")
        for i, key in enumerate(known)
        if key not in played
    ]
    problems += [
        Problem(path, "repeated", f"the scenario {key!r} is used twice")
        for i, (path, key) in enumerate(used)
        if key in played[:i]
    ]
    if problems:
        raise DocumentError(problems)
    return document


def _read(kind: type[Kind], raw: Any) -> Kind:
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        raise DocumentError(schema_problems(error, tagged_list="blocks")) from error


def to_json(part: Part) -> dict[str, Any]:
    """The document as plain JSON data, in the shape that `read_…` accepts."""
    return part.model_dump(mode="json", by_alias=True, exclude_none=True)


def content_hash(document: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON text: sorted keys, no spaces, UTF-8."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
