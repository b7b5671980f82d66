"""Child processes that never outlive this one.

Each child leads a process group of its own, so that Ctrl-C in the terminal reaches only the supervisor, which stops the
children in order, and so that grandchildren can be ended with their parent. On Linux the kernel signals the child when
this process dies, even by kill -9; elsewhere the next start finds and stops what was left.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.embedded.problem import last_lines

PR_SET_PDEATHSIG = 1
LOG_LIMIT = 5 * 1024 * 1024


def die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """What a child runs before exec, so that it gets `number` when this process dies. None where that is unknown."""
    if sys.platform != "linux":
        return None
    parent = os.getpid()
    libc = ctypes.CDLL(None)

    def arrange() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return arrange


@dataclass
class Child:
    """One started process: its name for people, its log, and the signal that asks it to end."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 10

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def ask_to_stop(self) -> None:
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(self.stop_signal)

    def stop(self) -> None:
        """Asks, waits, then ends the whole group, so that no grandchild is left either."""
        self.ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(self.patience)
        self.kill()
        self.process.wait()

    def kill(self) -> None:
        """Ends the whole group at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def obituary(self) -> str:
        """How it ended, with the last lines it wrote."""
        code = self.process.returncode
        how = f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"
        return f"{self.name} ended ({how}). The end of {self.log}:\n{last_lines(self.log)}"


def start(
    name: str,
    command: Sequence[str | Path],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    patience: float = 10,
    descriptors: Sequence[int] = (),
    user: int | None = None,
) -> Child:
    """Starts a child in a group of its own, writing to `log`. Call it from the main thread only: the kernel ties the
    child to the thread that started it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    keep = log.exists() and log.stat().st_size < LOG_LIMIT
    with log.open("ab" if keep else "wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if environment is None else dict(environment),
            start_new_session=True,
            pass_fds=descriptors,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            preexec_fn=die_with_parent(stop_signal),
        )
    return Child(name, process, log, stop_signal, patience)


def stop_together(children: Sequence[Child]) -> None:
    """Asks all of them at once, then waits for each."""
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.stop()
