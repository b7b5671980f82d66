import json

import pytest

from bench.report import Figure, percentile, table, write


@pytest.mark.parametrize(
    ("ratio", "bound", "ok"),
    [(0.6, ">= 0.6", True), (0.59, ">= 0.6", False), (1.5, "<= 1.5", True), (1.51, "<= 1.5", False), (0.1, "", True)],
)
def test_a_figure_is_ok_when_its_ratio_keeps_the_bound(ratio, bound, ok):
    assert Figure("lesson page", 12, "1/s", 20, ratio, bound).ok is ok


def test_the_percentile_is_the_value_below_which_that_share_lies():
    assert [percentile(range(1, 101), share) for share in (50, 95, 100)] == [50, 95, 100]
    assert percentile([7], 95) == 7


def test_the_file_is_a_list_of_figures_with_their_bounds(tmp_path):
    write([Figure("lesson", 300.0, "1/s", 500.0, 0.6, ">= 0.6")], tmp_path / "var" / "bench.json")
    assert json.loads((tmp_path / "var" / "bench.json").read_text()) == [
        {
            "name": "lesson",
            "value": 300.0,
            "unit": "1/s",
            "baseline": 500.0,
            "ratio": 0.6,
            "bound": ">= 0.6",
            "ok": True,
        }
    ]


def test_the_table_names_what_misses_its_bound():
    shown = table(
        [Figure("a", 1, "1/s", 2, 0.5, ">= 0.6"), Figure("b", 1, "1/s", 2, 0.7, ">= 0.6"), Figure("c", 1, "ms")]
    )
    assert [line.split()[-1] for line in shown.splitlines()[1:]] == ["MISSED", "ok", "ms"]
