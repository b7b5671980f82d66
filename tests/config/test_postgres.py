"""The launcher of the embedded PostgreSQL."""

import os
import tempfile
from pathlib import Path

import psycopg
import pytest

from config.embedded import postgres
from config.embedded.problem import Problem
from config.embedded.sockets import LONGEST_NAME, LONGEST_PATH, socket_folder


@pytest.fixture
def start(short_folder):
    """`start()` starts a server on the folder of this test; all are stopped at the end."""
    running = []

    def starter() -> postgres.Postgres:
        log = short_folder / "log" / "postgres.log"
        server = postgres.start(short_folder / "data", short_folder / "sockets", log, durable=False)
        running.append(server)
        return server

    yield starter
    for server in running:
        server.child.stop()


def test_a_second_start_finds_the_data_of_the_first(start):
    first = start()
    with psycopg.connect(first.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    first.child.stop()
    with psycopg.connect(start().url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_the_collation_does_not_depend_on_the_machine(start):
    with psycopg.connect(start().url) as connection:
        rows = connection.execute("SELECT datlocprovider::text, datlocale FROM pg_database").fetchall()
    assert set(rows) == {("b", "C.UTF-8")}


def test_it_listens_on_no_network_port(start):
    with psycopg.connect(start().url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_a_server_left_by_a_killed_run_is_stopped_first(start):
    left, new = start(), start()
    assert left.child.process.wait(10) == 0
    with psycopg.connect(new.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_pid_file_that_now_names_some_other_process_is_no_obstacle(start, short_folder):
    start().child.stop()
    (short_folder / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{short_folder / 'data'}\n")
    assert start().child.alive


def test_an_initialisation_that_was_cut_off_is_begun_again(start, short_folder):
    draft = short_folder / "data.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    assert start().child.alive
    assert not draft.exists()


@pytest.mark.parametrize("left", ["base", "PG_VERSION"])
def test_a_half_initialised_folder_is_explained_and_kept(start, short_folder, left):
    data = short_folder / "data"
    data.mkdir()
    (data / left).write_text("18\n")
    with pytest.raises(Problem, match=r"half-initialised.*delete that folder and start again"):
        start()
    assert (data / left).exists()


def test_a_full_disk_is_explained(short_folder):
    wrote = 'initdb: error: could not write to file "postgresql.conf": No space left on device'
    problem = postgres.what_went_wrong(wrote, short_folder)
    assert "is full: free at least 200 MB" in str(problem)


def test_a_server_that_does_not_start_shows_what_it_wrote(start, short_folder):
    start().child.stop()
    (short_folder / "data" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(Problem, match="no_such_setting"):
        start()


def test_other_programs_can_be_named(monkeypatch, tmp_path):
    postgres.binaries.cache_clear()
    monkeypatch.setenv("PG_BINDIR", str(tmp_path))
    with pytest.raises(Problem, match="correct PG_BINDIR"):
        postgres.binaries()
    (tmp_path / "initdb").touch()
    (tmp_path / "postgres").touch()
    assert postgres.binaries() == tmp_path
    postgres.binaries.cache_clear()


def test_a_long_path_gets_a_short_folder_for_its_sockets(tmp_path, short_folder, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(short_folder))
    wanted = tmp_path / ("long" * 30)
    folder = socket_folder(wanted)
    assert len(os.fsencode(folder)) + LONGEST_NAME <= LONGEST_PATH
    assert folder == socket_folder(wanted) != socket_folder(Path(f"{wanted}er"))
    assert folder.stat().st_mode & 0o777 == 0o700
