"""The map of a scenario."""

from courses.files import read_source
from courses.graph import HEIGHT, draw
from quizzes.document import read_scenario
from tests.factories import both, scenario_document


def small():
    return draw(read_scenario(scenario_document("one")), language="en", selected="well")


def boxes(graph):
    return {box.key: box for box in graph.nodes + graph.endings}


def test_time_flows_down_and_endings_stand_at_the_bottom():
    places = boxes(small())
    assert places["first"].y < places["second"].y < places["well"].y == places["badly"].y


def test_choices_with_the_same_target_share_an_edge_that_names_them():
    assert sorted(edge.label for edge in small().edges) == ["a", "a, b, c", "b"]


def test_the_way_to_the_open_place_is_marked():
    graph = small()
    assert {key for key, box in boxes(graph).items() if box.on} == {"first", "second", "well"}
    assert sum(edge.on for edge in graph.edges) == 2
    assert [key for key, box in boxes(graph).items() if box.selected] == ["well"]


def test_a_conditional_way_is_told_apart():
    document = scenario_document("one")
    document["nodes"][0]["choices"][0]["goto"] = [
        {"when": [{"var": "trust", "op": "<", "value": 1}], "to": "badly"}, {"to": "second"},
    ]  # fmt: skip
    graph = draw(read_scenario(document), language="en")
    conditional = [edge.label for edge in graph.edges if edge.conditional]
    assert conditional == ["a"]


def test_what_the_drawing_shows_is_said_in_words():
    title = boxes(small())["first"].title
    assert title == "first: What do you do? (en) a, b, c → second"


def test_a_loop_and_an_unreachable_node_are_drawn_all_the_same():
    document = scenario_document("one")
    document["nodes"][1]["choices"][0]["goto"] = "first"
    document["nodes"].append(document["nodes"][1] | {"key": "alone", "prompt": both("Alone")})
    assert set(boxes(draw(read_scenario(document), language="en"))) == {"first", "second", "alone", "well", "badly"}


def test_no_two_places_of_a_shipped_scenario_overlap(settings):
    source = read_source(settings.BASE_DIR / "courses" / "shipped" / "five-rules")
    for document in source.document["scenarios"]:
        graph = draw(read_scenario(document), language="pl")
        places = list(boxes(graph).values())
        assert len({(box.x, box.y) for box in places}) == len(places)
        for box in places:
            assert 0 <= box.x <= graph.width - box.width
            assert 0 <= box.y <= graph.height - HEIGHT
            assert not any(
                other is not box and other.y == box.y and abs(other.x - box.x) < box.width for other in places
            )
