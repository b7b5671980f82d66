"""A part that ends although nobody killed it."""

import pytest

from chaos.scene import MOST_DEATHS, Scene
from config.embedded import processes
from config.embedded.problem import Problem

SAYS = "echo no such broker; exit 3"


@pytest.fixture
def scene(tmp_path, monkeypatch):
    """Whatever it starts ends at once."""
    made = Scene(tmp_path, seed=1)
    (tmp_path / "log").mkdir()

    def start_and_end(name, *_command):
        child = made.children[name] = processes.start(
            name, ["sh", "-c", "echo no such broker; exit 3"], tmp_path / name
        )
        child.process.wait()
        return child

    monkeypatch.setattr(made, "start", start_and_end)
    return made


def test_a_worker_that_never_gets_ready_ends_the_run_and_is_told(scene):
    scene.start_worker()
    for _time in range(MOST_DEATHS):
        scene.attend()
    with pytest.raises(Problem, match="worker ended") as told:
        scene.attend()
    assert "no such broker" in str(told.value)


def test_a_server_that_ends_is_told_at_once(scene):
    scene.start("mail server")
    with pytest.raises(Problem, match="mail server ended"):
        scene.attend()
