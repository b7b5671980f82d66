"""HR changes plans in the browser, with plain forms: first what a change does, then the change."""

import datetime as dt
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

import pytest

from accounts.models import AuditEvent, Person
from reminders import plan_views
from reminders.models import CoursePlan, PlanStep, ReminderPlan
from reminders.plan_editing import delete_plan
from reminders.plan_pages import weekdays_in_words
from tests.factories import course_document, make_course
from tests.reminders.plans import make_plan, make_step, standard, step_of
from tests.training.walking import open_cycle


@pytest.fixture
def hr(cast, sign_in):
    Person.objects.filter(pk=cast.hr.pk).update(language="en")
    cast.hr.refresh_from_db()
    return sign_in(cast.hr)


@pytest.fixture
def own(db):
    made = make_plan("Newcomers")
    make_step(made, "assigned", 0)
    make_step(made, "due", -7)
    make_step(made, "due", 1, repeat_days=7)
    return made


def url(name: str, *arguments: Any) -> str:
    return reverse(f"reminders:{name}", args=arguments)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


STEP = {"audience": "person", "days": "3", "when": "due-before", "repeat_days": "", "text": "before"}
HOURS = {
    "opens": "08:00",
    "closes": "18:00",
    "weekdays": ["0", "1", "2"],
    "skips_holidays": "on",
    "catch_up_days": "14",
}


def look(browser: Any, address: str, data: dict[str, Any], version: int = 1) -> Any:
    return browser.post(address, data | {"version": version, "look": "1"})


def save(browser: Any, address: str, data: dict[str, Any], version: int = 1) -> Any:
    """As a person does: look, then confirm what was shown."""
    shown = look(browser, address, data, version)
    assert shown.status_code == 200, text(shown)
    return browser.post(address, data | {"version": version, "save": "1", "seen": shown.context["seen"]})


# Reading


def test_the_ledger_leads_to_the_plans(hr):
    assert f'href="{url("plans")}"' in text(hr.get(reverse("reminders:ledger")))


def test_the_list_names_plans_their_courses_and_hours(hr, own, course, other_course):
    CoursePlan.objects.create(course=course, plan=own, since=dt.date(2026, 6, 1))
    page = hr.get(url("plans"))
    first, second = page.context["plans"]
    assert (first.plan.name, [served.course_id for served in first.courses]) == ("Standard", [other_course.pk])
    assert (second.plan.name, [served.course_id for served in second.courses]) == ("Newcomers", [course.pk])
    assert "Monday to Friday, from 08:00 until before 18:00" in text(page)


def test_the_list_counts_warnings(hr, own):
    assert "warning" not in text(hr.get(url("plans"))).split("<tbody>")[1]
    step_of(own, "assigned", 0).delete()
    assert "1 warning<" in text(hr.get(url("plans")))


def test_a_course_that_got_the_standard_plan_back_is_listed_there(hr, course):
    CoursePlan.objects.create(course=course, plan=standard(), since=dt.date(2026, 6, 1))
    assert [served.course_id for served in hr.get(url("plan", standard().pk)).context["shown"].courses] == [course.pk]


def test_a_plan_reads_as_sentences_along_its_days(hr, own):
    make_step(own, "due", 14, audience="manager")
    make_step(own, "expiry", -14)
    make_step(own, "completed", 0)
    entries = hr.get(url("plan", own.pk)).context["timeline"]
    assert [str(entry.get("milestone") or entry["step"]) for entry in entries] == [
        "The course is assigned",
        "on the day of assignment",
        "7 days before the due date",
        "The due date",
        "1 day after the due date, then every 7 days",
        "14 days after the due date",
        "14 days before the expiry",
        "The earlier completion expires",
        "The course is completed",
        "after completion",
    ]
    page = text(hr.get(url("plan", own.pk)))
    assert "→ the person: “before the due date”" in page
    assert "→ the department’s managers: “escalation to managers and HR”" in page


def test_a_plan_shows_its_warnings_and_marks_the_steps(hr, own):
    step_of(own, "assigned", 0).delete()
    page = hr.get(url("plan", own.pk))
    assert "Late joiners with 7 days or fewer" in text(page)
    assert [entry["step"].offset_days for entry in page.context["timeline"] if entry.get("warned")] == [-7]


