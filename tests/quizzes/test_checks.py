"""Each check finds its fault and names the place."""

import pytest

from quizzes import checks
from quizzes.document import read_scenario
from quizzes.problems import DocumentError
from tests.factories import scenario_document


def findings(document, pass_mark=80):
    return {(problem.path, problem.code) for problem in checks.check(read_scenario(document), pass_mark)}


@pytest.fixture
def document():
    return scenario_document("one")


def test_a_sound_scenario_has_no_findings(document):
    assert findings(document) == {("nodes", "no_recovery")}


def test_a_node_that_only_an_impossible_condition_leads_to_is_unreachable(document):
    document["nodes"].append({**document["nodes"][1], "key": "third"})
    document["nodes"][0]["choices"][0]["goto"] = [
        {"when": [{"var": "trust", "op": ">", "value": 5}], "to": "third"},
        {"to": "second"},
    ]
    assert ("nodes[2]", "unreachable") in findings(document)


def test_a_path_back_to_itself_is_a_dead_end(document):
    document["nodes"][1]["choices"][1]["goto"] = "first"
    assert ("nodes[0]", "dead_end") in findings(document)


def test_a_scenario_that_nobody_can_pass_is_found(document):
    document["nodes"][1]["choices"][0]["points"] = 3
    assert ("nodes", "no_passing_path") in findings(document)


def test_passing_by_caution_alone_is_found(document):
    for choice in document["nodes"][0]["choices"]:
        choice["caution"] = {"a": 3, "b": 0, "c": 1}[choice["key"]]
    document["nodes"][1]["choices"][0]["caution"] = 3
    assert ("nodes", "caution_passes") in findings(document)


def test_a_missing_translation_is_named_by_its_path(document):
    document["nodes"][1]["beats"][0]["text"]["pl"] = ""
    assert ("nodes[1].beats[0].text.pl", "missing_translation") in findings(document)


def test_a_text_that_may_be_absent_may_not_be_half_there(document):
    document["nodes"][0]["clock"] = {"pl": "", "en": "16:40"}
    assert ("nodes[0].clock.pl", "missing_translation") in findings(document)


def test_a_reference_to_nothing_is_refused_at_reading(document):
    document["nodes"][0]["choices"][1]["goto"] = "nowhere"
    with pytest.raises(DocumentError) as error:
        read_scenario(document)
    assert [problem.path for problem in error.value.problems] == ["nodes[0].choices[1].goto[0].to"]


def test_an_unknown_field_is_named(document):
    document["nodes"][0]["colour"] = "red"
    with pytest.raises(DocumentError, match=r"nodes\[0\].colour: unknown field"):
        read_scenario(document)
