"""The overview and the list of people as HR and managers get them."""

import datetime as dt
import re

from django.urls import reverse
from django.utils import timezone

import pytest

from accounts.models import Department, Person
from courses.models import Course
from dashboards.views import PAGE_SIZE
from tests.dashboards.duties import TODAY, complete, days, make_duty, populate
from tests.factories import course_document, make_course, make_department, make_person

PAGES = ("dashboards:overview", "dashboards:people", "dashboards:people_csv", "dashboards:departments_csv")


@pytest.fixture(autouse=True)
def _on_the_day(monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda now=None: TODAY if now is None else now.date())


def body(response) -> str:
    """The bytes of an answer without what changes from answer to answer."""
    raw = b"".join(response.streaming_content) if response.streaming else response.content
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", raw.decode())


def words(seen: str) -> str:
    """What a reader sees of a page or file, each word between spaces: no tag, so no key and no address of a link."""
    return f" {' '.join(re.sub(r'<[^>]*>|[,;%]', ' ', seen).split())} "


@pytest.fixture
def company(cast, course):
    populate([cast.sales, cast.shops, cast.payroll], course)
    Person.objects.update(language="en")
    return course


def change_everything_in(department: Department, course: Course) -> None:
    """Every kind of change that could show: people, their standing, their results, the tree."""
    populate([department, make_department("New team", department)], course, 3)
    for cycle in course.cycles.filter(person__department=department, closed_at=None, started_at__isnull=False)[:2]:
        complete(cycle, on=TODAY - days(9))
    course.cycles.filter(person__department=department, closed_at=None).update(due_on=TODAY - days(99))
    for person in Person.objects.filter(department=department):
        Person.objects.filter(pk=person.pk).update(last_name=f"Changed{person.pk}", manager=None)
    Department.objects.filter(pk=department.pk).update(name="Renamed", path="Firma / Renamed")


@pytest.mark.parametrize("page", PAGES)
def test_nothing_that_happens_in_payroll_changes_a_byte_for_the_manager_of_sales(cast, company, sign_in, page):
    browser = sign_in(cast.manager)
    before = body(browser.get(reverse(page)))
    hr_before = body(sign_in(cast.hr).get(reverse(page)))
    change_everything_in(cast.payroll, company)
    assert body(browser.get(reverse(page))) == before
    assert body(sign_in(cast.hr).get(reverse(page))) != hr_before


def test_every_figure_on_the_overview_is_the_length_of_the_list_it_opens(cast, company, sign_in):
    for viewer in (cast.hr, cast.manager):
        browser = sign_in(viewer)
        context = browser.get(reverse("dashboards:overview")).context
        cells = [
            *context["headline"],
            *context["formula"].values(),
            *(cell for line in context["lines"] for cell in line.cells),
        ]
        assert len(cells) > 20
        for cell in cells:
            assert browser.get(cell.url).context["page_obj"].paginator.count == cell.value, cell


def test_each_decision_opens_the_people_it_counts(cast, company, sign_in):
    browser = sign_in(cast.hr)
    decisions = browser.get(reverse("dashboards:overview")).context["decisions"]
    counted = [decision for decision in decisions if "/people/?" in decision.url]
    assert len(counted) == 2
    for decision in counted:
        assert browser.get(decision.url).context["page_obj"].paginator.count == int(decision.text.split()[0])


def test_overview_shows_the_rate_with_the_numbers_of_its_formula(cast, company, sign_in):
    page = body(sign_in(cast.hr).get(reverse("dashboards:overview"))).split('class="formula">')[1].split("</span>")[0]
    words = re.sub("<[^>]+>", "", page)
    assert words == "3 of 15 = assigned 21 − waived 3 − on leave 3; left and not counted: 3"


def test_manager_s_formula_does_not_tell_who_left(cast, company, sign_in):
    answer = sign_in(cast.manager).get(reverse("dashboards:overview"))
    assert "left" not in answer.context["formula"]
    assert "left and not counted" not in body(answer)


def test_manager_reads_no_dates_results_or_addresses_of_completions(cast, course, sign_in):
    complete(make_duty(cast.employee, course, "in_progress"), on=dt.date(2026, 5, 3))
    Person.objects.update(language="en")
    secrets = (cast.employee.email, "3 May", "2026-05-03", " 90 ", "passed")
    for page in ("dashboards:people", "dashboards:people_csv"):
        seen = body(sign_in(cast.manager).get(reverse(page)))
        assert cast.employee.name in seen
        assert "Completed" in seen
        for secret in secrets:
            assert secret not in words(seen)
        assert cast.employee.email in body(sign_in(cast.hr).get(reverse(page)))
    of_hr = words(body(sign_in(cast.hr).get(reverse("dashboards:people_csv"))))
    assert {secret for secret in secrets if secret in of_hr} >= {cast.employee.email, "2026-05-03", " 90 "}


def test_without_a_published_course_the_pages_say_so(cast, sign_in):
    Person.objects.update(language="en")
    browser = sign_in(cast.hr)
    assert "No course is published yet" in body(browser.get(reverse("dashboards:overview")))
    assert "No course is published yet" in body(browser.get(reverse("dashboards:people")))
    assert browser.get(reverse("dashboards:people_csv")).status_code == 302


def test_without_assignments_hr_is_led_to_assigning_and_a_manager_is_not(cast, course, sign_in):
    assert reverse("duties:assign") in body(sign_in(cast.hr).get(reverse("dashboards:overview"))).split("<main")[1]
    assert reverse("duties:assign") not in body(sign_in(cast.manager).get(reverse("dashboards:overview")))


