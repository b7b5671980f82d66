"""What a person is told when something cannot start: one sentence with the remedy, never a traceback."""

import errno
import shutil
from pathlib import Path

ROOM_NEEDED = 200 * 1024 * 1024


class Problem(Exception):
    """A sentence for the person at the keyboard, remedy included."""


def is_full(folder: Path) -> bool:
    """Below this, whatever failed has failed for want of room, and its log may be empty for the same reason."""
    return shutil.disk_usage(folder).free < 5 * 1024 * 1024


def disk_is_full(folder: Path | str) -> Problem:
    return Problem(
        f"The disk that holds {folder} is full: free at least {ROOM_NEEDED // 1024 // 1024} MB there, "
        "or set VAR_DIR to a folder on another disk, then start again."
    )


def explain(error: OSError, folder: Path | str) -> Problem:
    """The sentence for an operating system error met while preparing `folder`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_is_full(folder)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Problem(
            f"{error.filename or folder} may not be written by this user: give it to the user who starts the "
            "application (chown), or set VAR_DIR to a folder of your own."
        )
    return Problem(f"{error.strerror or error} ({error.filename or folder}).")


def require_room(folder: Path) -> None:
    """Refuses to start on a disk that would fill up half-way through."""
    if shutil.disk_usage(folder).free < ROOM_NEEDED:
        raise disk_is_full(folder)


def last_lines(log: Path, count: int = 12) -> str:
    """The end of a log, indented, for showing beneath a sentence."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in lines[-count:])
