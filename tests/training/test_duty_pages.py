"""HR assigns, extends, waives and records leave in the browser; a manager reads the status and nothing else."""

import datetime as dt
import re

from django.urls import reverse
from django.utils import timezone

import pytest

from accounts.models import AuditEvent, Person
from tests.dashboards.duties import TODAY, days, make_duty
from tests.factories import NOW, make_person
from training.assigning import assign_to_department, assign_to_people
from training.due import DueRule
from training.models import AssignmentRule, Cycle, Extension, Leave, Waiver

ASSIGN = {"course": "small", "basis": "after_assignment", "days": "14", "grace": "14"}


@pytest.fixture(autouse=True)
def _on_the_day(monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda now=None: TODAY if now is None else now.date())
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def hr(cast, course, sign_in):
    Person.objects.update(language="en")
    return sign_in(cast.hr)


def look(browser, **asked):
    return browser.post(reverse("duties:assign"), ASSIGN | asked | {"look": "1"})


def confirm(browser, answer, **asked):
    return browser.post(reverse("duties:assign"), ASSIGN | asked | {"assign": "1", "seen": answer.context["seen"]})


def text(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def test_preview_says_whom_it_reaches_and_changes_nothing(cast, hr, course):
    make_duty(cast.employee, course)
    make_duty(cast.manager, course, "completed")
    answer = look(hr, departments=[cast.company.pk])
    reach = answer.context["reach"]
    assert (reach.new, reach.already_open, reach.already_completed) == (4, 1, 1)
    assert answer.context["departments"] == [{"name": "Firma", "count": 2}, {"name": "Firma / Payroll", "count": 2}]
    assert "Assign to 4 people" in text(answer)
    assert "Due on 15 June 2026." in text(answer)
    assert Cycle.objects.count() == 2
    assert AssignmentRule.objects.count() == 0


def test_confirming_twice_makes_one_rule(cast, hr, course):
    asked = {"departments": [cast.sales.pk]}
    answer = look(hr, **asked)
    confirm(hr, answer, **asked)
    again = look(hr, **asked)
    assert confirm(hr, again, **asked).status_code == 302
    assert AssignmentRule.objects.count() == 1
    AssignmentRule.objects.update(ended_at=NOW)
    confirm(hr, look(hr, **asked), **asked)
    assert AssignmentRule.objects.count() == 2


def test_confirming_what_was_shown_assigns_it_with_a_rule_and_an_audit_event(cast, hr, course):
    asked = {"departments": [cast.sales.pk]}
    answer = confirm(hr, look(hr, **asked), **asked)
    assert answer.url == reverse("duties:rules")
    assert set(Cycle.objects.values_list("person", "due_on")) == {
        (cast.manager.pk, TODAY + days(14)), (cast.employee.pk, TODAY + days(14)),
    }  # fmt: skip
    assert AssignmentRule.objects.get().department == cast.sales
    assert AuditEvent.objects.get(action="assignments.rule_made").actor == cast.hr


def test_confirming_without_having_seen_the_preview_shows_it_first(cast, hr, course):
    answer = hr.post(reverse("duties:assign"), ASSIGN | {"departments": [cast.sales.pk], "assign": "1"})
    assert "See whom it reaches now" in text(answer)
    assert Cycle.objects.count() == 0


def test_when_someone_joins_between_preview_and_confirmation_the_new_number_is_shown(cast, hr, course):
    asked = {"departments": [cast.sales.pk]}
    seen = look(hr, **asked)
    make_person(cast.shops)
    answer = confirm(hr, seen, **asked)
    assert "Assign to 3 people" in text(answer)
    assert Cycle.objects.count() == 0


def test_other_due_date_than_shown_is_not_assigned(cast, hr, course):
    asked = {"departments": [cast.sales.pk]}
    confirm(hr, look(hr, **asked), **asked, days="3")
    assert Cycle.objects.count() == 0


def test_department_below_a_chosen_one_makes_no_rule_of_its_own(cast, hr, course):
    asked = {"departments": [cast.shops.pk, cast.sales.pk]}
    confirm(hr, look(hr, **asked), **asked)
    assert [rule.department for rule in AssignmentRule.objects.all()] == [cast.sales]


def test_whole_company_is_one_rule_without_a_department(cast, hr, course):
    asked = {"departments": ["company", cast.sales.pk]}
    confirm(hr, look(hr, **asked), **asked)
    assert AssignmentRule.objects.get().department is None
    assert Cycle.objects.count() == 6


def test_people_are_found_by_address_in_any_case_and_by_name(cast, hr, course):
    asked = {"people": f" {cast.employee.email.upper()};\nzolcinski kamil, ", "basis": "fixed", "due_on": "2026-07-01"}
    answer = confirm(hr, look(hr, **asked), **asked)
    assert answer.url == reverse("duties:assign")
    assert set(Cycle.objects.values_list("person", "due_on")) == {
        (cast.employee.pk, dt.date(2026, 7, 1)), (cast.colleague.pk, dt.date(2026, 7, 1)),
    }  # fmt: skip
    assert AssignmentRule.objects.count() == 0


def test_person_named_and_in_a_chosen_department_is_counted_once(cast, hr, course):
    answer = look(hr, departments=[cast.sales.pk], people=cast.employee.email)
    assert answer.context["reach"].new == 2


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({}, "Choose at least one department"),
        ({"people": "nobody@example.com"}, "Nobody who works here fits “nobody@example.com”."),
        ({"people": "ow"}, "“ow” fits several people"),
        ({"people": "x", "basis": "fixed"}, "Say on which date"),
        ({"people": "x", "basis": "fixed", "due_on": "2026-05-31"}, "This date is in the past."),
        ({"people": "x", "basis": "fixed", "due_on": "9999-12-31"}, "less than or equal to 2199-12-31"),
        ({"people": "x", "days": ""}, "Say after how many days"),
        ({"departments": ["987654321"]}, "987654321 is not one of the available choices"),
        ({"course": "nothing"}, "nothing is not one of the available choices"),
    ],
)
def test_what_is_missing_or_wrong_is_said_at_the_form(cast, hr, course, asked, complaint):
    answer = look(hr, **asked)
    assert complaint in text(answer)
    assert "seen" not in answer.context


