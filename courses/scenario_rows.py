"""What the forms of the scenario editor show: the story as a whole, one node, one ending."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from courses.sheets import Button, Input, Row, Sheet, Words
from quizzes.document import BEST_POINTS

OPERATORS = [(operator, operator) for operator in (">=", "<=", ">", "<", "==")]


class Place:
    """The rows of one node or ending, given the whole scenario for its people, gauges and targets."""

    def __init__(self, sheet: Sheet, scenario: dict[str, Any], language: str) -> None:
        self.sheet, self.language = sheet, language
        people = scenario.get("people", [])
        variables = scenario.get("variables", [])
        self.people = [("", "—"), ("you", _("the learner"))] + [(p["key"], p["name"]) for p in people]
        self.gauges = [(v["key"], v.get("label", {}).get(language) or v["key"]) for v in variables]
        self.targets = [(n["key"], n["key"]) for n in scenario.get("nodes", [])]
        self.targets += [(e["key"], _("ending: %(key)s") % {"key": e["key"]}) for e in scenario.get("endings", [])]

    def node_rows(self) -> list[Row]:
        sheet = self.sheet
        rows = [
            Row(
                _("Time"),
                "clock",
                "clock",
                sheet.sides(Words("clock", _("Clock"), optional=True), Words("jump", _("Jump in time"), optional=True)),
                [sheet.select("rule", _("Rule trained here"), [(str(n), str(n)) for n in range(1, 6)])],
            ),
            self.beats(),
            Row(_("Question"), "more", "prompt", sheet.sides(Words("prompt", _("Question"), look="as-lead"))),
        ]
        rows += [self.choice(i) for i in sheet.items("choices")]
        add = Button(_("Add a choice"), "add:choices")
        rows.append(Row(_("More choices"), "plus", "choices", adds=[add], errors=sheet.row_errors("choices")))
        return rows

    def ending_rows(self) -> list[Row]:
        sheet = self.sheet
        outcomes = [("good", _("good")), ("mixed", _("mixed")), ("bad", _("bad"))]
        lines = [
            Row(
                _("Line %(number)d") % {"number": i + 1},
                "list",
                f"story[{i}]",
                sheet.sides(Words(f"story[{i}]", _("Line"), 2)),
                tools=sheet.movable(f"story[{i}]"),
            )
            for i in sheet.items("story")
        ]
        return [
            Row(
                _("Title"),
                "book",
                "title",
                sheet.sides(Words("title", _("Title"), look="as-title")),
                [sheet.select("outcome", _("Outcome"), outcomes)],
            ),
            self.beats(),
            Row(
                _("The story told back"),
                "history",
                "story",
                rows=lines,
                adds=[Button(_("Add a line"), "add:story")],
                errors=sheet.row_errors("story"),
            ),
            Row(
                _("The rule, applied"),
                "quote",
                "lesson",
                sheet.sides(Words("lesson", _("The rule, applied to this ending"), 2)),
            ),
        ]

    def beats(self) -> Row:
        rows = [self.beat(i) for i in self.sheet.items("beats")]
        return Row(
            _("What arrives"), "bell", "beats", rows=rows, adds=[Button(_("Add something that arrives"), "add:beats")]
        )

    def beat(self, i: int) -> Row:
        path, sheet = f"beats[{i}]", self.sheet
        kinds = [
            ("post", _("post")),
            ("comment", _("comment")),
            ("message", _("private message")),
            ("call", _("phone call")),
            ("notice", _("system notice")),
            ("draft", _("the learner's draft")),
        ]
        texts = Words(f"{path}.text", _("Text"), 2), Words(f"{path}.meta", _("Small line"), optional=True)
        return Row(
            str(i + 1),
            "comment",
            path,
            sheet.sides(*texts),
            [sheet.select(f"{path}.kind", _("Kind"), kinds), sheet.select(f"{path}.from", _("From"), self.people)],
            tools=sheet.movable(path),
            rows=self.conditions(path, _("only if")),
            adds=[Button(_("Show it only on a condition"), f"add:{path}.when")],
        )

    def choice(self, i: int) -> Row:
        path, sheet = f"choices[{i}]", self.sheet
        key = sheet.value(f"{path}.key")
        leaves = [
            ("", _("nothing")),
            ("post", _("post")),
            ("comment", _("comment")),
            ("message", _("private message")),
            ("notice", _("system notice")),
        ]
        settings = [
            sheet.input(f"{path}.key", "", kind="hidden"),
            sheet.number(f"{path}.points", _("Points for quality"), 0, BEST_POINTS),
            sheet.number(f"{path}.caution", _("Caution (0 to 3)"), 0, 3),
            *self.effects(path),
        ]
        trace = f"{path}.leaves"
        row = Row(
            _("Choice %(key)s") % {"key": key},
            "branch",
            path,
            sheet.sides(Words(f"{path}.label", _("What the learner does"), look="as-name")),
            settings,
            tools=sheet.movable(path),
            errors=[*sheet.row_errors(path), *sheet.row_errors(f"{path}.goto")],
        )
        row.rows = [
            Row(
                _("Leaves in the thread"),
                "comment",
                trace,
                sheet.sides(Words(f"{trace}.text", _("Text"), 2, optional=True)),
                [sheet.select(f"{trace}.kind", _("Kind"), leaves)],
                errors=sheet.row_errors(trace),
            ),
            *(self.branch(path, j) for j in sheet.items(f"{path}.goto")),
            Row(
                _("Why, shown after the consequence"),
                "info",
                f"{path}.why",
                sheet.sides(Words(f"{path}.why", _("Explanation"), 3)),
            ),
        ]
        row.adds = [Button(_("Lead elsewhere on a condition"), f"add:{path}.goto")]
        return row

    def effects(self, path: str) -> list[Input]:
        return [
            self.sheet.number(f"{path}.effects.{key}", _("Effect: %(gauge)s") % {"gauge": label}, -9, 9, optional=True)
            for key, label in self.gauges
        ]

    def branch(self, path: str, j: int) -> Row:
        place, sheet = f"{path}.goto[{j}]", self.sheet
        conditions = self.conditions(place, _("if"))
        row = Row(
            _("Leads to") if not conditions else _("Leads, on a condition, to"),
            "arrow-right",
            place,
            settings=[sheet.select(f"{place}.to", _("Target"), self.targets)],
            rows=conditions,
        )
        if j < len(sheet.items(f"{path}.goto")) - 1:
            row.tools = sheet.movable(place)
            row.adds = [Button(_("One more condition"), f"add:{place}.when")]
        return row

    def conditions(self, path: str, word: str) -> list[Row]:
        sheet = self.sheet
        return [
            Row(
                word,
                "chevron-right",
                f"{path}.when[{i}]",
                settings=[
                    sheet.select(f"{path}.when[{i}].var", _("Gauge"), self.gauges),
                    sheet.select(f"{path}.when[{i}].op", _("Comparison"), OPERATORS),
                    sheet.number(f"{path}.when[{i}].value", _("Value"), -99, 99),
                ],
                tools=[sheet.removable(f"{path}.when[{i}]")],
            )
            for i in sheet.items(f"{path}.when")
        ]


def story_rows(sheet: Sheet, scenario: dict[str, Any]) -> list[Row]:
    rules = [("", _("none: the final scenario"))] + [(str(n), str(n)) for n in range(1, 6)]
    nodes = [(node["key"], node["key"]) for node in scenario["nodes"]]
    return [
        Row(
            _("Title"),
            "book",
            "title",
            sheet.sides(Words("title", _("Title"), look="as-title")),
            [
                sheet.select("rule", _("Rule"), rules),
                sheet.number("minutes", _("Minutes"), 1, 60),
                sheet.select("start", _("First node"), nodes),
            ],
        ),
        Row(
            _("Premise"), "info", "premise", sheet.sides(Words("premise", _("Who you are, where, what is at hand"), 3))
        ),
        Row(
            _("People"),
            "people",
            "people",
            rows=[_person(sheet, i) for i in sheet.items("people")],
            adds=[Button(_("Add a person"), "add:people")],
        ),
        Row(
            _("Gauges"),
            "chart",
            "variables",
            rows=[_gauge(sheet, i) for i in sheet.items("variables")],
            adds=[Button(_("Add a gauge"), "add:variables")],
        ),
    ]


def _person(sheet: Sheet, i: int) -> Row:
    path = f"people[{i}]"
    settings = [sheet.input(f"{path}.key", _("Key")), sheet.input(f"{path}.name", pgettext("of a person", "Name"))]
    return Row(
        str(i + 1), "user", path, sheet.sides(Words(f"{path}.role", _("Role"))), settings, tools=[sheet.removable(path)]
    )


def _gauge(sheet: Sheet, i: int) -> Row:
    path = f"variables[{i}]"
    ends = [("low", _("the low end is good")), ("high", _("the high end is good"))]
    settings = [
        sheet.input(f"{path}.key", _("Key")),
        sheet.number(f"{path}.start", _("Value at the start"), -99, 99),
        sheet.number(f"{path}.min", _("Lowest"), -99, 99),
        sheet.number(f"{path}.max", _("Highest"), -99, 99),
        sheet.select(f"{path}.better", _("Good end"), ends),
    ]
    levels = [
        Row(
            _("Word"),
            "chevron-right",
            f"{path}.levels[{j}]",
            sheet.sides(Words(f"{path}.levels[{j}].text", _("Word"))),
            [sheet.number(f"{path}.levels[{j}].upto", _("Up to"), -99, 99)],
            tools=[sheet.removable(f"{path}.levels[{j}]")],
        )
        for j in sheet.items(f"{path}.levels")
    ]
    return Row(
        sheet.value(f"{path}.key") or _("New gauge"),
        "chart",
        path,
        sheet.sides(Words(f"{path}.label", _("Name"))),
        settings,
        tools=[sheet.removable(path)],
        rows=levels,
        adds=[Button(_("Add a word"), f"add:{path}.levels")],
        errors=sheet.row_errors(path),
    )
