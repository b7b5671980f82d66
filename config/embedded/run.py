"""`make run`: everything on this machine, until Ctrl-C. `python -m config.embedded.run`"""

import contextlib
import sys

from config.embedded.problem import Problem
from config.embedded.supervisor import Stopped, Supervisor


def table(supervisor: Supervisor, accounts: str) -> str:
    """One table of addresses and demo accounts."""
    base = supervisor.environment["BASE_URL"]
    rows = [("Five Rules", f"{base}/", "")]
    if supervisor.sink:
        rows.append(("Mails it has sent", f"{base}/dev/mail/", ""))
    rows.append(("Health", f"{base}/healthz", ""))
    people = [[*line.split("\t"), "", ""] for line in accounts.splitlines() if line.strip()]
    if people:
        rows += [("", "", ""), ("Demo account", "E-mail", "Password"), *((p[0], p[1], p[2]) for p in people)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(f"  {line}".rstrip() for line in lines)


def main() -> int:
    """0 after Ctrl-C or SIGTERM; 1 with a sentence when something could not start or has died."""
    try:
        supervisor = Supervisor()
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    try:
        print(f"Starting Five Rules on port {supervisor.port} …", flush=True)
        accounts = supervisor.start()
        print(f"\n{table(supervisor, accounts)}\n\nLogs: {supervisor.logs}. Ctrl-C stops everything.", flush=True)
        supervisor.watch()
    except Stopped:
        pass
    except Problem as problem:
        print(problem, file=sys.stderr, flush=True)
        return 1
    finally:
        supervisor.stop()
    with contextlib.suppress(OSError):  # the terminal may be what has gone
        print("Stopped.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
