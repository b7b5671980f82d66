"""CSV files: what the page shows, and nothing that a spreadsheet would run."""

import csv
import io

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.translation import get_language

import pytest

from accounts.models import Department, Person
from dashboards.export import LINES_AT_ONCE, csv_lines, safe_cell
from dashboards.overview import department_rows
from dashboards.selection import GROUP_NAMES
from dashboards.selectors import Scope, Tally
from tests.dashboards.duties import make_duty, populate
from tests.factories import make_person


@pytest.fixture(autouse=True)
def _in_english(cast):
    Person.objects.update(language="en")


def read(response) -> list[list[str]]:
    raw = b"".join(response.streaming_content)
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig")), delimiter=";"))


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "  =1", '=cmd|"/c calc"!A1', "\0=1"]
)
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text):
    assert safe_cell(text).startswith("'")


@pytest.mark.parametrize("value", ["Anna-Maria", "a=b", "", 7, 0])
def test_other_cells_stay_as_they_are(value):
    assert safe_cell(value) == value


def test_quotes_separators_and_line_breaks_stay_inside_their_cell():
    lines = "".join(csv_lines(["head"], [['";=1+1', "a;b\nc"]]))
    assert list(csv.reader(io.StringIO(lines.removeprefix("\ufeff")), delimiter=";")) == [
        ["head"],
        ['";=1+1', "a;b\nc"],
    ]


def test_a_program_that_splits_at_commas_finds_no_formula_either():
    lines = "".join(csv_lines(["head"], [["Jan x,=cmd|' /C calc'!A0,", 7]])).removeprefix("\ufeff")
    for cells in csv.reader(io.StringIO(lines), delimiter=","):
        assert not any(cell.startswith("=") for cell in cells)


def test_file_is_made_piece_by_piece_while_rows_are_read():
    taken = []
    rows = ([taken.append(number) or number] for number in range(LINES_AT_ONCE * 10))
    pieces = csv_lines(["head"], rows)
    next(pieces)
    assert len(taken) == LINES_AT_ONCE - 1
    assert sum(piece.count("\n") for piece in pieces) == LINES_AT_ONCE * 9 + 1


def test_names_from_the_roster_cannot_become_formulas(cast, course, sign_in):
    make_duty(make_person(cast.sales, first_name="=HYPERLINK(1)", last_name="X"), course)
    Department.objects.filter(pk=cast.sales.pk).update(name="@evil", path="+evil")
    people = read(sign_in(cast.hr).get(reverse("dashboards:people_csv")))
    assert (people[1][0], people[1][2]) == ("'=HYPERLINK(1) X", "'+evil")
    departments = read(sign_in(cast.hr).get(reverse("dashboards:departments_csv")))
    assert departments[2][0] == "'@evil"


@pytest.mark.parametrize("asked", [{}, {"status": "overdue"}, {"status": "left"}, {"q": "jagna"}])
def test_file_of_people_is_the_list_on_the_page(cast, course, sign_in, asked):
    populate([cast.sales, cast.payroll], course)
    browser = sign_in(cast.hr)
    lines = browser.get(reverse("dashboards:people"), asked).context["lines"]
    head, *rows = read(browser.get(reverse("dashboards:people_csv"), asked))
    assert head == [
        "Name", "E-mail", "Department", "Status", "Due date", "Completed on", "On time", "Result", "Score (%)",
        "Attempts",
    ]  # fmt: skip
    assert [row[:3] for row in rows] == [[line.name, line.email, line.department] for line in lines]
    assert [row[4] for row in rows] == [line.due_on.isoformat() for line in lines]
    assert [row[8:] for row in rows] == [
        ["" if line.score is None else str(line.score), str(line.attempts)] for line in lines
    ]


def test_results_in_the_file_name_the_final_scenario_only(cast, course, sign_in):
    make_duty(cast.employee, course, "completed")
    cycle = make_duty(cast.colleague, course, "in_progress")
    cycle.attempts.create(scenario_key="rule-1", number=1, seed=1, started_at=cycle.opened_at)
    _head, *rows = read(sign_in(cast.hr).get(reverse("dashboards:people_csv")))
    assert [row[6:] for row in rows] == [["yes", "passed", "90", "2"], ["", "", "", "0"]]


def test_file_of_departments_is_the_table_on_the_page(cast, course, sign_in):
    populate([cast.sales, cast.shops, None], course)
    browser = sign_in(cast.hr)
    shown = browser.get(reverse("dashboards:overview")).context["lines"]
    head, *rows = read(browser.get(reverse("dashboards:departments_csv")))
    assert head[2:] == [
        "Assigned", "Completed", "In progress", "Not started", "Overdue", "Expired", "Away", "Rate (%)",
    ]  # fmt: skip
    assert rows == [
        [line.name, str(line.depth + 1), *(str(cell.value) for cell in line.cells), str(line.rate)] for line in shown
    ]


def test_words_are_in_the_reader_s_language_although_the_file_is_streamed_later(cast, course, sign_in, monkeypatch):
    monkeypatch.setitem(GROUP_NAMES, "overdue", lazy(get_language, str)())
    make_duty(cast.employee, course, "overdue")
    assert read(sign_in(cast.hr).get(reverse("dashboards:people_csv")))[1][3] == "en"


def test_file_name_says_course_and_day(cast, course, sign_in):
    answer = sign_in(cast.hr).get(reverse("dashboards:people_csv"))
    assert answer["Content-Disposition"].startswith('attachment; filename="small-people-20')
    b"".join(answer.streaming_content)


@pytest.mark.parametrize("page", ["dashboards:people_csv", "dashboards:departments_csv"])
def test_filter_that_is_not_valid_gives_the_page_instead_of_a_larger_file(cast, course, sign_in, page):
    answer = sign_in(cast.manager).get(reverse(page), {"department": cast.payroll.pk})
    assert answer.status_code == 302
    assert f"department={cast.payroll.pk}" in answer.url


def test_people_are_read_through_a_cursor_on_the_server(cast, course, sign_in):
    make_duty(cast.employee, course)
    with CaptureQueriesContext(connection) as queries:
        answer = sign_in(cast.hr).get(reverse("dashboards:people_csv"))
        b"".join(answer.streaming_content)
    assert any("DECLARE" in query["sql"] for query in queries)


def test_nobody_gives_an_empty_table():
    assert department_rows(Tally(), None, Scope(everything=False, departments=[])) == []
