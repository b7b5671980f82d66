"""How long the pipeline waits: those of the documents unless told otherwise, and none that risks a second copy."""

import datetime as dt
import os
import subprocess
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

import pytest

from config.environment import Environment
from reminders import sending, smtp
from reminders.timing import Timing

SECOND = dt.timedelta(seconds=1)


def timing(**seconds: float) -> Timing:
    usual = {
        "lease": 60, "quarantine": 1200, "command": 30, "verdict": 600, "backoff_first": 60, "backoff_most": 21600,
        "drain": 20,
    }  # fmt: skip
    return Timing(**{name: value * SECOND for name, value in {**usual, **seconds}.items()})


def test_without_any_variable_the_waits_are_those_of_the_documents():
    assert timing() == settings.REMINDER_TIMING
    assert (sending.LEASE, sending.QUARANTINE) == (60 * SECOND, 1200 * SECOND)
    assert (smtp.COMMAND_SECONDS, smtp.VERDICT_SECONDS) == (30, 600)
    assert (sending.BACKOFF_FIRST, sending.BACKOFF_MOST) == (60 * SECOND, 6 * 3600 * SECOND)


def test_a_quarantine_that_ends_while_a_sender_may_still_wait_is_refused():
    with pytest.raises(ImproperlyConfigured, match=r"REMINDER_QUARANTINE_SECONDS is 630; .*\(630\)"):
        timing(quarantine=630)
    assert timing(quarantine=630.5)


def test_the_start_is_refused_with_a_sentence():
    given = os.environ | {"REMINDER_QUARANTINE_SECONDS": "600"}
    done = subprocess.run(
        [sys.executable, "-c", "import config.settings"], env=given, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "REMINDER_QUARANTINE_SECONDS is 600; it must be more than" in done.stderr


@pytest.mark.parametrize("value", ["soon", "0", "-1", "nan", "inf"])
def test_what_is_no_number_of_seconds_is_refused(value, monkeypatch):
    monkeypatch.setenv("REMINDER_LEASE_SECONDS", value)
    with pytest.raises(ImproperlyConfigured, match=r"REMINDER_LEASE_SECONDS is .* a number of seconds above zero"):
        Environment().seconds("REMINDER_LEASE_SECONDS", default=60)


def test_parts_of_a_second_are_understood(monkeypatch):
    monkeypatch.setenv("REMINDER_LEASE_SECONDS", "2.5")
    assert Environment().seconds("REMINDER_LEASE_SECONDS", default=60) == 2.5 * SECOND
