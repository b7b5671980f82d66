"""The judge of `make chaos` sees every way in which a mail can go wrong."""

from collections import Counter

import pytest

from chaos.counting import Row, copies_by_address, count, outcome_of, stories


@pytest.mark.parametrize(
    ("states", "copies", "outcome"),
    [
        (["sent"], 1, "sent_once"),
        (["sent"], 2, "sent_twice"),
        (["unknown"], 2, "sent_twice"),
        (["failed"], 3, "sent_twice"),
        (["pending"], 2, "sent_twice"),
        ([], 2, "sent_twice"),
        (["sent"], 0, "silently_lost"),
        (["pending"], 0, "silently_lost"),
        (["claimed"], 0, "silently_lost"),
        (["committing"], 0, "silently_lost"),
        (["cancelled"], 0, "silently_lost"),
        (["superseded"], 0, "silently_lost"),
        ([], 0, "silently_lost"),
        (["unknown"], 0, "unknown_shown"),
        (["unknown"], 1, "unknown_shown"),
        (["failed"], 0, "refused_shown"),
        (["failed"], 1, ""),
        (["pending"], 1, ""),
        (["committing"], 1, ""),
        (["cancelled"], 1, ""),
        ([], 1, ""),
        (["sent", "pending"], 1, ""),
        (["sent", "failed"], 1, ""),
    ],
)
def test_each_state_with_each_number_of_copies_counts_as_what_it_is(states, copies, outcome):
    assert outcome_of(states, copies) == outcome
    counted = count({"a@b": [Row(state, "<m>") for state in states]}, {"a@b": copies} if copies else {})
    assert counted.holds == (outcome in ("sent_once", "unknown_shown", "refused_shown"))
    assert counted.owed == 1


def test_a_mail_to_somebody_who_is_owed_none_is_wrong():
    assert not count({"a@b": [Row("sent", "<m>")]}, {"a@b": 1, "c@d": 1}).holds


def test_the_figures_add_up():
    ledger = {f"{n}@b": [Row(state, f"<{n}>")] for n, state in enumerate(["sent", "sent", "failed", "unknown", "sent"])}
    counted = count(ledger, {"0@b": 1, "1@b": 2, "3@b": 1})
    figures = (
        counted.sent_once,
        counted.sent_twice,
        counted.refused_shown,
        counted.unknown_shown,
        counted.silently_lost,
    )
    assert figures == (1, 1, 1, 1, 1)
    assert counted.wrong == ["1@b", "4@b"]


def test_the_log_of_the_mail_server_is_counted_by_address(tmp_path):
    log = tmp_path / "accepted.log"
    log.write_text("<1> a@b\n<2> c@d\n<1> a@b\n")
    assert copies_by_address(log) == Counter({"a@b": 2, "c@d": 1})
    [story] = stories(log, ["a@b"], {"a@b": [Row("sent", "<1>")]})
    assert story.count("<1> a@b") == 2
    assert "sent" in story
