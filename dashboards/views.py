"""Pages of HR and managers about who has completed what. Both see the same pages; the scope decides what is on them."""

import datetime as dt
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language

from accounts.access import PersonRequest, for_roles
from accounts.models import Role
from courses.models import Course
from dashboards import overview as page
from dashboards.export import csv_response, department_cells, department_head, people_cells, people_head
from dashboards.selection import Selection, SelectionForm
from dashboards.selectors import Scope, courses_on_show, people, person_line, scope_of, tally
from training.words import day_in_words

PAGE_SIZE = 50
CHUNK = 1000


class Question:
    """What a request asks for: its course, its filters and the scope of who asks."""

    def __init__(self, request: PersonRequest) -> None:
        self.today: dt.date = timezone.localdate()
        self.scope: Scope = scope_of(request.user)
        self.courses = courses_on_show(get_language() or "pl")
        self.form = SelectionForm(
            request.GET, courses=self.courses, departments=self.scope.departments, everything=self.scope.everything
        )
        self.valid = self.form.is_valid()

    @property
    def selection(self) -> Selection:
        return self.form.selection()

    @property
    def course(self) -> Course:
        return next(course for course, _title in self.courses if course.key == self.selection.course)

    @property
    def context(self) -> dict[str, Any]:
        tabs = [
            {"title": title, "url": f"?course={course.key}", "current": course == self.course}
            for course, title in self.courses
        ]
        return {
            "form": self.form,
            "courses": tabs,
            "course_title": next(tab["title"] for tab in tabs if tab["current"]),
            "as_of": day_in_words(self.today),
            "full": self.scope.everything,
            "overview_url": f"{reverse('dashboards:overview')}?course={self.course.key}",
        }


@for_roles(Role.HR, Role.MANAGER)
def overview(request: PersonRequest) -> HttpResponse:
    asked = Question(request)
    if not asked.courses:
        return render(request, "dashboards/overview.html", {"courses": []})
    found = tally(asked.course, asked.scope, asked.today)
    figures = found.figures
    few = page.too_few_for_days(figures, asked.scope)
    context = asked.context | {
        "figures": figures,
        "formula": page.formula(figures, asked.course, asked.scope),
        "headline": page.headline(figures, asked.course),
        "columns": page.COLUMNS,
        "lines": page.department_rows(found, asked.course, asked.scope),
        "key": page.bar_key(),
        "chart": None if few else page.progress(found, asked.today),
        "few": few,
        "decisions": page.decisions(figures, asked.course, asked.scope, asked.today),
        "export_url": f"{reverse('dashboards:departments_csv')}?{asked.selection.query()}",
    }
    return render(request, "dashboards/overview.html", context)


@for_roles(Role.HR, Role.MANAGER)
def people_list(request: PersonRequest) -> HttpResponse:
    asked = Question(request)
    if not asked.courses:
        return render(request, "dashboards/people.html", {"courses": []})
    rows = people(asked.selection, asked.course, asked.scope, asked.today)
    shown = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = asked.context | {
        "page_obj": shown,
        "lines": [person_line(row) for row in shown],
        "heading": asked.selection.sentence(asked.scope.departments),
        "export_url": f"{reverse('dashboards:people_csv')}?{asked.selection.query()}",
        "query": f"&{asked.selection.query()}",
    }
    return render(request, "dashboards/people.html", context)


@for_roles(Role.HR, Role.MANAGER)
def people_csv(request: PersonRequest) -> HttpResponseBase:
    asked = Question(request)
    if not asked.courses or not asked.valid:
        return _to_the_page("dashboards:people", request)
    rows = people(asked.selection, asked.course, asked.scope, asked.today).iterator(chunk_size=CHUNK)
    everything = asked.scope.everything
    cells = people_cells((person_line(row) for row in rows), everything)
    return csv_response(f"{asked.course.key}-people-{asked.today}", people_head(everything), cells)


@for_roles(Role.HR, Role.MANAGER)
def departments_csv(request: PersonRequest) -> HttpResponseBase:
    asked = Question(request)
    if not asked.courses or not asked.valid:
        return _to_the_page("dashboards:overview", request)
    rows = page.department_rows(tally(asked.course, asked.scope, asked.today), asked.course, asked.scope)
    return csv_response(f"{asked.course.key}-departments-{asked.today}", department_head(), department_cells(rows))


def _to_the_page(url_name: str, request: PersonRequest) -> HttpResponse:
    """A file never holds more than was asked for: with a filter that is not valid the page explains it instead."""
    return redirect(f"{reverse(url_name)}?{request.GET.urlencode()}")