def test_the_warnings_know_the_duties_of_the_courses(hr, own, course, cast):
    """A Sunday due date: the day before it is closed, and no mail can go out in time."""
    make_step(own, "due", -1)
    CoursePlan.objects.create(course=course, plan=own, since=dt.date(2026, 6, 1))
    sunday = timezone.localdate() + dt.timedelta(13 - timezone.localdate().weekday())
    cycle = open_cycle(course, cast.employee, now=timezone.now() - dt.timedelta(30), due_on=sunday)
    found = hr.get(url("plan", own.pk)).context["shown"].findings
    assert [finding.code for finding in found] == ["due_on_closed_days"]
    cycle.due_on = sunday + dt.timedelta(2)
    cycle.save()
    assert hr.get(url("plan", own.pk)).context["shown"].findings == []
    cycle.opened_at = timezone.now()
    cycle.due_on = timezone.localdate() + dt.timedelta(5)
    cycle.save()
    assert "too_early" in [finding.code for finding in hr.get(url("plan", own.pk)).context["shown"].findings]


def test_the_warnings_know_whether_completions_expire(hr, own, cast):
    make_step(own, "expiry", -14)
    lasting = make_course(course_document("lasting") | {"validity_months": None}, by=cast.editor)
    given = CoursePlan.objects.create(course=lasting, plan=own, since=dt.date(2026, 6, 1))
    assert [f.code for f in hr.get(url("plan", own.pk)).context["shown"].findings] == ["nothing_expires"]
    given.course = make_course(course_document("expiring"), by=cast.editor)
    given.save()
    assert hr.get(url("plan", own.pk)).context["shown"].findings == []


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (range(7), "every day of the week"),
        (range(5), "Monday to Friday"),
        ([4, 2, 3], "Wednesday to Friday"),
        ([0, 1], "Monday, Tuesday"),
        ([0, 2, 4], "Monday, Wednesday, Friday"),
        ([6], "Sunday"),
    ],
)
def test_days_of_the_week_in_words(days, words):
    with translation.override("en"):
        assert weekdays_in_words(days) == words


@pytest.mark.parametrize(("days", "words"), [(range(5), "poniedziałek–piątek"), ([0, 2], "poniedziałek, środa")])
def test_days_of_the_week_are_small_inside_a_polish_sentence(days, words):
    with translation.override("pl"):
        assert weekdays_in_words(days) == words


def test_a_plan_reads_well_in_polish(cast, sign_in, own):
    Person.objects.filter(pk=cast.hr.pk).update(language="pl")
    page = text(sign_in(cast.hr).get(url("plan", own.pk)))
    assert "→ osoba szkolona: „przed terminem”" in page
    assert "<dd>Poniedziałek–piątek, od 08:00 do 18:00</dd>" in page


# Changing


def test_a_new_plan_is_made_from_another(hr, own):
    answer = hr.post(url("plan_new"), {"name": "Shops", "copy_of": own.pk})
    made = ReminderPlan.objects.get(name="Shops")
    assert answer.url == url("plan", made.pk)
    assert made.steps.count() == 3


def test_a_name_that_is_taken_is_refused_at_the_field(hr, own):
    answer = hr.post(url("plan_new"), {"name": "newcomers", "copy_of": own.pk})
    assert answer.status_code == 400
    assert answer.context["form"].errors["name"] == ["Another plan has this name."]
    answer = hr.post(url("plan_rename", own.pk), {"name": "Standard", "version": 1, "save": "1"})
    assert answer.status_code == 400
    assert answer.context["form"].errors["name"] == ["Another plan has this name."]


def test_a_plan_is_renamed_at_once(hr, own):
    assert hr.post(url("plan_rename", own.pk), {"name": "Shops", "version": 1, "save": "1"}).status_code == 302
    own.refresh_from_db()
    assert own.name == "Shops"


def test_a_step_is_shown_with_its_effect_before_it_is_added(hr, own, course, cast):
    shown = look(hr, url("step_new", own.pk), STEP)
    assert "Nothing has been changed yet." in text(shown)
    assert own.steps.count() == 3
    assert not AuditEvent.objects.exists()
    assert save(hr, url("step_new", own.pk), STEP).url == url("plan", own.pk)
    step = step_of(own, "due", -3)
    assert (step.text, step.since, step.repeat_days) == ("before", timezone.localdate(), None)


def test_the_effect_says_how_many_mails_go_out_and_how_many_now(hr, course, cast, monkeypatch, day):
    moment = day(0)
    monkeypatch.setattr(plan_views.timezone, "now", lambda: moment)
    for person in (cast.employee, cast.colleague):
        open_cycle(course, person, now=day(-20), due_on=day(8).date())
    step = step_of(standard(), "due", -7)
    page = text(hr.get(url("step_remove", standard().pk, step.pk)))
    assert '<span class="figure">0</span><span>mails to people on Tuesday, 2 June 2026 (now 2)</span>' in page


