"""Read what mail servers sent back. For cron: reading the same messages again changes nothing."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from reminders.bouncing import Outcome, receive
from reminders.clock import database_now
from reminders.mailboxes import MailboxProblem, in_file, in_folder, on_server


class Command(BaseCommand):
    help = "Read delivery status notifications and mark addresses that do not take mail."

    def add_arguments(self, parser: CommandParser) -> None:
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--mbox", type=Path, help="a file in mbox format; it is only read")
        where.add_argument("--maildir", type=Path, help="a folder in maildir format; it is only read")
        where.add_argument(
            "--imap", action="store_true", help="the unread messages of BOUNCE_IMAP_URL; they are marked as read"
        )

    def handle(self, **options: Any) -> None:
        counts: Counter[Outcome] = Counter()
        try:
            for message in messages_of(options):
                counts[receive(message, now=database_now())] += 1
        except MailboxProblem as problem:
            raise CommandError(str(problem)) from problem
        finally:
            self.stdout.write(f"{counts.total()} read.")
            for outcome in Outcome:
                if counts[outcome]:
                    self.stdout.write(f"  {counts[outcome]} {outcome.value}")


def messages_of(options: dict[str, Any]) -> Iterator[bytes]:
    if options["mbox"]:
        return in_file(options["mbox"])
    if options["maildir"]:
        return in_folder(options["maildir"])
    if not settings.BOUNCE_IMAP_URL:
        raise CommandError("Set BOUNCE_IMAP_URL; docs/operations.md describes it.")
    return on_server(settings.BOUNCE_IMAP_URL)