def test_someone_who_has_left_cannot_be_named(cast, hr, course):
    Person.objects.filter(pk=cast.employee.pk).update(left_on=TODAY)
    assert "Nobody who works here" in text(look(hr, people=cast.employee.email))


def test_without_a_published_course_there_is_nothing_to_assign(cast, sign_in):
    Person.objects.update(language="en")
    assert "No course is published yet" in text(sign_in(cast.hr).get(reverse("duties:assign")))


def test_rules_are_listed_and_can_be_ended(cast, hr, course):
    rule = assign_to_department(course, department=cast.sales, due=DueRule.after_start(30), by=cast.hr, now=NOW)
    page = hr.get(reverse("duties:rules"))
    assert "Firma / Sales" in text(page)
    assert "30 days after the start of employment" in text(page)
    assert [shown.reached for shown in page.context["rules"]] == [2]
    hr.post(reverse("duties:end_rule", args=[rule.pk]))
    rule.refresh_from_db()
    assert (rule.ended_by, rule.ended_at) == (cast.hr, NOW)
    assert "Ended on 1 Jun 2026" in text(hr.get(reverse("duties:rules")))
    assert Cycle.objects.count() == 2


@pytest.mark.parametrize("number", [2, 12])
def test_rules_take_as_many_queries_for_twelve_as_for_two(cast, hr, course, number, django_assert_num_queries):
    for _i in range(number):
        assign_to_department(course, department=cast.sales, due=DueRule(), by=cast.hr, now=NOW)
    hr.get(reverse("duties:rules"))
    with django_assert_num_queries(3):
        hr.get(reverse("duties:rules"))


@pytest.fixture
def cycle(cast, course):
    [cycle] = assign_to_people(course, [cast.employee], due=DueRule.fixed(TODAY + days(5)), by=cast.hr, now=NOW)
    return cycle


def test_extending_keeps_the_old_date_and_the_reason(cast, hr, cycle):
    url = reverse("duties:extend", args=[cycle.pk])
    answer = hr.post(url, {"new_due_on": "2026-06-20", "reason": "Sick child"})
    assert answer.url == reverse("duties:person", args=[cast.employee.pk])
    extension = Extension.objects.get()
    assert (extension.old_due_on, extension.new_due_on, extension.by) == (
        TODAY + days(5),
        dt.date(2026, 6, 20),
        cast.hr,
    )
    page = text(hr.get(answer.url))
    assert "due date moved from 6 Jun 2026 to 20 Jun 2026, Sick child, Hanna Kadrowa" in page
    assert AuditEvent.objects.filter(action="duties.extend", actor=cast.hr).count() == 1


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"new_due_on": "2026-06-20", "reason": " "}, "This field is required."),
        ({"new_due_on": "2026-06-05", "reason": "x"}, "must be later than the present one"),
        ({"new_due_on": "soon", "reason": "x"}, "Enter a valid date."),
        ({"new_due_on": "9999-12-31", "reason": "x"}, "less than or equal to 2199-12-31"),
    ],
)
def test_extension_that_cannot_be_is_refused_with_a_sentence(hr, cycle, asked, complaint):
    answer = hr.post(reverse("duties:extend", args=[cycle.pk]), asked)
    assert complaint in text(answer)
    assert Extension.objects.count() == 0


