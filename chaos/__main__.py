"""`python -m chaos`: the short form; with LONG=1 in the environment the long one. The last line is the count as JSON.

Exit code 0 only if no mail was accepted twice or lost silently, and every one that was owed was mailed once or is shown
as unclear or refused.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import django

from chaos import forms
from chaos.counting import Count, copies_by_address, count, stories
from chaos.forms import LONG, SHORT, Form
from chaos.scene import Scene
from config import messages
from config.embedded.problem import Problem


class Run:
    def __init__(self, form: Form, scene: Scene, seed: int) -> None:
        self.form, self.scene, self.seed = form, scene, seed
        self.begun = self.reported = time.monotonic()

    def prepare(self) -> None:
        """Django in this process goes by the environment of the run."""
        self.scene.start_servers()
        os.environ.update(self.scene.environment)
        django.setup()
        from chaos import company

        self.say(f"Making a company of {self.form.mails:,} people …")
        company.build(self.form.mails)
        company.open_duties(self.form.mails // 5)
        company.plan_twice()
        self.scene.start_pipeline()

    def go_through(self) -> None:
        from chaos import company
        from chaos.faults import Faults

        self.faults = Faults(self.scene, self.form, random.Random(self.seed))
        self.faults.run(self.report)
        self.say("The faults are over.")
        self.scene.calm_mail_server()
        left, since = self.form.mails + 1, time.monotonic()
        while left and time.monotonic() < since + forms.PATIENCE:
            if (now_left := company.unsettled()) < left:
                left, since = now_left, time.monotonic()
            self.scene.attend()
            self.report()
            time.sleep(0.3)
        self.scene.stop_senders()

    def judge(self) -> Count:
        from chaos import company

        log = self.scene.mail_folder / "accepted.log"
        ledger = company.ledger()
        counted = count(ledger, copies_by_address(log))
        for story in stories(log, counted.wrong, ledger):
            self.say(story)
        return counted

    def report(self) -> None:
        if time.monotonic() - self.reported >= self.form.report_every:
            self.reported = time.monotonic()
            done = ", ".join(f"{number} {kind}" for kind, number in sorted(self.faults.done.items()))
            accepted = copies_by_address(self.scene.mail_folder / "accepted.log").total()
            self.say(f"{done}; {self.faults.opened:,} mails owed, {accepted:,} accepted")

    def say(self, words: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - self.begun), 60)
        print(f"{minutes:3}:{seconds:02}  {words}", flush=True)

    def line(self, counted: Count) -> str:
        done = self.faults.done
        return json.dumps(
            {
                "owed": counted.owed,
                "sent_once": counted.sent_once,
                "sent_twice": counted.sent_twice,
                "silently_lost": counted.silently_lost,
                "unknown_shown": counted.unknown_shown,
                "refused_shown": counted.refused_shown,
                "kills": done["kills"],
                "broker_wipes": done["wipes"],
                "database_restarts": done["restarts"],
                "seconds": round(time.monotonic() - self.begun),
            }
        )


def run(form: Form, seed: int, logs: Path | None) -> int:
    with tempfile.TemporaryDirectory(prefix="five-rules-chaos-") as folder:
        scene = Scene(Path(folder), seed)
        through = Run(form, scene, seed)
        through.say(f"Seed {seed}")
        try:
            through.prepare()
            through.go_through()
            counted = through.judge()
            line = through.line(counted)
        finally:
            scene.stop()
            if logs:
                keep(Path(folder), logs)
    print(line, flush=True)
    return 0 if counted.holds and counted.owed == form.mails else 1


def keep(folder: Path, logs: Path) -> None:
    """What went wrong with the copy is told; the count of an hour is not lost for it."""
    try:
        shutil.copytree(folder, logs, ignore=shutil.ignore_patterns("postgres", "valkey", "sockets"))
    except OSError as error:
        print(f"The logs could not be copied to {logs}: {error}", file=sys.stderr)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="of the faults; printed first")
    parser.add_argument("--logs", type=Path, help="folder that gets a copy of all logs")
    given = parser.parse_args(arguments)
    if given.logs and given.logs.exists():
        parser.error(f"{given.logs} exists already: name a folder that does not, the logs are copied there at the end")
    # SIGINT too: what a shell starts in the background ignores it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    wrong = messages.compile_all()
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    try:
        return run(LONG if os.environ.get("LONG") else SHORT, given.seed, given.logs)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
