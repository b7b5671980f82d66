"""What the installer says, and when it has nothing to do."""

import pytest

from config.embedded import install


@pytest.fixture
def files(tmp_path):
    (tmp_path / "requirements.txt").write_text("a==1\n")
    (tmp_path / "requirements-embedded.txt").write_text("-r requirements.txt\nb==1\n")
    (tmp_path / "requirements-dev.txt").write_text("-r requirements-embedded.txt\nc==1\n")
    return tmp_path


@pytest.fixture
def venv(tmp_path):
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").touch()
    return str(tmp_path / "venv")


def test_the_larger_set_contains_the_smaller_one_and_not_the_reverse(files, venv):
    embedded, dev = str(files / "requirements-embedded.txt"), str(files / "requirements-dev.txt")
    with open(install.mark_of(venv, embedded), "w") as mark:
        mark.write(install.fingerprint(embedded))
    assert install.is_installed(venv, embedded)
    assert not install.is_installed(venv, dev)
    with open(install.mark_of(venv, dev), "w") as mark:
        mark.write(install.fingerprint(dev))
    (files / "requirements-embedded.txt").write_text("-r requirements.txt\nb==2\n")
    assert not install.is_installed(venv, embedded)


@pytest.mark.parametrize(
    ("wrote", "sentence"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("error: command 'gcc' failed: No such file or directory", "install a compiler"),
        ("ERROR: No matching distribution found for typst==0.15.2", "offers no typst==0.15.2 for Python"),
        ("NewConnectionError: Failed to establish a new connection: [Errno 101]", "check network, proxy"),
        ("something never seen", "something never seen"),
    ],
)
def test_what_pip_wrote_becomes_a_sentence(wrote, sentence):
    assert sentence in install.explain(wrote, ".venv")


def test_an_old_python_is_refused_with_the_remedy(monkeypatch, capsys, venv, files):
    monkeypatch.setattr(install, "OLDEST", (99, 0))
    assert install.main([venv, str(files / "requirements.txt")]) == 1
    assert "PYTHON=python3.12 make run" in capsys.readouterr().err


def test_a_missing_venv_module_is_explained(monkeypatch, capsys, files):
    wrote = "The virtual environment was not created successfully because ensurepip is not available."
    monkeypatch.setattr(install, "run", lambda command: (1, wrote))
    assert install.main([str(files / "new"), str(files / "requirements.txt")]) == 1
    assert "apt install python3-venv" in capsys.readouterr().err
