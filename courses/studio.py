"""What the studio shows of a course: its drafts, the state of checks, what changed and what fell behind. Reads."""

import re
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import get_language

from courses.checks import check_course
from courses.comparing import behind
from courses.document import to_json
from courses.drafts import compose
from courses.models import Course, LessonDraft, ScenarioDraft
from courses.words import say
from quizzes.problems import Problem

PLACE = re.compile(r"(lessons|scenarios)\[(\d+)\]\.?(.*)")
INSIDE = re.compile(r"(nodes|endings)\[(\d+)\]\.?(.*)")


@dataclass(frozen=True)
class Finding:
    """A problem with the address of the field it is about."""

    level: str
    text: str
    path: str
    where: str
    url: str


def courses_with_state() -> QuerySet[Course]:
    return Course.objects.select_related("current").order_by("key")


def lesson_of(course: Course, key: str) -> QuerySet[LessonDraft]:
    return course.lesson_drafts.filter(key=key).select_related("course__current", "updated_by")


def scenario_of(course: Course, key: str) -> QuerySet[ScenarioDraft]:
    return course.scenario_drafts.filter(key=key).select_related("course__current", "updated_by")


class CourseState:
    """The composed drafts beside the published document, checked once."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.document = compose(course)
        self.published = to_json(course.current.content) if course.current else None
        self.problems = check_course(self.document)
        self.findings = [finding(course, self.document, problem) for problem in self.problems]

    @property
    def errors(self) -> list[Finding]:
        return [found for found in self.findings if found.level == "problem"]

    @property
    def hints(self) -> list[Finding]:
        return [found for found in self.findings if found.level == "hint"]

    def of(self, prefix: str) -> list[Finding]:
        """The findings about one part, such as `lessons[0]`."""
        return [found for found in self.findings if found.path == prefix or found.path.startswith(f"{prefix}.")]

    def changed(self, kind: str, part: dict[str, Any]) -> bool:
        before = {item["key"]: item for item in (self.published or {}).get(kind, ())}
        return before.get(part["key"]) != part

    def frame_changed(self) -> bool:
        def frame(document: dict[str, Any] | None) -> dict[str, Any]:
            hidden = ("lessons", "scenarios")
            return {name: value for name, value in (document or {}).items() if name not in hidden}

        return frame(self.published) != frame(self.document) or self.order_changed()

    def order_changed(self) -> bool:
        """Lessons moved or removed."""
        before = [lesson["key"] for lesson in (self.published or {}).get("lessons", ())]
        return before != [lesson["key"] for lesson in self.document["lessons"] if lesson["key"] in before]

    def changed_parts(self) -> int:
        parts = [(kind, part) for kind in ("lessons", "scenarios") for part in self.document[kind]]
        return sum(self.changed(kind, part) for kind, part in parts) + self.frame_changed()

    def behind(self, part: dict[str, Any]) -> dict[str, str]:
        return behind(self.published, part) if self.published else {}


def rows(state: CourseState, language: str) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The lessons with their scenarios, and the final scenario, as the course page lists them."""
    course, document = state.course, state.document
    drafts = {draft.key: draft for draft in course.lesson_drafts.select_related("updated_by")}
    graphs = {scenario["key"]: (i, scenario) for i, scenario in enumerate(document["scenarios"])}
    lessons = []
    for i, lesson in enumerate(document["lessons"]):
        s, scenario = graphs.get(lesson["scenario"], (None, None))
        draft = drafts[lesson["key"]]
        found = state.of(f"lessons[{i}]") + (state.of(f"scenarios[{s}]") if s is not None else [])
        lessons.append(
            {
                "number": i + 1,
                "key": lesson["key"],
                "title": lesson["title"].get(language) or lesson["key"],
                "url": reverse("courses:lesson", args=[course.key, lesson["key"]]),
                "scenario_url": scenario and reverse("courses:scenario", args=[course.key, scenario["key"]]),
                "changed": state.changed("lessons", lesson) or bool(scenario and state.changed("scenarios", scenario)),
                "stale": len(state.behind(lesson)) + (len(state.behind(scenario)) if scenario else 0),
                "problems": sum(finding.level == "problem" for finding in found),
                "edited_by": draft.updated_by.name if draft.updated_by else "",
                "edited_at": draft.updated_at,
            }
        )
    final = None
    if document["final"] in graphs:
        s, scenario = graphs[document["final"]]
        final = {
            "title": scenario["title"].get(language) or scenario["key"],
            "url": reverse("courses:scenario", args=[course.key, scenario["key"]]),
            "changed": state.changed("scenarios", scenario),
            "stale": len(state.behind(scenario)),
            "problems": sum(finding.level == "problem" for finding in state.of(f"scenarios[{s}]")),
        }
    return lessons, final


def finding(course: Course, document: dict[str, Any], problem: Problem) -> Finding:
    level = "problem" if problem.severity == "error" else "hint"
    where = place_words(document, problem.path)
    return Finding(level, say(problem), problem.path, where, place_url(course, document, problem.path))


def place_words(document: dict[str, Any], path: str) -> str:
    """A document path with the title of its part and the key of its node instead of their indices."""
    match = PLACE.match(path)
    if match is None:
        return path
    part, rest = document[match[1]][int(match[2])], match[3]
    if inside := INSIDE.match(rest):
        rest = f"{part[inside[1]][int(inside[2])]['key']} › {inside[3]}".removesuffix(" › ")
    title = part.get("title", {}).get(get_language() or "", "") or part["key"]
    return f"{title} › {rest}".removesuffix(" › ")


def place_url(course: Course, document: dict[str, Any], path: str) -> str:
    """Where in the studio the place of a document path is edited."""
    match = PLACE.match(path)
    if match is None:
        if path in ("lessons", "scenarios", "final", ""):
            return reverse("courses:course", args=[course.key])
        return f"{reverse('courses:frame', args=[course.key])}#{path}"
    kind, index, rest = match[1], int(match[2]), match[3]
    part = document[kind][index]
    if kind == "lessons":
        return f"{reverse('courses:lesson', args=[course.key, part['key']])}#{rest}"
    inside = INSIDE.match(rest)
    if inside is None:
        return f"{reverse('courses:scenario', args=[course.key, part['key']])}#{rest}"
    place = part[inside[1]][int(inside[2])]
    return f"{reverse('courses:place', args=[course.key, part['key'], place['key']])}#{inside[3]}"
