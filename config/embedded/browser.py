"""The browser of the journeys: Chromium of the system, installed with apt-get where that is possible."""

import os
import shutil
import subprocess

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
REMEDY = "install Chromium (Debian: apt install chromium) or set CHROMIUM to its path"


def find() -> str | None:
    """The path of a Chromium: CHROMIUM if it is set, else one on the PATH."""
    given = os.environ.get("CHROMIUM")
    if given:
        return given if os.access(given, os.X_OK) else None
    return next((path for path in map(shutil.which, NAMES) if path), None)


def is_required() -> bool:
    """In CI a journey that is not run is a failure; on a laptop it is skipped with the reason."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def ensure() -> str:
    """Installs Chromium if it is missing and this user may; returns what is wrong, or nothing."""
    if find():
        return ""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return f"There is no browser for the journeys: {REMEDY}."
    print("Installing Chromium for the browser journeys …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    output = ""
    for command in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", "chromium"]):
        done = subprocess.run([apt, *command], env=environment, capture_output=True, text=True)
        output += done.stdout + done.stderr
    if find():
        return ""
    end = "\n".join(f"    {line}" for line in output.strip().splitlines()[-6:])
    return f"Chromium could not be installed: {REMEDY}. apt-get wrote:\n{end}"