def test_confirming_what_was_not_shown_shows_it_first(hr, own):
    shown = look(hr, url("step_new", own.pk), STEP)
    other = STEP | {"days": "5", "version": 1, "save": "1", "seen": shown.context["seen"]}
    answer = hr.post(url("step_new", own.pk), other)
    assert answer.status_code == 200
    assert "This has changed since you looked." in text(answer)
    assert own.steps.count() == 3
    assert hr.post(url("step_new", own.pk), other | {"seen": answer.context["seen"]}).status_code == 302


def test_a_step_is_changed(hr, own):
    step = step_of(own, "due", -7)
    page = hr.get(url("step_change", own.pk, step.pk))
    assert {name: page.context["form"][name].value() for name in STEP} == {
        "audience": "person", "days": 7, "when": "due-before", "repeat_days": None, "text": "before",
    }  # fmt: skip
    assert save(hr, url("step_change", own.pk, step.pk), STEP).status_code == 302
    assert sorted(own.steps.values_list("offset_days", flat=True)) == [-3, 0, 1]


@pytest.mark.parametrize("offset", [-7, 0, 1])
@pytest.mark.parametrize("anchor", ["due", "expiry", "assigned", "completed"])
def test_a_form_that_is_opened_and_saved_changes_nothing(anchor, offset, hr, own):
    if offset < 0 and anchor in ("assigned", "completed"):
        return
    PlanStep.objects.filter(plan=own).delete()
    step = make_step(own, anchor, offset)
    form = hr.get(url("step_change", own.pk, step.pk)).context["form"]
    typed = {name: form[name].value() if form[name].value() is not None else "" for name in STEP}
    assert save(hr, url("step_change", own.pk, step.pk), typed).status_code == 302
    own.refresh_from_db()
    assert own.version == 1


def test_a_step_is_taken_away_after_its_effect_was_shown(hr, own):
    step = step_of(own, "due", -7)
    address = url("step_remove", own.pk, step.pk)
    assert f'href="{address}"' in text(hr.get(url("step_change", own.pk, step.pk)))
    page = hr.get(address)
    assert page.context["effect"] is not None
    assert "7 days before the due date → the person: “before the due date”" in text(page)
    assert step_of(own, "due", -7)
    assert hr.post(address, {"version": 1, "save": "1", "seen": page.context["seen"]}).status_code == 302
    assert own.steps.count() == 2


def test_the_last_step_cannot_be_taken_away(hr, own):
    own.steps.exclude(anchor="assigned").delete()
    step = own.steps.get()
    page = hr.get(url("step_remove", own.pk, step.pk))
    assert "A plan needs at least one step." in text(page)
    assert 'name="save"' not in text(page)
    answer = hr.post(url("step_remove", own.pk, step.pk), {"version": 1, "save": "1", "seen": "x"})
    assert (answer.status_code, own.steps.count()) == (400, 1)


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"days": "10000"}, "days", "At most 366 days."),
        ({"days": "-1"}, "days", "greater than or equal to 0"),
        ({"days": "soon"}, "days", "whole number"),
        ({"days": "9" * 30}, "days", "At most 366 days."),
        ({"days": ""}, "days", "required"),
        ({"repeat_days": "0"}, "repeat_days", "From 1 to 366 days"),
        ({"repeat_days": "-3"}, "repeat_days", "From 1 to 366 days"),
        ({"text": "overdue"}, "text", "Choose “before the due date”."),
        ({"text": "escalation"}, "text", "Choose “before the due date”."),
        ({"audience": "manager"}, "text", "Choose “escalation to managers and HR”."),
        ({"text": "digest"}, "text", "Select a valid choice"),
        ({"when": "assigned-before"}, "when", "Select a valid choice"),
        ({"days": "7"}, "days", "has a step on this day"),
        ({"when": "completed-after", "text": "done", "repeat_days": "3"}, "repeat_days", "is not repeated"),
        ({"when": "completed-after", "text": "done", "audience": "hr"}, "audience", "goes to the person"),
    ],
)
@pytest.mark.parametrize("button", ["look", "save"])
def test_a_step_that_cannot_be_is_refused_at_its_field_and_nothing_is_saved(button, typed, field, words, hr, own):
    answer = hr.post(url("step_new", own.pk), STEP | typed | {"version": 1, button: "1"})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert words in text(answer)
    assert f'id="id_{field}_error"' in text(answer)
    own.refresh_from_db()
    assert (own.version, own.steps.count()) == (1, 3)