def test_waiving_and_ending_the_waiver(cast, hr, cycle):
    hr.post(reverse("duties:waive", args=[cycle.pk]), {"until": "2026-06-10", "reason": "Trained elsewhere"})
    waiver = Waiver.objects.get()
    page = text(hr.get(reverse("duties:person", args=[cast.employee.pk])))
    assert "waived until 10 Jun 2026, Trained elsewhere, Hanna Kadrowa" in page
    again = hr.post(reverse("duties:waive", args=[cycle.pk]), {"reason": "Again"})
    assert "This duty is waived already." in text(again)
    hr.post(reverse("duties:end_waiver", args=[waiver.pk]))
    waiver.refresh_from_db()
    assert waiver.ended_by == cast.hr
    assert "ended on 1 Jun 2026 by Hanna Kadrowa" in text(hr.get(reverse("duties:person", args=[cast.employee.pk])))


def test_leave_without_an_end_and_then_its_last_day_moves_the_due_date(cast, hr, cycle):
    hr.post(reverse("duties:put_on_leave", args=[cast.employee.pk]), {"starts_on": "2026-06-01", "reason": "Parental"})
    leave = Leave.objects.get()
    assert "until further notice" in text(hr.get(reverse("duties:person", args=[cast.employee.pk])))
    hr.post(reverse("duties:end_leave", args=[leave.pk]), {"last_day": "2026-06-10"})
    cycle.refresh_from_db()
    assert cycle.due_on == TODAY + days(15)


def test_completed_duty_cannot_be_changed_and_shows_its_certificate(cast, hr, course):
    done = make_duty(cast.employee, course, "completed")
    page = text(hr.get(reverse("duties:person", args=[cast.employee.pk])))
    assert reverse("training:certificate", args=[done.completion.certificate_code]) in page
    assert reverse("duties:extend", args=[done.pk]) not in page
    answer = hr.post(reverse("duties:waive", args=[done.pk]), {"reason": "x"})
    assert "a completed course never changes" in text(answer)


def test_manager_sees_status_and_due_date_only(cast, course, sign_in, cycle):
    Person.objects.update(language="en")
    Waiver.objects.create(cycle=cycle, reason="Trained elsewhere", by=cast.hr, at=NOW)
    Leave.objects.create(person=cast.employee, starts_on=TODAY, reason="Parental", by=cast.hr, at=NOW)
    page = text(sign_in(cast.manager).get(reverse("duties:person", args=[cast.employee.pk])))
    assert "Waived" in page
    assert "6 June 2026" in page
    secrets = ("Trained elsewhere", "Parental", "Hanna Kadrowa", cast.employee.email, "/duties/cycles/")
    for secret in secrets:
        assert secret not in page


def test_manager_gets_the_same_answer_for_a_stranger_as_for_nobody(cast, course, sign_in):
    browser = sign_in(cast.manager)
    foreign, nobody = (browser.get(reverse("duties:person", args=[pk])) for pk in (cast.colleague.pk, 987654321))
    assert (foreign.status_code, nobody.status_code) == (404, 404)
    token = r'name="csrfmiddlewaretoken" value="[^"]+"'
    assert re.sub(token, "", text(foreign)) == re.sub(token, "", text(nobody)).replace(
        "987654321", str(cast.colleague.pk)
    )


def test_person_who_left_is_gone_for_the_manager_and_stays_for_hr(cast, course, sign_in, hr):
    make_duty(cast.employee, course, "left")
    url = reverse("duties:person", args=[cast.employee.pk])
    assert sign_in(cast.manager).get(url).status_code == 404
    assert "left on 1 June 2026" in text(hr.get(url))


@pytest.mark.parametrize("rounds", [1, 6])
def test_person_takes_as_many_queries_for_six_rounds_as_for_one(cast, hr, course, rounds, django_assert_num_queries):
    for number in range(1, rounds + 1):
        made = make_duty(cast.employee, course, "completed" if number < rounds else "in_progress", number=number)
        made.assignments.create(source="person", assigned_by=cast.hr, assigned_at=NOW)
        made.extensions.create(new_due_on=TODAY, reason="x", by=cast.hr, at=NOW)
        made.waivers.create(reason="x", by=cast.hr, at=NOW)
    hr.get(reverse("duties:person", args=[cast.employee.pk]))
    with django_assert_num_queries(8):
        hr.get(reverse("duties:person", args=[cast.employee.pk]))
