"""Translations of the interface without GNU gettext: `python -m config.messages extract | compile | check`.

`extract` updates locale/*/LC_MESSAGES/django.po from code and templates, `compile` makes the .mo files (not in git) and
refuses a translation whose placeholders differ from the original's, `check` fails when a string of the code is not
extracted or not translated.
"""

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ROOT / "locale"
BORROWED = ROOT / "accounts" / "locale"  # what django-allauth's pages say, by hand; nothing is extracted there
LANGUAGES = ("pl",)  # English is the language of the code
NOT_SCANNED = ("tests", "bench", "chaos", "docs", "demo", "var", "static", "templates/dev", "config/embedded")


def problems_in(catalogue: Path) -> list[str]:
    """What is wrong with the translations of one file, each with its line."""
    with catalogue.open("rb") as file:
        messages = read_po(file, locale=catalogue.parts[-3])
    shown = catalogue.relative_to(ROOT) if catalogue.is_relative_to(ROOT) else catalogue
    return [f"{shown}:{message.lineno}: {error}" for message, errors in messages.check() for error in errors]


def compile_one(catalogue: Path) -> None:
    """Writes the .mo beside the .po, complete or not at all; fuzzy translations are left out."""
    with catalogue.open("rb") as file:
        messages = read_po(file, locale=catalogue.parts[-3])
    draft = catalogue.with_suffix(f".{os.getpid()}.part")
    with draft.open("wb") as file:
        write_mo(file, messages)
    draft.replace(catalogue.with_suffix(".mo"))


def catalogues(*folders: Path) -> list[Path]:
    return [catalogue for folder in folders for catalogue in sorted(folder.glob("*/LC_MESSAGES/*.po"))]


def compile_all(*folders: Path) -> list[str]:
    """Compiles every catalogue that is newer than its .mo; returns what is wrong, in which case nothing is written."""
    stale = [c for c in catalogues(*folders or (LOCALES, BORROWED)) if not is_fresh(c)]
    problems = [problem for catalogue in stale for problem in problems_in(catalogue)]
    if not problems:
        for catalogue in stale:
            compile_one(catalogue)
    return problems


def is_fresh(catalogue: Path) -> bool:
    compiled = catalogue.with_suffix(".mo")
    return compiled.exists() and compiled.stat().st_mtime > catalogue.stat().st_mtime


def scan(*options: str) -> int:
    """Runs the extractor over the project."""
    program = shutil.which("django-makemessages-rs", path=sysconfig.get_path("scripts"))
    if program is None:
        print("The extractor of messages is missing: run `make messages`, which installs it.", file=sys.stderr)
        return 1
    ignored = [part for pattern in NOT_SCANNED for part in ("--ignore", pattern)]
    languages = [part for language in LANGUAGES for part in ("--locale", language)]
    command = [
        program,
        *languages,
        *ignored,
        "--add-location",
        "file",
        "--no-obsolete",
        "--no-fuzzy-matching",
        "--sort-output",
        "--keep-header",
    ]
    return subprocess.run([*command, *options], cwd=ROOT).returncode


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m config.messages")
    parser.add_argument("action", choices=("extract", "compile", "check"))
    action = parser.parse_args().action
    if action == "extract":
        return scan()
    if action == "check":
        found = [p for c in catalogues(LOCALES, BORROWED) for p in problems_in(c)]
        status = scan("--check", "--no-untranslated")
    else:
        found, status = compile_all(), 0
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else status


if __name__ == "__main__":
    sys.exit(main())
