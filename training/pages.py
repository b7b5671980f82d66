"""What the learner's templates show: content, progress and words brought together. Reads only.

Nothing about the quality of a choice that was not taken may enter here; quizzes.presenting guarantees it for scenarios,
and an opening's replies are added only after the learner has answered.
"""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Person
from courses import presenting
from courses.document import CourseDocument
from courses.markdown import render
from courses.models import revision_content
from quizzes import engine
from quizzes.presenting import present, speakers
from training.models import Completion, Cycle, Status
from training.progress import Run
from training.standing import LessonRecord, NotThere, Progress, Step
from training.words import day_in_words, due_in_words

REVIEW_SEED = 5


@dataclass(frozen=True)
class Segment:
    """A part of the course in the bar under the header."""

    done: bool
    current: bool


def my_training(person: Person, *, language: str, today: dt.date) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Duties (of each course the newest cycle) and certificates of earlier cycles."""
    cycles = (
        Cycle.objects.filter(person=person)
        .with_status(today)
        .select_related("course", "completion")
        .defer("course__frame")
        .prefetch_related("lessons", "attempts")
        .order_by("-opened_at", "-pk")
    )
    duties, past, courses = [], [], set()
    for cycle in cycles:
        if cycle.course_id not in courses:
            courses.add(cycle.course_id)
            if cycle.course.current_id or cycle.revision_id:
                duties.append(_duty(cycle, language, today))
        elif cycle.closed_at:
            past.append(_certificate_link(cycle.completion, language))
    return duties, past


def _certificate_link(completion: Completion, language: str) -> dict[str, Any]:
    return {
        "title": revision_content(completion.revision_id).title.in_language(language),
        "completed_on": completion.completed_on,
        "url": reverse("training:certificate", args=[completion.certificate_code]),
    }


def _duty(cycle: Cycle, language: str, today: dt.date) -> dict[str, Any]:
    content = revision_content(cycle.revision_id or cycle.course.current_id or 0)
    course = Progress(cycle) if cycle.revision_id else None
    duty = {
        "title": content.title.in_language(language),
        "summary": content.summary.in_language(language),
        "status": cycle.status,
        "due_on": cycle.due_on,
        "due_words": due_in_words(cycle.due_on, today) if cycle.due_on else "",
        "due_day": day_in_words(cycle.due_on) if cycle.due_on else "",
        "late": cycle.status in (Status.OVERDUE, Status.EXPIRED),
        "paused": cycle.status in (Status.WAIVED, Status.ON_LEAVE),
        "minutes_left": minutes_left(content, course),
        "continue_url": reverse("training:resume", args=[cycle.pk]),
        "continue_label": _("Continue") if course else _("Start"),
        "steps": _steps(content, course, cycle, language),
        **segments(content, course),
    }
    if cycle.closed_at:
        code = cycle.completion.certificate_code
        duty |= {
            "completed_on": cycle.completion.completed_on,
            "expires_on": cycle.completion.expires_on,
            "certificate_url": reverse("training:certificate", args=[code]),
            "review_url": reverse("training:resume", args=[cycle.pk]),
        }
    return duty


def minutes_left(content: CourseDocument, course: Progress | None) -> int:
    if course is None:
        return content.minutes
    left = 0
    for step in course.steps:
        if step.kind != "acknowledgement" and not course.is_done(step):
            part = content.lesson(step.key) if step.kind == "lesson" else content.scenario(step.key)
            left += part.minutes if part else 0
    return max(1, left)


def segments(content: CourseDocument, course: Progress | None, at: int | None = None) -> dict[str, Any]:
    """One segment a lesson (done with its scenario) and one for the final; `at` marks the lesson on the page."""
    done = [course is not None and course.result(lesson.scenario) is not None for lesson in content.lessons]
    done.append(course is not None and course.result(content.final) is not None)
    current = at if at is not None else next((i for i, finished in enumerate(done) if not finished), None)
    count = sum(done[:-1])
    total = len(content.lessons)
    label = ngettext("%(count)d of %(total)d rules done", "%(count)d of %(total)d rules done", count)
    return {
        "segments": tuple(Segment(finished, i == current) for i, finished in enumerate(done)),
        "segments_label": label % {"count": count, "total": total},
    }


def _steps(content: CourseDocument, course: Progress | None, cycle: Cycle, language: str) -> list[dict[str, Any]]:
    """The lessons and the final as a list to look at; only what has been reached is a link."""
    rows = []
    parts = [
        (str(i), f"lesson-{lesson.key}", lesson.title, lesson.scenario) for i, lesson in enumerate(content.lessons, 1)
    ]
    final = content.scenario(content.final)
    assert final is not None
    parts.append(("final", f"play-{content.final}", final.title, content.final))
    at = course.current if course else None
    for number, slug, title, scenario_key in parts:
        done = course is not None and course.result(scenario_key) is not None
        current = at is not None and (at.slug == slug or (at.kind, at.key) == ("scenario", scenario_key))
        reached = done or current
        rows.append(
            {
                "number": number,
                "title": title.in_language(language),
                "url": reverse("training:step", args=[cycle.pk, slug]) if reached else None,
                "state": "done" if done else "current" if current else "ahead",
                "note": _("done") if done else _("in progress") if current else "",
            }
        )
    return rows


def cover(cycle: Cycle, *, language: str) -> dict[str, Any]:
    assert cycle.course.current_id is not None
    content = revision_content(cycle.course.current_id)
    return {
        "cycle": cycle,
        "title": content.title.in_language(language),
        "summary": content.summary.in_language(language),
        "about": render(content.about.in_language(language)),
        "minutes": content.minutes,
        "pass_mark": content.pass_mark,
        **segments(content, None),
    }


def contents(course: Progress, *, language: str) -> dict[str, Any]:
    """Everything of a finished course, open for reading and free play."""
    content, cycle = course.content, course.cycle
    lessons = []
    for number, lesson in enumerate(content.lessons, 1):
        scenario = content.scenario(lesson.scenario)
        assert scenario is not None
        lessons.append(
            {
                "number": number,
                "title": lesson.title.in_language(language),
                "url": reverse("training:step", args=[cycle.pk, f"lesson-{lesson.key}"]),
                "scenario": scenario.title.in_language(language),
                "scenario_url": reverse("training:review", args=[cycle.pk, scenario.key]),
            }
        )
    final = content.scenario(content.final)
    assert final is not None
    return {
        "title": content.title.in_language(language),
        "about": render(content.about.in_language(language)),
        "lessons": lessons,
        "final": final.title.in_language(language),
        "final_url": reverse("training:review", args=[cycle.pk, final.key]),
        "certificate_url": reverse("training:certificate", args=[cycle.completion.certificate_code]),
        **segments(content, course),
    }


def lesson(
    course: Progress, here: Step, row: LessonRecord | None, *, language: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """A lesson, for training.ready: what all see alike at this place, and what is the learner's own. Before its opening
    is answered, nothing but the opening."""
    content, cycle = course.content, course.cycle
    document = content.lesson(here.key)
    assert document is not None
    number = content.lessons.index(document) + 1
    place = {"number": number, "total": len(content.lessons), **segments(content, course, at=number - 1)}
    url = reverse("training:step", args=[cycle.pk, here.slug])
    if row is None and course.current is not None:
        return place | presenting.opening(document, language), {"action": url}
    assert cycle.revision_id is not None
    unseen = row is not None and not row.is_seen
    place |= article(cycle.revision_id, here.key, language, row.opening_choice if row else None)
    place |= {"back": here.index > 0, "next_method": "post" if unseen else "get", "next_label": _("Play the scenario")}
    before, after = course.steps[max(here.index - 1, 0)], course.steps[here.index + 1]
    return place, {
        "previous_url": reverse("training:step", args=[cycle.pk, before.slug]),
        "next_url": url if unseen else reverse("training:step", args=[cycle.pk, after.slug]),
    }


@lru_cache(maxsize=512)
def article(revision_id: int, lesson_key: str, language: str, chosen: int | None) -> dict[str, Any]:
    """The lesson after its opening, ready to be put into a page: the same for all who chose the same."""
    content = revision_content(revision_id)
    document = content.lesson(lesson_key)
    assert document is not None
    number, total = content.lessons.index(document) + 1, len(content.lessons)
    return presenting.article(document, language, number=number, total=total, option=chosen)


def _place(content: CourseDocument, scenario_key: str) -> tuple[int, int | None]:
    """(index of the segment, number of the rule or None for the final)."""
    for index, document in enumerate(content.lessons):
        if document.scenario == scenario_key:
            return index, index + 1
    return len(content.lessons), None


def premise(course: Progress, here: Step, *, language: str) -> dict[str, Any]:
    """The page before a scenario begins."""
    document = course.content.scenario(here.key)
    assert document is not None
    index, rule = _place(course.content, here.key)
    people = [person for key, person in speakers(document, language).items() if key != "you"]
    return {
        "rule": rule,
        "title": document.title.in_language(language),
        "premise": document.premise.in_language(language),
        "minutes": document.minutes,
        "people": people,
        "pass_mark": course.content.pass_mark,
        "action": reverse("training:step", args=[course.cycle.pk, here.slug]),
        "previous_url": reverse("training:step", args=[course.cycle.pk, course.steps[here.index - 1].slug]),
        **segments(course.content, course, at=index),
    }


def scenario(course: Progress, run: Run, *, person: Person) -> dict[str, Any]:
    """A graded run: in play, or at its end."""
    attempt, state = run.attempt, run.state
    url = reverse("training:step", args=[course.cycle.pk, f"play-{attempt.scenario_key}"])
    context = _played(course, attempt.scenario_key, state, seed=attempt.seed, person=person)
    context |= {"url": url, "method": "post", "hidden": [("step", f"{attempt.pk}.{len(state.steps)}")]}
    if state.ending is not None:
        review = reverse("training:review", args=[course.cycle.pk, attempt.scenario_key])
        context |= {
            "passed": attempt.passed,
            "retry_url": review if attempt.passed else url,
            "retry_method": "get" if attempt.passed else "post",
            **_next(course, attempt.scenario_key),
        }
    return context


def _next(course: Progress, scenario_key: str) -> dict[str, str]:
    following = next(step for step in course.steps if (step.kind, step.key) == ("scenario", scenario_key)).index + 1
    step = course.steps[following]
    labels = {
        "lesson": _("On to the next rule"),
        "scenario": _("On to the final scenario"),
        "acknowledgement": _("On to the signature"),
    }
    return {
        "next_url": reverse("training:step", args=[course.cycle.pk, step.slug]),
        "next_label": labels[step.kind],
    }


def review(course: Progress, scenario_key: str, taken: list[str], *, person: Person) -> dict[str, Any]:
    """A free run of a passed scenario by the path in the address; NotThere if there is no such path."""
    document = course.content.scenario(scenario_key)
    assert document is not None
    try:
        state = engine.replay(document, taken)
    except engine.IllegalChoice:
        raise NotThere from None
    url = reverse("training:review", args=[course.cycle.pk, scenario_key])
    context = _played(course, scenario_key, state, seed=REVIEW_SEED, person=person)
    context |= {
        "url": url,
        "method": "get",
        "hidden": [("path", ".".join(taken))],
        "note": _("This is a review: nothing you choose here is recorded."),
    }
    if state.ending is not None:
        back = {"next_url": reverse("training:resume", args=[course.cycle.pk]), "next_label": _("Back to the contents")}
        context |= {
            "passed": engine.passed(state.score, course.content.pass_mark),
            "retry_url": url,
            "retry_method": "get",
            **(back if course.cycle.closed_at else _next(course, scenario_key)),
        }
    return context


def _played(course: Progress, scenario_key: str, state: engine.State, *, seed: int, person: Person) -> dict[str, Any]:
    document = course.content.scenario(scenario_key)
    assert document is not None
    index, _rule = _place(course.content, scenario_key)
    return {
        "play": present(document, state, language=person.language, seed=seed),
        "learner": person,
        "after": "training/scenario_after.html",
        "pass_mark": course.content.pass_mark,
        **segments(course.content, course, at=index),
    }


def acknowledgement(course: Progress, *, language: str) -> dict[str, Any]:
    """The exact statement that is signed and stored."""
    return {
        "statement": course.content.acknowledgement.in_language(language),
        "action": reverse("training:step", args=[course.cycle.pk, "acknowledgement"]),
        **segments(course.content, course),
    }