def test_the_hours_are_changed(hr, own):
    assert save(hr, url("plan_hours", own.pk), HOURS | {"closes": ""}).status_code == 302
    own.refresh_from_db()
    assert (own.closes, own.weekdays, own.skips_holidays, own.version) == (None, [0, 1, 2], True, 2)


def test_only_the_standard_plan_asks_for_the_digest(hr, own):
    assert "digest_weekday" not in hr.get(url("plan_hours", own.pk)).context["form"].fields
    assert save(hr, url("plan_hours", standard().pk), HOURS | {"digest_weekday": "4"}).status_code == 302
    assert standard().digest_weekday == 4
    assert save(hr, url("plan_hours", standard().pk), HOURS | {"digest_weekday": ""}, version=2).status_code == 302
    assert standard().digest_weekday is None


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"closes": "07:30"}, "closes", "later than the beginning"),
        ({"closes": "08:00"}, "closes", "later than the beginning"),
        ({"opens": "25:00"}, "opens", "valid time"),
        ({"weekdays": []}, "weekdays", "at least one day"),
        ({"weekdays": ["9"]}, "weekdays", "Select a valid choice"),
        ({"catch_up_days": "36"}, "catch_up_days", "From 0 to 35 days."),
        ({"catch_up_days": "-1"}, "catch_up_days", "greater than or equal to 0"),
    ],
)
def test_hours_that_cannot_be_are_refused_at_their_field_and_nothing_is_saved(typed, field, words, hr, own):
    answer = hr.post(url("plan_hours", own.pk), HOURS | typed | {"version": 1, "look": "1"})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert words in text(answer)
    assert f'id="id_{field}_error"' in text(answer)
    own.refresh_from_db()
    assert (own.version, own.weekdays) == (1, [0, 1, 2, 3, 4])


def test_a_course_gets_a_plan_and_the_standard_one_back(hr, own, course):
    assert "Small course (en) (Standard)" in text(hr.get(url("plan_give", own.pk)))
    assert save(hr, url("plan_give", own.pk), {"course": course.pk}).status_code == 302
    assert CoursePlan.objects.get().plan == own
    back = f"{url('plan_give', standard().pk)}?course={course.pk}"
    assert back in text(hr.get(url("plan", own.pk)))
    assert hr.get(back).context["form"]["course"].value() == str(course.pk)
    assert save(hr, url("plan_give", standard().pk), {"course": course.pk}).status_code == 302
    assert CoursePlan.objects.get().plan == standard()


def test_a_course_that_got_another_plan_meanwhile_is_shown_again(hr, own, course):
    shown = look(hr, url("plan_give", own.pk), {"course": course.pk})
    CoursePlan.objects.create(course=course, plan=make_plan("Other"), since=dt.date(2026, 6, 1))
    data = {"course": course.pk, "version": 1, "save": "1", "seen": shown.context["seen"]}
    answer = hr.post(url("plan_give", own.pk), data)
    assert answer.status_code == 200
    assert "This has changed since you looked." in text(answer)
    assert CoursePlan.objects.get().plan.name == "Other"


def test_a_plan_that_every_course_has_can_be_given_to_none(hr, course):
    assert url("plan_give", standard().pk) not in text(hr.get(url("plan", standard().pk)))
    answer = hr.get(url("plan_give", standard().pk), follow=True)
    assert "Every course has this plan already." in text(answer)


def test_a_plan_is_deleted_after_it_was_asked(hr, own):
    assert url("plan_delete", own.pk) in text(hr.get(url("plan", own.pk)))
    page = hr.get(url("plan_delete", own.pk))
    assert 'name="save"' in text(page)
    assert ReminderPlan.objects.filter(pk=own.pk).exists()
    answer = hr.post(url("plan_delete", own.pk), {"version": 1, "save": "1"})
    assert answer.url == url("plans")
    assert not ReminderPlan.objects.filter(pk=own.pk).exists()


def test_a_plan_that_cannot_be_deleted_says_why(hr, own, course):
    CoursePlan.objects.create(course=course, plan=own, since=dt.date(2026, 6, 1))
    assert url("plan_delete", own.pk) not in text(hr.get(url("plan", own.pk)))
    page = text(hr.get(url("plan_delete", own.pk)))
    assert "This plan serves a course." in page
    assert 'name="save"' not in page


