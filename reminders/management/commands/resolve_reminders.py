"""Settle unclear mails by the mail server's log, however long ago they became unclear."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from reminders.clock import database_now
from reminders.postfix_log import PostfixLog
from reminders.resolving import configured_log, resolve_unknown


class Command(BaseCommand):
    help = "Settle the mails of which nobody knows whether they arrived by what the log of the mail server shows."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--log",
            nargs="+",
            metavar="PATH",
            help="all files of Postfix's log for that time, also compressed ones; else those of MAIL_LOG",
        )

    def handle(self, **options: Any) -> None:
        given = options["log"]
        log = PostfixLog(given, zone=timezone.get_default_timezone()) if given else configured_log()
        if log is None:
            raise CommandError("Which log? Set MAIL_LOG, or give --log PATH.")
        done = resolve_unknown(log=log, now=database_now())
        self.stdout.write(
            f"{done.sent} were accepted, {done.failed} refused, {done.again} go out again; "
            f"{len(done.unsure)} are still unclear."
        )
        for number, why in sorted(done.unsure.items()):
            self.stdout.write(f"Reminder {number}: the log does not tell; {why}.")