def test_second_course_has_its_own_figures(cast, course, sign_in):
    other = make_course(course_document("other"))
    make_duty(cast.employee, other)
    browser = sign_in(cast.hr)
    assert browser.get(reverse("dashboards:overview")).context["figures"].assigned == 0
    assert browser.get(reverse("dashboards:overview"), {"course": "other"}).context["figures"].assigned == 1


@pytest.mark.parametrize(
    "asked",
    [
        {"course": "nothing"}, {"status": "perfect"}, {"department": "999999999999999999999"}, {"department": "x'--"},
        {"overdue_for": "-1"}, {"overdue_for": "9" * 30}, {"q": "\0"}, {"q": "x" * 101}, {"status": "left\0"},
    ],
)  # fmt: skip
def test_filter_that_is_not_valid_is_named_and_left_out(cast, company, sign_in, asked):
    browser = sign_in(cast.hr)
    answer = browser.get(reverse("dashboards:people"), asked)
    assert answer.status_code == 200
    assert "Part of the filter was left out" in body(answer)
    assert browser.get(reverse("dashboards:overview"), asked).status_code == 200


def test_manager_asking_for_a_foreign_department_gets_the_answer_for_one_that_does_not_exist(cast, company, sign_in):
    browser = sign_in(cast.manager)
    foreign, nothing = (
        re.sub(
            rf"(department=|choice\. ){key}\b",
            r"\1?",
            body(browser.get(reverse("dashboards:people"), {"department": key})),
        )
        for key in (cast.payroll.pk, 987654321)
    )
    assert foreign == nothing


@pytest.mark.parametrize("asked", [{"page": "0"}, {"page": "x"}, {"page": "999999"}, {"page": "-3"}])
def test_page_that_does_not_exist_shows_one_that_does(cast, company, sign_in, asked):
    assert sign_in(cast.hr).get(reverse("dashboards:people"), asked).status_code == 200


def test_pages_together_hold_everybody_once(cast, course, sign_in):
    for _i in range(PAGE_SIZE + 3):
        make_duty(make_person(cast.sales), course)
    browser = sign_in(cast.hr)
    seen = [
        line.person_id
        for number in (1, 2)
        for line in browser.get(reverse("dashboards:people"), {"page": number}).context["lines"]
    ]
    assert len(seen) == len(set(seen)) == PAGE_SIZE + 3


def test_filters_survive_turning_the_page(cast, course, sign_in):
    for _i in range(PAGE_SIZE + 1):
        make_duty(make_person(cast.shops), course, "overdue")
    page = body(sign_in(cast.hr).get(reverse("dashboards:people"), {"status": "overdue", "department": cast.sales.pk}))
    assert f"?page=2&amp;course=small&amp;status=overdue&amp;department={cast.sales.pk}" in page


def test_filters_are_said_as_a_sentence(cast, company, sign_in):
    asked = {"status": "overdue", "department": cast.shops.pk, "direct": "on", "overdue_for": 1, "q": "kow"}
    page = body(sign_in(cast.hr).get(reverse("dashboards:people"), asked))
    assert "Overdue, directly in Firma / Sales / Shops, overdue for more than 1 day, name or address with “kow”" in page


def test_search_words_are_shown_as_text(cast, company, sign_in):
    page = body(sign_in(cast.hr).get(reverse("dashboards:people"), {"q": "<script>alert(1)</script>"}))
    assert "<script>alert" not in page


def test_manager_cannot_filter_for_who_left(cast, company, sign_in):
    answer = sign_in(cast.manager).get(reverse("dashboards:people"), {"status": "left"})
    assert "Part of the filter was left out" in body(answer)


def test_no_curve_tells_a_manager_who_of_four_completed_when(cast, course, sign_in):
    Person.objects.update(language="en")
    complete(make_duty(cast.employee, course, "in_progress"), on=TODAY - days(9))
    for number in range(4):
        seen = {person: body(sign_in(person).get(reverse("dashboards:overview"))) for person in (cast.manager, cast.hr)}
        drawn = {person: '<svg class="chart"' in page for person, page in seen.items()}
        assert drawn == {cast.manager: False, cast.hr: True}
        assert "A curve is drawn for five people or more" in seen[cast.manager]
        make_duty(make_person(cast.shops, email=f"more{number}@example.com"), course)
    assert '<svg class="chart"' in body(sign_in(cast.manager).get(reverse("dashboards:overview")))


def test_chart_and_bars_need_no_inline_style(cast, company, sign_in):
    page = body(sign_in(cast.hr).get(reverse("dashboards:overview")))
    assert '<svg class="chart"' in page
    assert "The same as a table" in page
    assert " style=" not in page


@pytest.mark.parametrize("people", [10, 60])
@pytest.mark.parametrize(("page", "queries"), [*zip(PAGES, (7, 7, 6, 5), strict=True)])
def test_pages_run_as_many_queries_for_sixty_people_as_for_ten(
    cast, course, sign_in, people, page, queries, django_assert_num_queries
):
    for number in range(people):
        standing = ("overdue", "completed", "waived", "in_progress")[number % 4]
        make_duty(make_person(cast.shops if number % 2 else cast.payroll), course, standing)
    browser = sign_in(cast.hr)
    body(browser.get(reverse(page)))  # the process knows the course's document from now on
    with django_assert_num_queries(queries):
        body(browser.get(reverse(page)))
