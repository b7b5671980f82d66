"""Plan what is owed now, or only show what another day would send."""

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Person
from reminders.clock import database_now
from reminders.planning import plan
from reminders.previewing import next_sending_day, preview


class Command(BaseCommand):
    help = "Write the mails that are owed now into the ledger; with --dry-run print those of a day and write nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="print the plan of a day, write nothing")
        parser.add_argument(
            "--day", type=dt.date.fromisoformat, help="with --dry-run; YYYY-MM-DD, else the next sending day"
        )

    def handle(self, **options: Any) -> None:
        now = database_now()
        if not options["dry_run"]:
            if options["day"]:
                raise CommandError("--day goes with --dry-run: a plan is only ever written for now.")
            done = plan(now=now)
            self.stdout.write(f"{done.pending} to send, {done.silent} not to be sent, {done.silenced} no longer owed.")
            return
        day = options["day"] or next_sending_day(now=now)
        mails = preview(day, now=now)
        names = Person.objects.in_bulk([mail.person_id for mail in mails])
        for mail in mails:
            moves = " (moves to the next day: one mail a day)" if mail.moves else ""
            self.stdout.write(
                f"{names[mail.person_id].name}: {mail.what} of {mail.occurs_on}, duty {mail.cycle_id}{moves}"
            )
        self.stdout.write(f"{len(mails)} mails on {day}; nothing was written.")
