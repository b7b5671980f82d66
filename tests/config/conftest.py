"""A short folder for servers: pytest's own temporary paths can be too long for a unix socket."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def short_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="fr-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
