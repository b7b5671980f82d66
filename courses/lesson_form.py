"""The lesson editor and the form of the whole course: what they show, and what a posted form means."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from courses.sheets import Button, Row, Sheet, Words
from courses.typed import BadField, find, nest

EMPTY = {"pl": "", "en": ""}
TONES = ("case", "do", "careful", "contact")


def read_lesson_form(fields: Iterable[tuple[str, str]], stored: dict[str, Any]) -> dict[str, Any]:
    """The lesson as typed; its key and scenario are not the form's to change."""
    typed = nest(fields)
    return typed | {"key": stored["key"], "scenario": stored["scenario"]}


def read_frame_form(fields: Iterable[tuple[str, str]], stored: dict[str, Any]) -> dict[str, Any]:
    typed = nest(fields)
    if not str(typed.get("validity_months", "")).strip():
        typed.pop("validity_months", None)
    return typed | {name: stored[name] for name in ("format", "key", "final") if name in stored}


def blank_lesson_item(path: str, kind: str) -> dict[str, Any]:
    """A new block or a new option of the opening."""
    if path == "opening.options":
        return {"text": dict(EMPTY), "reply": dict(EMPTY)}
    blanks: dict[str, dict[str, Any]] = {
        "text": {"markdown": dict(EMPTY)},
        "callout": {"tone": "do", "title": dict(EMPTY), "markdown": dict(EMPTY)},
        "post": {"author": "", "role": dict(EMPTY), "text": dict(EMPTY), "meta": dict(EMPTY)},
        "image": {"media": "", "alt": dict(EMPTY), "caption": dict(EMPTY)},
    }
    if path != "blocks" or kind not in blanks:
        raise BadField(f"{path}:{kind}")
    return {"kind": kind} | blanks[kind]


def blank_lesson(key: str, title: dict[str, str]) -> dict[str, Any]:
    options = [blank_lesson_item("opening.options", "") for _i in range(2)]
    return {"key": key, "title": title, "scenario": key, "opening": {"text": dict(EMPTY), "options": options}}


def lesson_rows(sheet: Sheet) -> list[Row]:
    rows = [
        Row(
            _("Title"),
            "book",
            "title",
            sheet.sides(Words("title", _("Name of the rule"), look="as-title")),
            [sheet.number("minutes", _("Minutes"), 1, 60)],
        ),
        Row(
            _("Opening decision"),
            "branch",
            "opening",
            sheet.sides(Words("opening.text", _("Situation, ending with a question"), 3, "as-lead")),
            rows=[_option(sheet, i) for i in sheet.items("opening.options")],
            adds=[Button(_("Add an option"), "add:opening.options")],
            errors=sheet.row_errors("opening.options"),
        ),
        Row(_("The rule"), "quote", "rule", sheet.sides(Words("rule", _("The rule in one sentence"), 2, "as-rule"))),
    ]
    rows += [_block(sheet, i) for i in sheet.items("blocks")]
    last = Words("key_line", _("One line to keep"), 2, "as-lead")
    rows.append(Row(_("Key line"), "key", "key_line", sheet.sides(last)))
    return rows


def _option(sheet: Sheet, i: int) -> Row:
    path = f"opening.options[{i}]"
    texts = Words(f"{path}.text", _("Option")), Words(f"{path}.reply", _("Reply after choosing it"), 2)
    return Row(
        _("Option %(number)d") % {"number": i + 1},
        "chevron-right",
        path,
        sheet.sides(*texts),
        tools=sheet.movable(path),
    )


def _block(sheet: Sheet, i: int) -> Row:
    path = f"blocks[{i}]"
    kind = sheet.value(f"{path}.kind")
    hidden = sheet.input(f"{path}.kind", "", kind="hidden")
    body = Words(f"{path}.markdown", _("Text in Markdown"), 4, markdown=True)
    row = Row("", "list", path, settings=[hidden], tools=sheet.movable(path), errors=sheet.row_errors(path))
    if kind == "callout":
        row.kind, row.icon = _("Call-out"), "info"
        row.settings.append(sheet.select(f"{path}.tone", _("Kind"), tones()))
        row.sides = sheet.sides(Words(f"{path}.title", _("Title"), look="as-name"), body)
    elif kind == "post":
        row.kind, row.icon = _("Simulated post"), "comment"
        row.settings.append(sheet.input(f"{path}.author", _("Author")))
        row.sides = sheet.sides(
            Words(f"{path}.role", _("Role of the author"), optional=True),
            Words(f"{path}.text", _("Post"), 3),
            Words(f"{path}.meta", _("Small line, such as reactions"), optional=True),
        )
    elif kind == "image":
        row.kind, row.icon = _("Picture"), "image"
        row.picture = sheet.value(f"{path}.media")
        row.settings.append(sheet.input(f"{path}.media", "", kind="hidden"))
        row.settings.append(sheet.input(f"{path}.upload", _("Upload PNG, JPEG or WebP, at most 5 MB"), kind="file"))
        row.errors = [*row.errors, *sheet.errors.get(f"{path}.media", [])]
        row.sides = sheet.sides(
            Words(f"{path}.alt", _("What the picture shows, for those who do not see it"), 2),
            Words(f"{path}.caption", _("Caption"), optional=True),
        )
    else:
        row.kind, row.sides = _("Text"), sheet.sides(body)
    return row


def tones() -> list[tuple[str, str]]:
    labels = _("the concrete case"), _("what you may do instead"), _("be careful"), _("whom to ask")
    return list(zip(TONES, labels, strict=True))


def block_buttons() -> list[Button]:
    labels = {"text": _("Text"), "callout": _("Call-out"), "post": _("Post"), "image": _("Picture")}
    return [Button(label, f"add:blocks:{kind}") for kind, label in labels.items()]


def frame_rows(sheet: Sheet) -> list[Row]:
    return [
        Row(_("Title"), "book", "title", sheet.sides(Words("title", _("Title"), look="as-title"))),
        Row(_("Summary"), "list", "summary", sheet.sides(Words("summary", _("Summary, shown on “My training”"), 3))),
        Row(_("About"), "info", "about", sheet.sides(Words("about", _("About the course"), 6, markdown=True))),
        Row(
            _("Acknowledgement"),
            "pencil",
            "acknowledgement",
            sheet.sides(Words("acknowledgement", _("The text that a person signs"), 4)),
            note=_("Learners see and sign the text of the revision they are on."),
        ),
        Row(
            _("Rules of passing"),
            "settings",
            "pass_mark",
            settings=[
                sheet.number("pass_mark", _("Pass mark in per cent"), 1, 100),
                sheet.number("validity_months", _("Valid for months (empty: for ever)"), 1, 120, optional=True),
            ],
        ),
    ]


def image_paths(typed: dict[str, Any]) -> list[str]:
    """The image blocks of a typed lesson."""
    blocks = find(typed, "blocks")
    return [
        f"blocks[{i}]"
        for i, block in enumerate(blocks if isinstance(blocks, list) else [])
        if isinstance(block, dict) and block.get("kind") == "image"
    ]