# Two at once


@pytest.mark.parametrize("button", ["look", "save"])
def test_whoever_comes_too_late_sees_what_is_stored_and_keeps_what_was_typed(button, hr, own):
    ReminderPlan.objects.filter(pk=own.pk).update(version=4)
    step = step_of(own, "due", -7)
    data = STEP | {"version": 1, button: "1"}
    if button == "save":
        data["seen"] = look(hr, url("step_change", own.pk, step.pk), STEP, version=4).context["seen"]
    answer = hr.post(url("step_change", own.pk, step.pk), data)
    assert answer.status_code == 409
    page = text(answer)
    assert "Somebody changed this plan meanwhile." in page
    assert "7 days before the due date → the person: “before the due date”" in page
    assert answer.context["form"]["days"].value() == "3"
    assert 'name="version" value="4"' in page
    assert step_of(own, "due", -7)
    assert save(hr, url("step_change", own.pk, step.pk), STEP, version=4).status_code == 302


def test_late_hours_show_the_stored_ones(hr, own):
    ReminderPlan.objects.filter(pk=own.pk).update(version=2, opens=dt.time(9))
    answer = look(hr, url("plan_hours", own.pk), HOURS)
    assert answer.status_code == 409
    assert "from 09:00 until before 18:00" in text(answer)


def test_a_plan_that_is_deleted_while_somebody_edits_it_is_said(hr, own, cast, now, monkeypatch):
    def too_late(*_args: Any, **_more: Any) -> None:
        monkeypatch.undo()
        delete_plan(own, version=1, by=cast.hr, now=now)
        plan_views.plan_editing.rename_plan(own, name="x", version=1, by=cast.hr, now=now)

    monkeypatch.setattr(plan_views.plan_editing, "rename_plan", too_late)
    answer = hr.post(url("plan_rename", own.pk), {"name": "Shops", "version": 1, "save": "1"}, follow=True)
    assert "This plan was deleted meanwhile." in text(answer)


@pytest.mark.parametrize("name", ["step_change", "step_remove"])
def test_a_step_of_another_plan_or_one_that_ended_is_not_found(name, hr, own):
    step = step_of(own, "due", -7)
    assert hr.get(url(name, standard().pk, step.pk)).status_code == 404
    PlanStep.objects.filter(pk=step.pk).update(ended_at=timezone.now())
    assert hr.get(url(name, own.pk, step.pk)).status_code == 404


def test_a_forged_version_is_refused(hr, own):
    for version in ("", "x", "-1", "9" * 12):
        answer = hr.post(url("plan_rename", own.pk), {"name": "Shops", "version": version, "save": "1"})
        assert answer.status_code == 400


# Queries


def queries(ask: Any) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert ask().status_code == 200
    return len(asked)


def grow(cast: Any) -> None:
    """Ten more plans with courses, steps and duties."""
    for number in range(10):
        made = make_plan(f"Plan {number}")
        for offset in range(-5, 5):
            make_step(made, "due", offset)
        course = make_course(course_document(f"course-{number}"), by=cast.editor)
        CoursePlan.objects.create(course=course, plan=made, since=dt.date(2026, 6, 1))
        now = timezone.now()
        for person in (cast.employee, cast.colleague, cast.manager):
            open_cycle(course, person, now=now - dt.timedelta(9), due_on=timezone.localdate() + dt.timedelta(number))


@pytest.mark.parametrize("name", ["plans", "plan", "plan_give"])
def test_pages_take_as_many_queries_for_one_plan_as_for_eleven(name, hr, own, course, cast):
    arguments = () if name == "plans" else (own.pk,)
    CoursePlan.objects.create(course=course, plan=make_plan("Other"), since=dt.date(2026, 6, 1))
    hr.get(url(name, *arguments))
    few = queries(lambda: hr.get(url(name, *arguments)))
    grow(cast)
    assert queries(lambda: hr.get(url(name, *arguments))) == few <= 12


def test_the_effect_takes_as_many_queries_for_few_duties_as_for_many(hr, own, course, cast):
    CoursePlan.objects.create(course=course, plan=own, since=dt.date(2026, 6, 1))
    open_cycle(course, cast.hr, now=timezone.now() - dt.timedelta(9), due_on=timezone.localdate() + dt.timedelta(2))
    few = queries(lambda: look(hr, url("step_new", own.pk), STEP))
    grow(cast)
    assert queries(lambda: look(hr, url("step_new", own.pk), STEP)) == few
