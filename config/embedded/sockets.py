"""Where the unix sockets stand: a path in the kernel's address structure holds 107 bytes, no more."""

import hashlib
import os
import socket
import tempfile
from pathlib import Path

from config.embedded.problem import Problem

LONGEST_PATH = 103  # macOS; Linux allows 107
LONGEST_NAME = len("/.s.PGSQL.5432")


def socket_folder(wanted: Path) -> Path:
    """`wanted` itself if a socket in it has a short enough path, else a private folder under the temporary directory
    whose name follows from the path, so that the next start finds it again."""
    folder = wanted.absolute()
    if len(os.fsencode(folder)) + LONGEST_NAME > LONGEST_PATH:
        name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"five-rules-{os.geteuid()}-{name}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid not in (os.geteuid(), 65534):
        raise Problem(f"{folder} belongs to somebody else: remove it, or set TMPDIR to a folder of your own.")
    folder.chmod(0o700)
    return folder


def listen(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1, taken before anything else starts, so that a busy port costs nothing; the web
    server inherits it."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if isinstance(error, PermissionError):
            raise Problem(f"Port {port} is for the system administrator only: try PORT=8001 make run.") from None
        other = port + 1 if port < 65535 else 8001
        raise Problem(f"Port {port} is already in use on 127.0.0.1: try PORT={other} make run.") from None
    return listener
