"""What the documents say is what the program does: variables, commands, targets, links, addresses, and the examples."""

import ast
import datetime as dt
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.core.management import get_commands
from django.urls import URLPattern, URLResolver, get_resolver

import pytest

from reminders.models import Reason, Reminder, State
from reminders.planning import plan
from tests.access_table import ROWS
from tests.cast import ACTORS
from tests.training.walking import open_cycle

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
PACKAGES = ("accounts", "config", "courses", "dashboards", "quizzes", "reminders", "training")
SIGNS = {200: "yes", 302: "→", 404: "–"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# Environment variables


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call that reads a variable: its name and the call."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
            continue
        holder, first = ast.unparse(node.func.value), node.args[0]
        reads = holder == "env" or (
            holder in ("os.environ", "given", "self.given") and node.func.attr in ("get", "setdefault")
        )
        if reads and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value, node


def sources() -> Iterator[Path]:
    yield ROOT / "manage.py"
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def variables_read() -> set[str]:
    in_make = re.findall(r"^(\w+) \?=", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return {name for path in sources() for name, _call in calls(path)} | set(in_make)


def documented() -> dict[str, list[str]]:
    """The cells after the name of each row of the tables of variables."""
    rows = re.findall(r"^\| `([A-Z_]+)` \|(.*)\|$", OPERATIONS, re.MULTILINE)
    names = [name for name, _rest in rows]
    assert len(names) == len(set(names)), "a variable is documented twice"
    return {name: [cell.strip() for cell in rest.rsplit("|", 2)] for name, rest in rows}


def test_every_variable_that_is_read_is_in_the_tables_and_no_other():
    assert set(documented()) == variables_read()


def test_the_tables_tell_which_variables_production_requires():
    def required(call: ast.Call) -> bool:
        default = next((word.value for word in call.keywords if word.arg == "default"), None)
        return default is None or ast.unparse(default).startswith("None if PRODUCTION")

    in_code = {name for name, call in calls(ROOT / "config" / "settings.py") if required(call)}
    assert {name for name, cells in documented().items() if cells[2] == "yes"} == in_code


def test_the_tables_tell_plain_defaults():
    wrong = []
    for name, call in calls(ROOT / "config" / "settings.py"):
        for word in call.keywords:
            plain = isinstance(word.value, ast.Constant) and word.value.value not in ("", None)
            if word.arg == "default" and plain and f"`{ast.literal_eval(word.value)}`" not in documented()[name][1]:
                wrong.append(name)
    assert wrong == []


def in_production(*command: str, **given: str) -> subprocess.CompletedProcess[str]:
    """Runs a Python command with these variables and none of the documented ones besides."""
    unsafe = {*documented(), "DJANGO_ALLOW_ASYNC_UNSAFE"}
    clean = {name: value for name, value in os.environ.items() if name not in unsafe}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=clean | given, capture_output=True, text=True, check=False
    )


def example_environment() -> dict[str, str]:
    block = re.search(r"```ini\n\s+SECRET_KEY=.*?```", OPERATIONS, re.DOTALL)
    assert block is not None
    return dict(re.findall(r'^\s*(\w+)="(.*)"$', block[0], re.MULTILINE)) | {"SECRET_KEY": "0123456789" * 6}


def test_the_example_environment_is_all_that_production_asks_for():
    done = in_production("manage.py", "check", "--deploy", "--fail-level", "WARNING", **example_environment())
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", sorted(name for name, cells in documented().items() if cells[2] == "yes"))
def test_without_a_required_variable_production_names_it(name):
    given = example_environment()
    del given[name]
    done = in_production("-c", "import config.settings", **given)
    assert done.returncode != 0
    assert f"Set the environment variable {name};" in done.stderr


# Links, targets, commands


def anchors(path: Path) -> set[str]:
    """The addresses of headings as code hosts make them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_local_link_leads_somewhere(document):
    text = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
    found = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|srcset|href)="([^"]+)"', text)
    broken = []
    for link in found:
        if re.match(r"[a-z]+:", link):
            continue
        name, _hash, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_make_target_and_every_command_that_is_named_exists(document):
    text = document.read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`(?:[A-Z]+=\S+ )*make ([a-z]+)", text)) <= targets
    assert set(re.findall(r"^(?:[A-Z_]+=\S+ )*make ([a-z]+)", text, re.MULTILINE)) <= targets
    named = set(re.findall(r"\bmanage(?:\.py)? ([a-z_]+)(?=[ `\n])", "\n".join(code_of(text))))
    assert named <= set(get_commands())
    for module in re.findall(r"python3? -m ((?:config|bench|tests)[\w.]*)", text):
        assert importlib.util.find_spec(module.rstrip(".")), module


def code_of(text: str) -> list[str]:
    blocks = re.findall(r"```(?:sh|bash)\n(.*?)```", text, re.DOTALL)
    return blocks + re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_test_that_is_named_exists(document):
    existing = {
        name for path in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text())
    } | {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    assert set(re.findall(r"`(?:[\w/.]+::)?(test_\w+)`", document.read_text())) - existing == set()


def test_every_decision_is_in_the_list_of_decisions():
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text())
    assert listed == sorted(path.name for path in folder.glob("[0-9]*.md"))


# Permissions


def addresses(patterns, name="", address="/") -> Iterator[tuple[str, str]]:
    """The name and the address of every route, with <kind:name> where an address has a part that varies."""
    for pattern in patterns:
        here = address + re.sub(r"\(\?P(<\w+>)(?:\[[^\]]*\](?:\{\d+\}|\+)?|\.\+)\)|[\^$]", r"\1", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from addresses(
                pattern.url_patterns, f"{name}{pattern.namespace}:" if pattern.namespace else name, here
            )
        elif isinstance(pattern, URLPattern):
            yield f"{name}{pattern.name}", here


def access_table() -> str:
    where = dict(addresses(get_resolver().url_patterns))
    lines = ["| address | method | " + " | ".join(ACTORS) + " |", "|---|---|" + "---|" * len(ACTORS)]
    for row in ROWS:
        signs = " | ".join(SIGNS.get(status, str(status)) for status in row.statuses)
        lines.append(f"| `{where[row.url_name]}` | {row.method.upper()} | {signs} |")
    return "\n".join(lines)


def test_the_table_of_permissions_is_the_table_of_the_tests():
    text = (ROOT / "docs" / "permissions.md").read_text()
    shown = re.search(r"<!-- table -->\n(.*)\n<!-- end -->", text, re.DOTALL)
    table = access_table()
    assert shown is not None
    assert shown[1] == table, f"put this between the marks in docs/permissions.md:\n{table}"


# The steps after a restore


def test_the_steps_after_a_restore_keep_anybody_from_a_second_mail(cast, course, now, tmp_path):
    """The restored ledger lacks what was sent after the backup; the mail server's log still has it."""
    for person in (cast.employee, cast.colleague):
        open_cycle(course, person, now=now)
    plan(now=now)
    sent = Reminder.objects.get(person=cast.employee)
    log = tmp_path / "accepted.txt"
    log.write_text(f"{sent.message_id}\n<rem.{'0' * 32}@elsewhere>\n")
    steps = re.search(r"```python\n(\s+from pathlib import Path.*?)```", OPERATIONS, re.DOTALL)
    assert steps is not None
    code = re.sub(r"(?m)^   ", "", steps[1]).replace("/tmp/accepted.txt", str(log))
    exec(code, {})  # the very text of the document
    sent.refresh_from_db()
    assert (sent.state, sent.reason) == (State.CANCELLED, Reason.ONE_A_DAY)
    assert sent.events.get().note.startswith("restored")
    assert Reminder.objects.get(person=cast.colleague).state == State.PENDING
    assert plan(now=now + dt.timedelta(hours=1)).pending == 0


# Layers


def test_foreign_keys_point_down_as_the_drawing_of_the_layers_says():
    """An import linter does not see a foreign key that names its target in a string."""
    drawing = (ROOT / "docs" / "architecture.md").read_text().partition("## Layers\n\n```\n")[2].partition("```")[0]
    rows = [[word for word in line[:28].split() if word in PACKAGES] for line in drawing.splitlines()]
    height = {app: -level for level, row in enumerate(rows) for app in row}
    assert height.keys() == set(PACKAGES)
    arrows = [
        (model._meta.app_label, field.related_model._meta.app_label, f"{model.__name__}.{field.name}")
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.concrete and field.related_model
    ]
    ours = [arrow for arrow in arrows if arrow[0] in height and arrow[1] in height and arrow[0] != arrow[1]]
    assert len(ours) > 10
    assert [name for source, target, name in ours if height[target] >= height[source]] == []
