"""Reading a course from an author's folder or from one JSON file."""

import base64
import hashlib
import json

import pytest
import yaml

from courses.document import read_course, to_json
from courses.files import read_folder, read_json, read_source
from quizzes.problems import DocumentError, Problem
from tests.courses.samples import picture_bytes, write, write_folder
from tests.factories import both, course_document


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "course", course_document())


def complaints(read, *arguments) -> str:
    with pytest.raises(DocumentError) as raised:
        read(*arguments)
    return str(raised.value)


def test_a_folder_reads_as_the_document_it_was_written_from(folder):
    assert to_json(read_course(read_folder(folder).document)) == to_json(read_course(course_document()))


def test_a_finding_is_named_by_file_line_and_path(folder):
    path = folder / "lessons" / "rule-2.yaml"
    lines = path.read_text("utf-8").splitlines()
    source = read_folder(folder)
    line = 1 + next(i for i, text in enumerate(lines) if text.startswith("rule:"))
    problem = Problem("lessons[1].rule.de", "extra_forbidden", "unknown field")
    assert source.explain(problem) == f"lessons/rule-2.yaml:{line}: lessons[1].rule.de: unknown field"
    inside = source.explain(Problem("lessons[1].blocks[2].author", "x", "y"))
    line = 1 + next(i for i, text in enumerate(lines) if "author:" in text)
    assert inside.startswith(f"lessons/rule-2.yaml:{line}: ")


def test_every_unreadable_file_is_named_at_once(folder):
    (folder / "lessons" / "rule-1.yaml").write_text("key: rule-1\ntitle: {pl: [\n", "utf-8")
    (folder / "scenarios" / "final.yaml").write_bytes("key: żółć".encode("cp1250"))
    (folder / "scenarios" / "rule-2.yaml").unlink()
    text = complaints(read_folder, folder)
    assert "lessons/rule-1.yaml:3: " in text
    assert "scenarios/final.yaml: not UTF-8" in text
    assert "scenarios/rule-2.yaml: there is no such file" in text


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("- a\n- b\n", "lessons/rule-1.yaml:1: must be a mapping"),
        ("", "lessons/rule-1.yaml:1: must be a mapping"),
        ("key: rule-1\nkey: rule-2\n", "lessons/rule-1.yaml:2: 'key' is given twice"),
        ("a: &a [x]\nb: *a\n", "lessons/rule-1.yaml:2: aliases are not allowed"),
        ("key: !!python/object/apply:os.system [id]\n", "lessons/rule-1.yaml:1: "),
        ("a: " + "[" * 5000, "lessons/rule-1.yaml"),
    ],
)
def test_a_file_that_is_not_plain_yaml_is_refused_with_its_line(folder, content, expected):
    (folder / "lessons" / "rule-1.yaml").write_text(content, "utf-8")
    assert expected in complaints(read_folder, folder)


def test_a_lesson_file_that_the_course_does_not_list_is_an_error(folder):
    write(folder / "lessons" / "spare.yaml", {"key": "spare"})
    assert "lessons/spare.yaml: not named under lessons: in course.yaml" in complaints(read_folder, folder)


def test_a_scenario_file_that_no_lesson_uses_is_found_by_the_schema(folder):
    write(folder / "scenarios" / "spare.yaml", course_document()["scenarios"][0] | {"key": "spare"})
    source = read_folder(folder)
    assert "scenarios[3]: no lesson uses the scenario 'spare'" in complaints(read_course, source.document)


def test_a_lesson_key_cannot_climb_out_of_the_folder(folder):
    frame = yaml.safe_load((folder / "course.yaml").read_text("utf-8"))
    write(folder / "course.yaml", frame | {"lessons": ["../../secret", "rule-1", "rule-2"]})
    (folder.parent / "secret.yaml").write_text("key: secret\n", "utf-8")
    assert "lessons/../../secret.yaml: there is no such file" in complaints(read_folder, folder)


def with_image(folder, media: str):
    path = folder / "lessons" / "rule-1.yaml"
    lesson = yaml.safe_load(path.read_text("utf-8"))
    lesson["blocks"].append({"kind": "image", "media": media, "alt": both("A table")})
    write(path, lesson)


def test_a_picture_is_referenced_by_the_hash_of_its_file(folder):
    content = picture_bytes()
    (folder / "media").mkdir()
    (folder / "media" / "table.png").write_bytes(content)
    with_image(folder, "table.png")
    source = read_folder(folder)
    sha256 = hashlib.sha256(content).hexdigest()
    assert source.document["lessons"][0]["blocks"][-1]["media"] == sha256
    assert source.pictures[sha256].content == content


@pytest.mark.parametrize(
    ("media", "content", "expected"),
    [
        ("gone.png", None, "there is no file 'gone.png' in media/"),
        ("../course.yaml", None, "there is no file '../course.yaml' in media/"),
        ("text.png", b"hello", "the file is not a PNG, JPEG or WebP image"),
    ],
)
def test_a_picture_that_cannot_be_used_is_named_by_its_block(folder, media, content, expected):
    (folder / "media").mkdir()
    if content:
        (folder / "media" / media).write_bytes(content)
    with_image(folder, media)
    assert f"lessons[0].blocks[3].media: {expected}" in complaints(read_folder, folder)


def test_one_json_file_reads_like_the_folder(tmp_path):
    path = tmp_path / "course.json"
    path.write_text(json.dumps(course_document()), "utf-8")
    assert read_source(path).document == course_document()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"{", "not JSON"),
        (b"[1]", "a course is a mapping"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (json.dumps({"media": {"00": "%%%"}}).encode(), "media.00: "),
        (
            json.dumps({"media": {"00": base64.b64encode(picture_bytes()).decode()}}).encode(),
            "media.00: the content has another hash",
        ),
    ],
)
def test_a_json_file_that_is_none_is_refused(content, expected):
    assert expected in complaints(read_json, content)


def test_a_path_that_does_not_exist_is_said_so(tmp_path):
    assert "there is no folder or file 'nothing'" in complaints(read_source, tmp_path / "nothing")
