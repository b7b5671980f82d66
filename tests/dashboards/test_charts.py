"""Geometry of the drawings."""

import datetime as dt
from itertools import pairwise

from dashboards.charts import PLOT_BOTTOM, PLOT_TOP, bar_parts, completions_chart, cumulate
from dashboards.figures import Figures

MAY = dt.date(2026, 5, 1)
LABELS = dict.fromkeys(("completed", "in_progress", "not_started", "overdue", "expired", "away"), "x")


def day(number: int) -> dt.date:
    return MAY + dt.timedelta(days=number)


def test_points_are_running_sums_by_the_end_of_each_day():
    points = cumulate({day(1): 2, day(3): 1}, {day(2): 5}, start=day(0), end=day(3))
    assert [(point.completed, point.due) for point in points] == [(0, 0), (2, 0), (2, 5), (3, 5)]


def test_many_days_become_weeks_that_end_today():
    points = cumulate({day(1): 2, day(100): 1}, {}, start=day(0), end=day(100))
    assert len(points) < 20
    assert (points[0].day, points[-1].day, points[-1].completed) == (day(0), day(100), 3)
    assert {(b.day - a.day).days for a, b in pairwise(points[1:])} == {7}


def test_line_starts_at_the_bottom_and_ends_at_the_top_when_everybody_is_done():
    chart = completions_chart({day(2): 4}, {day(2): 4}, start=day(0), today=day(2), assigned=4)
    assert chart.line.startswith(f"M44 {PLOT_BOTTOM} ")
    assert chart.line.endswith(f"V{PLOT_TOP}")
    assert chart.last == ("628", str(PLOT_TOP))


def test_axis_reaches_the_due_date_to_come_but_the_line_stops_today():
    chart = completions_chart({day(1): 1}, {day(10): 4}, start=day(0), today=day(5), assigned=4)
    assert chart.last[0] == "336"
    assert [(mark.x, mark.number, mark.flip) for mark in chart.dues] == [("628", 4, True)]
    assert chart.x_ticks[-1][1] == day(10)
    assert "V12" in chart.plan


def test_only_the_largest_due_dates_are_marked_in_order_of_time():
    due = {day(1): 9, day(2): 1, day(3): 8, day(4): 7}
    chart = completions_chart({}, due, start=day(0), today=day(5), assigned=25)
    assert [mark.day for mark in chart.dues] == [day(1), day(3), day(4)]


def test_first_day_alone_can_be_drawn():
    chart = completions_chart({day(0): 1}, {}, start=day(0), today=day(0), assigned=1)
    assert chart.rows[-1].completed == 1


def test_parts_of_a_bar_fill_it_without_gaps():
    parts = bar_parts(Figures(completed=1, overdue=1, not_started=1, waived=1, on_leave=4, left=9), LABELS)
    drawn = [(part.status, part.x, part.width) for part in parts if part.width]
    assert drawn == [
        ("completed", "", "12.5"), ("not_started", "12.5", "12.5"),
        ("overdue", "25", "12.5"), ("on_leave", "37.5", "62.5"),
    ]  # fmt: skip
