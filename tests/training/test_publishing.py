"""Publishing says what it will do to whom, and does exactly that."""

import datetime as dt

from django.urls import reverse

import pytest

from courses.models import ChangeKind, CourseRevision, LessonDraft
from courses.publishing import DraftChanged, draft_hash
from tests.training.walking import complete, open_cycle
from training import progress
from training.models import Completion, Cycle
from training.publishing import EffectChanged, effect, publish_course

URL = "/studio/small/publish/"


@pytest.fixture
def edited(course):
    """The course with one word of a lesson changed in the draft."""
    draft = LessonDraft.objects.get(course=course, key="rule-1")
    draft.document["rule"]["pl"] = "Inaczej"
    draft.save()
    return course


@pytest.fixture
def crowd(cast, course, now):
    """One completed, one under way, one waiting, one completed and left."""
    complete(course, cast.employee, now=now)
    progress.start(open_cycle(course, cast.colleague, now=now), now=now)
    open_cycle(course, cast.hr, now=now)
    complete(course, cast.manager, now=now)
    cast.manager.left_on = now.date()
    cast.manager.save()
    return cast


def publish(course, cast, now, **changes):
    values = {
        "change_kind": ChangeKind.MAJOR,
        "reason": "New law",
        "redo_by": now.date() + dt.timedelta(days=30),
        "expected_hash": draft_hash(course),
    } | changes
    found = effect(course, change_kind=values["change_kind"], redo=bool(values["redo_by"]), today=now.date())
    values.setdefault("weighed", found.weight(values["redo_by"]))
    return publish_course(course, by=cast.editor, now=now, **values)


def test_the_effect_of_a_minor_change_is_none_for_anybody(edited, crowd, today):
    found = effect(edited, change_kind=ChangeKind.MINOR, redo=True, today=today)
    assert (found.stay_valid, found.under_way, found.waiting, found.redo, found.mails) == (1, 1, 1, 0, 0)


def test_a_major_change_that_must_be_redone_is_counted_before_and_done_after(edited, crowd, now, today):
    found = effect(edited, change_kind=ChangeKind.MAJOR, redo=True, today=today)
    assert (found.stay_valid, found.redo) == (0, 1)
    before = Cycle.objects.count()
    publish(edited, crowd, now)
    assert Cycle.objects.count() - before == found.redo
    again = Cycle.objects.get(person=crowd.employee, closed_at=None)
    assert (again.number, again.due_on) == (2, today + dt.timedelta(days=30))
    assert again.assignments.get().source == "revision"


@pytest.mark.parametrize("changes", [{"change_kind": ChangeKind.MINOR}, {"redo_by": None}])
def test_without_the_wish_to_redo_nobody_gets_a_new_duty(edited, crowd, now, changes):
    before = Cycle.objects.count()
    publish(edited, crowd, now, **changes)
    assert Cycle.objects.count() == before


def test_a_new_revision_changes_nothing_for_who_is_under_way_or_has_finished(edited, crowd, now):
    records = list(Completion.objects.values())
    publish(edited, crowd, now)
    assert Cycle.objects.get(person=crowd.colleague).revision.number == 1
    assert list(Completion.objects.values()) == records
    waiting = progress.start(Cycle.objects.get(person=crowd.hr), now=now)
    assert waiting.revision.number == 2


def test_what_was_not_shown_is_not_published(edited, crowd, now):
    with pytest.raises(DraftChanged):
        publish(edited, crowd, now, expected_hash="0" * 64)
    assert CourseRevision.objects.count() == 1
    assert not Cycle.objects.filter(number=2).exists()


def test_raising_the_pass_mark_moves_no_earlier_pass(course, crowd, now):
    course.frame["pass_mark"] = 100
    course.save()
    publish(course, crowd, now, redo_by=None)
    assert Completion.objects.get(person=crowd.employee).result.passed is True
    assert Completion.objects.get(person=crowd.employee).revision.pass_mark == 80


def test_the_page_shows_changes_and_effect_and_publishes_what_it_showed(edited, crowd, sign_in, now, time_machine):
    time_machine.move_to(now)
    client = sign_in(crowd.editor)
    page = client.get(URL)
    assert "Inaczej" in page.content.decode()
    data = {
        "seen": page.context["seen"],
        "change_kind": "major",
        "redo": "on",
        "due_on": "2026-07-01",
        "reason": "New law",
    }
    looked = client.post(URL, data | {"look": "yes"})
    assert [line["figure"] for line in looked.context["effects"]] == [0, 1, 1, 1, 1]
    assert CourseRevision.objects.count() == 1
    data |= {"weighed": looked.context["weighed"]}
    assert client.post(URL, data)["Location"] == reverse("courses:revisions", args=["small"])
    assert CourseRevision.objects.count() == 2


def test_nobody_is_asked_again_by_a_click_that_did_not_see_it(edited, crowd, sign_in, now, time_machine):
    time_machine.move_to(now)
    client = sign_in(crowd.editor)
    page = client.get(URL)
    data = {"seen": page.context["seen"], "weighed": page.context["weighed"], "change_kind": "major", "reason": "Law"}
    again = {"redo": "on", "due_on": "2026-07-01"}
    cycles = Cycle.objects.count()
    refused = client.post(URL, data | again)
    assert (refused.status_code, [line["figure"] for line in refused.context["effects"]]) == (400, [0, 1, 1, 1, 1])
    shown = data | again | {"weighed": refused.context["weighed"]}
    assert client.post(URL, shown | {"due_on": "2026-08-01"}).status_code == 400
    complete(edited, crowd.sysadmin, now=now)
    assert client.post(URL, shown).status_code == 400
    assert (Cycle.objects.count(), CourseRevision.objects.count()) == (cycles + 1, 1)
    assert client.post(URL, shown | {"redo": "", "due_on": ""}).status_code == 302


def test_only_what_was_weighed_is_done(edited, crowd, now):
    with pytest.raises(EffectChanged):
        publish(edited, crowd, now, weighed="")
    assert CourseRevision.objects.count() == 1


@pytest.mark.parametrize(
    "data",
    [
        {"change_kind": "minor", "redo": "on", "due_on": "2026-07-01", "reason": "x"},
        {"change_kind": "major", "redo": "on", "reason": "x"},
        {"change_kind": "major", "redo": "on", "due_on": "2020-01-01", "reason": "x"},
        {"change_kind": "major", "reason": ""},
        {"change_kind": "huge", "reason": "x"},
    ],
)
def test_a_form_that_does_not_add_up_publishes_nothing(edited, cast, sign_in, data):
    client = sign_in(cast.editor)
    seen = client.get(URL).context["seen"]
    assert client.post(URL, data | {"seen": seen}).status_code == 400
    assert CourseRevision.objects.count() == 1


def test_a_draft_that_changed_meanwhile_is_shown_again(edited, cast, sign_in):
    client = sign_in(cast.editor)
    answer = client.post(URL, {"seen": "0" * 64, "change_kind": "minor", "reason": "x"})
    assert answer.status_code == 400
    assert CourseRevision.objects.count() == 1
