"""A course as files: the YAML folder an author keeps under version control, and the one composed JSON file.

Reading touches no database. Findings of a folder are named by file and line as well as by document path.
"""

import base64
import binascii
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from courses.pictures import Picture, UnusablePicture, inspect
from quizzes.problems import DocumentError, Problem

MOST_BYTES = 20 * 1024 * 1024
SHA256_LENGTH = 64


@dataclass
class Source:
    """A course read from files: the raw document, its pictures by hash, and where each path was written."""

    document: dict[str, Any]
    pictures: dict[str, Picture] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def explain(self, problem: Problem) -> str:
        """`lessons/rule-1.yaml:12: lessons[0].opening.text.pl: missing`; without the place for a JSON file."""
        path = problem.path
        while path and path not in self.places:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return f"{self.places[path]}: {problem}" if path in self.places else str(problem)


def read_source(path: Path | str) -> Source:
    """A folder or a composed .json file, whichever the path names."""
    path = Path(path)
    if path.is_dir():
        return read_folder(path)
    if path.is_file():
        return read_json(path.read_bytes())
    raise DocumentError([Problem("", "no_file", f"there is no folder or file {path.name!r}")])


def read_json(content: bytes) -> Source:
    """The composed document; pictures are inside it as base64, by hash."""
    if len(content) > MOST_BYTES:
        raise DocumentError([Problem("", "too_large", "the file is larger than 20 MB")])
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DocumentError([Problem("", "not_json", f"not JSON: {error}")]) from error
    if not isinstance(document, dict):
        raise DocumentError([Problem("", "not_mapping", "a course is a mapping")])
    pictures, problems = {}, []
    embedded = document.pop("media", {})
    for sha256, text in embedded.items() if isinstance(embedded, dict) else ():
        try:
            picture = inspect(base64.b64decode(text, validate=True))
        except (UnusablePicture, binascii.Error, TypeError, ValueError) as error:
            problems.append(Problem(f"media.{sha256}", "unusable_picture", str(error)))
            continue
        if picture.sha256 != sha256:
            problems.append(Problem(f"media.{sha256}", "wrong_hash", "the content has another hash"))
        pictures[sha256] = picture
    if problems:
        raise DocumentError(problems)
    return Source(document, pictures)


def read_folder(folder: Path | str) -> Source:
    """course.yaml, lessons/*.yaml, scenarios/*.yaml and media/ as one raw document."""
    reader = _FolderReader(Path(folder))
    source = reader.read()
    if reader.problems:
        raise DocumentError(reader.problems)
    return source


class _FolderReader:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self.source = Source({})

    def read(self) -> Source:
        document = self.part("course.yaml", "")
        keys = document.pop("lessons", [])
        if not isinstance(keys, list):
            self.problems.append(Problem("lessons", "list_type", "must be the list of lesson keys"))
            keys = []
        lessons = [self.part(f"lessons/{key}.yaml", f"lessons[{i}]") for i, key in enumerate(keys)]
        self.unlisted("lessons", [str(key) for key in keys])
        wanted = [lesson.get("scenario") for lesson in lessons] + [document.get("final")]
        files = [key for key in dict.fromkeys(wanted) if isinstance(key, str)]
        files += sorted(path.stem for path in self.folder.glob("scenarios/*.yaml") if path.stem not in files)
        scenarios = [self.part(f"scenarios/{key}.yaml", f"scenarios[{i}]") for i, key in enumerate(files)]
        document |= {"lessons": lessons, "scenarios": scenarios}
        self.read_pictures(lessons)
        self.source.document = document
        return self.source

    def unlisted(self, kind: str, keys: list[str]) -> None:
        for path in sorted(self.folder.glob(f"{kind}/*.yaml")):
            if path.stem not in keys:
                self.problems.append(
                    Problem(f"{kind}/{path.name}", "unlisted", f"not named under {kind}: in course.yaml")
                )

    def part(self, name: str, under: str) -> dict[str, Any]:
        """One file as a mapping; `{}` with a problem where it cannot be read."""
        path = self.folder / name
        if ".." in Path(name).parts or not path.is_file():
            self.problems.append(Problem(name, "no_file", "there is no such file"))
            return {}
        try:
            data, lines = _read_yaml(path)
        except _Unreadable as error:
            self.problems.append(Problem(f"{name}:{error.line}" if error.line else name, "not_yaml", error.message))
            return {}
        for place, line in lines.items():
            joint = "" if not place or not under or place.startswith("[") else "."
            self.source.places[f"{under}{joint}{place}"] = f"{name}:{line}"
        return data

    def read_pictures(self, lessons: list[dict[str, Any]]) -> None:
        """Replace file names in image blocks by the hash of the file in media/."""
        for i, lesson in enumerate(lessons):
            blocks = lesson.get("blocks")
            for j, block in enumerate(blocks if isinstance(blocks, list) else []):
                if isinstance(block, dict) and block.get("kind") == "image" and isinstance(block.get("media"), str):
                    self.read_picture(block, f"lessons[{i}].blocks[{j}].media")

    def read_picture(self, block: dict[str, Any], path: str) -> None:
        name = block["media"]
        file = self.folder / "media" / name
        if Path(name).name != name or not file.is_file():
            if len(name) != SHA256_LENGTH:
                self.problems.append(Problem(path, "no_file", f"there is no file {name!r} in media/"))
            return
        try:
            picture = inspect(file.read_bytes())
        except UnusablePicture as error:
            self.problems.append(Problem(path, "unusable_picture", str(error)))
            return
        block["media"] = picture.sha256
        self.source.pictures[picture.sha256] = picture


class _Unreadable(Exception):
    def __init__(self, message: str, line: int = 0) -> None:
        self.message, self.line = message, line
        super().__init__(message)


def _read_yaml(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """The mapping in a file and the line of every place in it. Aliases are refused: they can make a small file huge."""
    if path.stat().st_size > MOST_BYTES:
        raise _Unreadable("the file is larger than 20 MB")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Unreadable(f"not UTF-8: {error.reason} at byte {error.start}") from error
    lines: dict[str, int] = {}
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise _Unreadable("aliases are not allowed", event.start_mark.line + 1 if event.start_mark else 0)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        _note_lines(node, "", lines)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        message = " ".join(filter(None, (getattr(error, "context", ""), getattr(error, "problem", "")))) or str(error)
        raise _Unreadable(message, mark.line + 1 if mark else 0) from error
    except (RecursionError, ValueError) as error:
        raise _Unreadable(str(error)) from error
    if not isinstance(data, dict):
        raise _Unreadable("must be a mapping", 1)
    return data, lines


def _note_lines(node: yaml.Node | None, path: str, lines: dict[str, int]) -> None:
    if node is None:
        return
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                raise _Unreadable(f"{key.value!r} is given twice", key.start_mark.line + 1)
            seen.add(key.value)
            place = f"{path}.{key.value}" if path else str(key.value)
            lines[place] = key.start_mark.line + 1
            _note_lines(value, place, lines)
    elif isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            _note_lines(item, f"{path}[{i}]", lines)
