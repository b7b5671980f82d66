"""What an author should know before publishing a course: the schema, the lessons, the pictures, every scenario."""

import re
from collections.abc import Collection, Iterator
from typing import Any

from courses.document import Block, CourseDocument, Frame, ImageBlock, Lesson, read_course
from courses.models import Media
from quizzes.checks import check, missing, optional
from quizzes.problems import DocumentError, Problem

LARGE_HEADING = re.compile(r"^ {0,3}#{1,2}\s", re.MULTILINE)


def check_course(raw: dict[str, Any], *, pictures: Collection[str] = ()) -> list[Problem]:
    """Every finding about a raw course document. `pictures` are hashes known besides the stored ones.

    A document that cannot be read has only the findings that say why.
    """
    try:
        document = read_course(raw)
    except DocumentError as error:
        return error.problems
    problems = list(_frame(document))
    for i, lesson in enumerate(document.lessons):
        problems += [problem.under(f"lessons[{i}]") for problem in check_lesson(lesson)]
    problems += missing_pictures(document, known=pictures)
    for i, scenario in enumerate(document.scenarios):
        problems += [problem.under(f"scenarios[{i}]") for problem in check(scenario, document.pass_mark)]
    return problems


def errors(problems: list[Problem]) -> list[Problem]:
    """Those that forbid publishing."""
    return [problem for problem in problems if problem.severity == "error"]


def _frame(frame: Frame) -> Iterator[Problem]:
    for name in ("title", "summary", "about", "acknowledgement"):
        yield from missing(getattr(frame, name), name)


def check_lesson(lesson: Lesson) -> list[Problem]:
    problems = [*missing(lesson.title, "title"), *missing(lesson.opening.text, "opening.text")]
    for i, option in enumerate(lesson.opening.options):
        problems += missing(option.text, f"opening.options[{i}].text")
        problems += missing(option.reply, f"opening.options[{i}].reply")
    problems += missing(lesson.rule, "rule")
    if not lesson.blocks:
        problems.append(Problem("blocks", "empty", "the lesson has no content", "warning"))
    for i, block in enumerate(lesson.blocks):
        problems += [problem.under(f"blocks[{i}]") for problem in _block(block)]
    problems += missing(lesson.key_line, "key_line")
    return problems


def _block(block: Block) -> Iterator[Problem]:
    if block.kind == "post":
        if not block.author.strip():
            yield Problem("author", "missing", "missing")
        yield from missing(block.text, "text")
        yield from optional(block.role, "role")
        yield from optional(block.meta, "meta")
    elif block.kind == "image":
        if not block.media:
            yield Problem("media", "missing", "missing")
        yield from missing(block.alt, "alt")
        yield from optional(block.caption, "caption")
    else:
        if block.kind == "callout":
            yield from missing(block.title, "title")
        yield from missing(block.markdown, "markdown")
        for language in ("pl", "en"):
            if LARGE_HEADING.search(getattr(block.markdown, language)):
                message = "headings start at the third level (###); larger ones are shown at the third"
                yield Problem(f"markdown.{language}", "large_heading", message, "warning")


def images(document: CourseDocument) -> Iterator[tuple[str, ImageBlock]]:
    for i, lesson in enumerate(document.lessons):
        for j, block in enumerate(lesson.blocks):
            if isinstance(block, ImageBlock):
                yield f"lessons[{i}].blocks[{j}]", block


def missing_pictures(document: CourseDocument, *, known: Collection[str] = ()) -> list[Problem]:
    """Image blocks whose picture is neither stored nor `known`."""
    used = [(path, block.media) for path, block in images(document) if block.media and block.media not in known]
    if not used:
        return []
    stored = set(Media.objects.filter(pk__in={sha256 for _path, sha256 in used}).values_list("pk", flat=True))
    return [
        Problem(f"{path}.media", "unknown_picture", "this picture is not stored here")
        for path, sha256 in used
        if sha256 not in stored
    ]


def pictures_used(document: dict[str, Any]) -> set[str]:
    """The hashes of the pictures in a composed document."""
    blocks = (block for lesson in document["lessons"] for block in lesson.get("blocks", ()))
    return {block["media"] for block in blocks if block["kind"] == "image" and block.get("media")}
