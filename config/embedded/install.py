"""Makes the virtual environment and installs a requirements file: `python3 config/embedded/install.py VENV FILE`.

Runs on the system's Python before anything is installed, and on versions that are too old as well, to say so: standard
library only, old syntax only. Does nothing when the environment already holds what the file asks for.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys

OLDEST = (3, 11)
ROOM_NEEDED = 50 * 1024 * 1024  # below this, whatever failed has failed for want of room
RULES = (
    (
        r"No space left on device|Disk quota exceeded",
        "The disk is full: free at least 1 GB (pip's cache too: `pip cache purge`), then start again.",
    ),
    (
        r"No matching distribution found for (\S+)",
        "The package index offers no {0} for Python {python} on this machine: use Python 3.11 to 3.13 "
        "(PYTHON=python3.12 make run), or check that pip's index is complete.",
    ),
    (
        r"Temporary failure in name resolution|Name or service not known|Failed to establish a new connection|"
        r"Read timed out|Could not fetch URL|ProxyError|SSLError|CERTIFICATE_VERIFY_FAILED|NewConnectionError",
        "The package index cannot be reached: check network, proxy and pip's configuration (`pip config list`).",
    ),
    (
        r"(?:command|Command) '?\S*(?:gcc|cc|clang|c\+\+)\S*'? failed|Unable to find a compiler|"
        r"C compiler cannot create|[Uu]nable to find.*\bcompiler|No such file or directory: '(?:gcc|cc|clang)'|"
        r"Microsoft Visual C\+\+|can't find Rust compiler|Python\.h: No such file|"
        r"Failed building wheel|metadata-generation-failed",
        "A package has no ready-made wheel for Python {python} on this machine, and it cannot be built here: "
        "use Python 3.11 to 3.13 (PYTHON=python3.12 make run), or install a compiler (Debian: apt install "
        "build-essential python3-dev).",
    ),
    (
        r"Permission denied",
        "{venv} may not be written by this user: delete it, or choose another with VENV=folder make run.",
    ),
)


class Failure(Exception):
    """A sentence for the person at the keyboard."""


def python_version():
    return "%d.%d" % sys.version_info[:2]  # noqa: UP031


def read_requirements(path):
    """The text of the file and of those that it includes."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for name in re.findall(r"(?m)^-r\s+(\S+)", text):
        text += read_requirements(os.path.join(os.path.dirname(path), name))
    return text


def fingerprint(path):
    return hashlib.sha256((read_requirements(path) + python_version()).encode()).hexdigest()


def mark_of(venv, requirements):
    return os.path.join(venv, ".installed-" + os.path.basename(requirements))


def is_installed(venv, requirements):
    """True when the environment was filled from this very text, or from that of a larger file that includes it."""
    if not os.path.exists(os.path.join(venv, "bin", "python")):
        return False
    folder = os.path.dirname(os.path.abspath(requirements))
    for name in (os.path.basename(requirements), "requirements-embedded.txt", "requirements-dev.txt"):
        path = os.path.join(folder, name)
        mark = mark_of(venv, path)
        if os.path.exists(mark) and os.path.exists(path) and read_requirements(requirements) in read_requirements(path):
            with open(mark, encoding="utf-8") as file:
                if file.read() == fingerprint(path):
                    return True
    return False


def run(command):
    """Runs a command quietly; returns its exit code and all that it wrote."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def explain(output, venv):
    """The sentence for what pip or venv wrote, else its last lines."""
    if shutil.disk_usage(os.path.dirname(os.path.abspath(venv))).free < ROOM_NEEDED:
        return RULES[0][1]
    for pattern, sentence in RULES:
        found = re.search(pattern, output)
        if found:
            return sentence.format(*found.groups(), python=python_version(), venv=venv)
    return "Installing failed. pip wrote:\n" + "\n".join("    " + line for line in output.strip().splitlines()[-15:])


def make_environment(venv):
    """A virtual environment with a working pip; one that was interrupted half-way is made again."""
    python = os.path.join(venv, "bin", "python")
    if os.path.exists(python) and run([python, "-m", "pip", "--version"])[0] == 0:
        return
    code, output = run([sys.executable, "-m", "venv", "--clear", venv])
    if code and re.search(r"ensurepip is not available|No module named '?(venv|ensurepip)", output):
        raise Failure(
            "Python's venv module is incomplete here: install it (Debian and Ubuntu: apt install python3-venv), then "
            "start again."
        )
    if code:
        raise Failure(explain(output, venv))


def install(venv, requirements):
    if sys.version_info < OLDEST:
        raise Failure(
            "Python 3.11 or newer is needed, and this is Python "
            + python_version()
            + ": install a newer one and name it, "
            "for example PYTHON=python3.12 make run."
        )
    if is_installed(venv, requirements):
        return
    print("Installing " + os.path.basename(requirements) + " into " + venv + " (once, about a minute) …", flush=True)
    make_environment(venv)
    python = os.path.join(venv, "bin", "python")
    options = ["--disable-pip-version-check", "--no-input", "--prefer-binary", "--quiet"]
    code, output = run([python, "-m", "pip", "install"] + options + ["-r", requirements])  # noqa: RUF005
    if code:
        raise Failure(explain(output, venv))
    with open(mark_of(venv, requirements), "w", encoding="utf-8") as file:
        file.write(fingerprint(requirements))


def main(arguments):
    venv, requirements = arguments
    try:
        os.makedirs(os.path.dirname(os.path.abspath(venv)), exist_ok=True)
        install(venv, requirements)
    except Failure as failure:
        sys.stderr.write(str(failure) + "\n")
        return 1
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        sys.stderr.write(explain("{0.strerror} {0.filename}".format(error), venv) + "\n")  # noqa: UP032
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
