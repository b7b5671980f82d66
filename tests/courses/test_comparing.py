"""Differences between documents, texts that fell behind, and typed data."""

import pytest

from courses.comparing import Difference, behind, differences
from courses.typed import BadField, act, find, nest
from tests.factories import both, course_document


def found(old, new):
    return [(d.path, d.old, d.new) for d in differences(old, new)]


def test_equal_documents_do_not_differ():
    assert found(course_document(), course_document()) == []


def test_a_changed_text_is_one_difference_at_its_place():
    new = course_document()
    new["lessons"][1]["rule"]["pl"] = "Inna"
    assert found(course_document(), new) == [("lessons[rule-2].rule.pl", "The rule in one sentence (pl)", "Inna")]


def test_items_with_keys_are_matched_by_them_wherever_they_move():
    new = course_document()
    new["lessons"].reverse()
    assert found(course_document(), new) == []


def test_an_inserted_block_does_not_make_the_later_ones_differ():
    new = course_document()
    new["lessons"][0]["blocks"].insert(0, {"kind": "text", "markdown": {"pl": "A", "en": "B"}})
    assert found(course_document(), new) == [
        ("lessons[rule-1].blocks[0].kind", None, "text"),
        ("lessons[rule-1].blocks[0].markdown.pl", None, "A"),
        ("lessons[rule-1].blocks[0].markdown.en", None, "B"),
    ]


def test_what_is_gone_is_shown_leaf_by_leaf():
    new = course_document()
    del new["lessons"][0]["opening"]["options"][1]
    paths = [path for path, _old, new_text in found(course_document(), new) if new_text is None]
    assert paths == [
        f"lessons[rule-1].opening.options[1].{part}" for part in ("text.pl", "text.en", "reply.pl", "reply.en")
    ]


def test_absent_and_empty_are_the_same():
    assert found({"a": ""}, {}) == []
    assert found({"a": None}, {"a": ""}) == []


def test_the_words_of_a_difference_are_told_apart():
    difference = Difference("x", "the old rule", "the new rule")
    assert difference.segments == [("same", "the "), ("gone", "old"), ("new", "new"), ("same", " rule")]


def test_very_long_texts_are_shown_whole_instead_of_compared():
    difference = Difference("x", "a " * 4000, "b " * 4000)
    assert [kind for kind, _text in difference.segments] == ["gone", "new"]


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        (both("A"), {}),
        ({"pl": "nowe", "en": "A (en)"}, {"t": "en"}),
        ({"pl": "A (pl)", "en": "new"}, {"t": "pl"}),
        ({"pl": "nowe", "en": "new"}, {}),
        ({"pl": "A (pl)", "en": ""}, {}),
    ],
)
def test_a_language_falls_behind_when_only_the_other_was_changed(draft, expected):
    assert behind({"t": both("A")}, {"t": draft}) == expected


def test_a_text_that_only_moved_did_not_fall_behind():
    assert behind({"blocks": [both("A"), both("B")]}, {"blocks": [both("new"), both("B"), both("A")]}) == {}


def test_fields_by_path_become_nested_data_in_the_order_of_their_indices():
    fields = [("b[10].t.pl", "z"), ("b[2].t.pl", "a\r\nb"), ("n", "1")]
    assert nest(fields) == {"b": [{"t": {"pl": "a\nb"}}, {"t": {"pl": "z"}}], "n": "1"}


def test_an_index_of_a_thousand_is_no_field_of_ours():
    with pytest.raises(BadField):
        nest([("b[1000].t", "x")])


def test_a_list_does_not_grow_for_ever():
    data = {"b": ["x"] * 60}
    with pytest.raises(BadField):
        act(data, "add:b", lambda path, kind: "y")


def test_what_is_not_there_is_found_as_nothing():
    data = {"a": [{"b": "x"}]}
    assert find(data, "a[0].b") == "x"
    assert find(data, "a[3].b") is None
    assert find(data, "a.b") is None
