"""What the checks of a whole course find."""

import copy

import pytest

from courses.checks import check_course, errors
from tests.factories import both, course_document

CAUSES = [
    ("title.en", "missing_translation", lambda d: d["title"].update(en=" ")),
    ("summary.pl", "missing_translation", lambda d: d.pop("summary")),
    ("about.pl", "missing_translation", lambda d: d["about"].update(pl="")),
    ("acknowledgement.en", "missing_translation", lambda d: d["acknowledgement"].update(en="")),
    ("lessons[0].rule.pl", "missing_translation", lambda d: d["lessons"][0].pop("rule")),
    ("lessons[1].key_line.en", "missing_translation", lambda d: d["lessons"][1].pop("key_line")),
    ("lessons[1].opening.text.en", "missing_translation", lambda d: d["lessons"][1]["opening"]["text"].update(en="")),
    ("lessons[0].opening.options[1].reply.pl", "missing_translation",
     lambda d: d["lessons"][0]["opening"]["options"][1]["reply"].update(pl="")),
    ("lessons[0].blocks[0].markdown.en", "missing_translation",
     lambda d: d["lessons"][0]["blocks"][0]["markdown"].update(en="")),
    ("lessons[0].blocks[1].title.pl", "missing_translation", lambda d: d["lessons"][0]["blocks"][1].pop("title")),
    ("lessons[0].blocks[2].author", "missing", lambda d: d["lessons"][0]["blocks"][2].update(author=" ")),
    ("lessons[0].blocks[2].meta.en", "missing_translation",
     lambda d: d["lessons"][0]["blocks"][2].update(meta={"pl": "3 reakcje"})),
    ("lessons[0].blocks[3].alt.en", "missing_translation",
     lambda d: d["lessons"][0]["blocks"].append({"kind": "image", "media": "a" * 64, "alt": {"pl": "Stół"}})),
    ("lessons[0].blocks[3].media", "unknown_picture",
     lambda d: d["lessons"][0]["blocks"].append({"kind": "image", "media": "a" * 64, "alt": both("Table")})),
    ("lessons[0].blocks[3].media", "missing",
     lambda d: d["lessons"][0]["blocks"].append({"kind": "image", "alt": both("Table")})),
    ("scenarios[1].nodes[0].prompt.pl", "missing_translation",
     lambda d: d["scenarios"][1]["nodes"][0]["prompt"].update(pl="")),
    ("scenarios[2].nodes", "caution_passes",
     lambda d: [choice.update(points=10) for node in d["scenarios"][2]["nodes"] for choice in node["choices"]]),
    ("lessons[0].minutes", "greater_than_equal", lambda d: d["lessons"][0].update(minutes=0)),
]  # fmt: skip


def test_the_small_course_has_no_error(db):
    assert errors(check_course(course_document())) == []


@pytest.mark.parametrize(("path", "code", "cause"), CAUSES, ids=[f"{i}-{cause[0]}" for i, cause in enumerate(CAUSES)])
def test_a_fault_is_found_at_its_place(db, path, code, cause):
    document = copy.deepcopy(course_document())
    cause(document)
    assert (path, code) in [(problem.path, problem.code) for problem in errors(check_course(document))]


@pytest.mark.parametrize(
    ("path", "code", "cause"),
    [
        ("lessons[0].blocks", "empty", lambda d: d["lessons"][0].update(blocks=[])),
        ("lessons[0].blocks[0].markdown.pl", "large_heading",
         lambda d: d["lessons"][0]["blocks"][0]["markdown"].update(pl="# Za duży")),
    ],
)  # fmt: skip
def test_a_doubt_is_a_warning_and_no_error(db, path, code, cause):
    document = copy.deepcopy(course_document())
    cause(document)
    found = check_course(document)
    assert (path, code, "warning") in [(problem.path, problem.code, problem.severity) for problem in found]
    assert errors(found) == []


def test_pictures_are_looked_up_in_one_query_however_many_there_are(db, django_assert_num_queries):
    for number in (1, 12):
        document = course_document()
        image = {"kind": "image", "media": "a" * 64, "alt": both("Table")}
        document["lessons"][0]["blocks"] += [image] * number
        with django_assert_num_queries(1):
            check_course(document)


def test_without_pictures_nothing_is_looked_up(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        check_course(course_document())
