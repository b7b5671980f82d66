"""`make lint` and `make test`: `python -m config.embedded.checks lint | test [arguments for pytest]`."""

import os
import subprocess
import sys
import sysconfig
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from config import messages
from config.embedded import browser

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPTS = Path(sysconfig.get_path("scripts"))
# Settings are imported, and nothing is connected to.
ENVIRONMENT = {
    "FIVE_RULES_MODE": "test",
    "DATABASE_URL": "postgresql://nobody@/none?host=/nonexistent",
    "REDIS_URL": "unix:///nonexistent?db=0",
}


def steps() -> dict[str, list[str]]:
    """Name for people → command. The slow one is first, so that the others run beside it."""
    python, tool = sys.executable, lambda name: str(SCRIPTS / name)
    templates = ["templates"] if (ROOT / "templates").exists() else []
    return {
        "types (mypy)": [python, "-m", "mypy", "--no-error-summary", "."],
        "migrations": [python, "-W", "ignore", "manage.py", "makemigrations", "--check", "--dry-run"],
        "templates (djlint)": [python, "-m", "djlint", "--lint", "--quiet", *templates],
        "layers (lint-imports)": [tool("lint-imports"), "--no-cache"],
        "style (ruff check)": [python, "-m", "ruff", "check", "--quiet", "."],
        "form (ruff format)": [python, "-m", "ruff", "format", "--check", "--quiet", "."],
        "translations": [python, "-m", "config.messages", "check"],
    }


def run_step(name: str, command: list[str]) -> str:
    """Runs one step, prints its result and, if it failed, what it wrote; returns its name if it failed."""
    start = time.monotonic()
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    failed = done.returncode != 0
    line = f"{'FAILED' if failed else 'ok':>6}  {name}  {time.monotonic() - start:.1f} s"
    print(f"{line}\n{done.stdout.rstrip()}" if failed else line, flush=True)
    return name if failed else ""


def lint() -> list[str]:
    """The names of the steps that failed."""
    with ThreadPoolExecutor(2) as pool:
        return [name for name in pool.map(lambda step: run_step(*step), steps().items()) if name]


def test(arguments: list[str]) -> int:
    """Everything. Tests run even when a linter complains, and the end of the output names both."""
    failed = lint()
    problem = browser.ensure()
    if problem:
        print(problem, flush=True)
    failed += ["translations cannot be compiled"] if messages.compile_all() else []
    environment = os.environ | {"FIVE_RULES_FAILED_CHECKS": ", ".join(failed)}
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", *arguments]
    status = subprocess.run(command, cwd=ROOT, env=environment).returncode
    return status or (1 if failed else 0)


def main(arguments: list[str]) -> int:
    try:
        if arguments[:1] == ["test"]:
            return test(arguments[1:])
        return 1 if lint() else 0
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
