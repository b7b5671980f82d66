"""A finding about a course document: where it is, how bad it is, and what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import ValidationError

Severity = Literal["error", "warning"]


@dataclass(frozen=True, order=True)
class Problem:
    """`path` names the place as in `lessons[2].blocks[4].alt.pl`; errors forbid publishing, warnings do not."""

    path: str
    code: str
    message: str
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.path or '(document)'}: {self.message}"

    def under(self, prefix: str) -> "Problem":
        """The same finding seen from a document that contains this one."""
        joint = "" if not self.path or self.path.startswith("[") else "."
        return Problem(f"{prefix}{joint}{self.path}", self.code, self.message, self.severity)


class DocumentError(Exception):
    """The document cannot be read as what it should be; `problems` names every place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def path_of(location: Iterable[str | int]) -> str:
    """A pydantic location as people write it: `lessons[2].blocks[4].alt`."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def schema_problems(error: ValidationError, tagged_list: str = "") -> list[Problem]:
    """The findings of a failed validation. Items of `tagged_list` are a tagged union, and pydantic puts the tag into
    the location right after the index, where no author would look for it."""
    problems = []
    found = error.errors(include_url=False)
    for item in found:
        place = item["loc"]
        if item["type"] == "too_short" and any(_inside(other["loc"], place) for other in found):
            continue
        location = [
            part
            for i, part in enumerate(place)
            if not (i >= 2 and place[i - 2] == tagged_list and isinstance(place[i - 1], int))
        ]
        message = "missing" if item["type"] == "missing" else item["msg"]
        if item["type"] == "extra_forbidden":
            message = "unknown field; remove it or correct its name"
        problems.append(Problem(path_of(location), item["type"], message))
    return problems


def _inside(location: tuple[str | int, ...], place: tuple[str | int, ...]) -> bool:
    return len(location) > len(place) and location[: len(place)] == place
