import datetime as dt
from collections import Counter
from pathlib import Path

from django.conf import settings
from django.core.management import CommandError, call_command

import pytest

from accounts.models import Person, Role
from accounts.roster.applying import apply_roster, upload_roster
from accounts.roster.reading import read_table
from accounts.roster.rows import read_entries
from tests.accounts.rosters import company_file, csv_file, line
from tests.factories import make_person

DEMO = Path(settings.BASE_DIR) / "demo" / "roster.csv"
LAST_DAY = dt.date(2026, 11, 20)


@pytest.fixture
def file(tmp_path, cast):
    path = tmp_path / "roster.csv"
    path.write_bytes(csv_file(*company_file(cast), line("nowa@example.com")))
    return path


def test_a_roster_is_shown_by_default_and_imported_when_told_to(cast, file, capsys):
    call_command("import_roster", file, by=cast.hr.email)
    assert "joining: 1" in capsys.readouterr().out
    assert not Person.objects.filter(email="nowa@example.com").exists()
    call_command("import_roster", file, by=cast.hr.email, apply=True)
    assert Person.objects.filter(email="nowa@example.com").exists()


def test_a_bad_roster_is_explained_and_not_imported(cast, file, capsys):
    file.write_bytes(csv_file(line("nowa@example.com", last="")))
    with pytest.raises(CommandError, match="cannot be imported"):
        call_command("import_roster", file, by=cast.hr.email, apply=True)
    assert "line 2, last name" in capsys.readouterr().err


@pytest.mark.parametrize("options", [{"by": "nobody@example.com"}, {"by": None}])
def test_an_import_has_someone_who_answers_for_it(cast, file, options):
    options["by"] = options["by"] or make_person(left_on=dt.date(2026, 1, 1)).email
    with pytest.raises(CommandError, match="--by"):
        call_command("import_roster", file, **options)


def test_a_missing_file_is_one_sentence(cast, tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_roster", tmp_path / "none.csv", by=cast.hr.email)


def test_the_first_administrator_is_created_and_told_what_comes_next(db, capsys):
    for _ in range(2):
        call_command("create_admin", "Szefowa@example.com", "Anna", "Pierwsza")
    person = Person.objects.get()
    assert (person.email, person.roles, person.has_usable_password()) == (
        "szefowa@example.com", {Role.SYSADMIN}, False,
    )  # fmt: skip
    assert "/accounts/login/code/" in capsys.readouterr().out


def test_a_bad_address_makes_no_administrator(db):
    with pytest.raises(CommandError):
        call_command("create_admin", "no-address", "Anna", "Pierwsza")
    assert not Person.objects.exists()


def test_the_demo_roster_has_everything_a_real_one_would_trouble_with(db):
    reading = read_entries(read_table(DEMO.read_bytes()), today=LAST_DAY)
    entries = reading.entries
    assert reading.problems == []
    assert 280 <= len(entries) <= 320
    assert {len(entry.path) for entry in entries} == {1, 2, 3}
    assert {entry.language for entry in entries} == {"pl", "en"}
    assert sum(not entry.manager for entry in entries) == 1
    assert 1 in Counter(entry.path for entry in entries).values()
    assert sum(entry.start > LAST_DAY - dt.timedelta(weeks=8) for entry in entries) == 25
    assert min(entry.start for entry in entries) >= LAST_DAY - dt.timedelta(days=6 * 366)
    assert all(entry.email.endswith("@example.com") for entry in entries)


def test_the_demo_roster_is_imported_whole(cast, now):
    options = {"by": cast.hr, "now": now, "today": LAST_DAY}
    roster = upload_roster(filename="roster.csv", content=DEMO.read_bytes(), marks_missing_as_left=False, **options)
    applied = apply_roster(roster, plan_hash=roster.plan_hash, **options)
    assert len(applied.joined) >= 280
