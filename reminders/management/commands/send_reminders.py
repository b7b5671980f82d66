"""One tick and one run of the sender in this process, without Celery: for cron, or to see it work."""

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand

from reminders.clock import database_now
from reminders.notices import plan_notices
from reminders.pacing import Pace
from reminders.planning import plan
from reminders.sending import drain, sweep
from reminders.smtp import MailServer


class Command(BaseCommand):
    help = "Plan what is owed and send what is due now."

    def handle(self, **options: Any) -> None:
        now = database_now()
        plan(now=now)
        plan_notices(now=now)
        sweep(now=now)
        done = drain(
            clock=database_now,
            until=now + dt.timedelta(hours=1),
            server=MailServer.from_settings(),
            pace=Pace.from_settings(),
        )
        self.stdout.write(f"{done.sent} sent, {done.not_sent} not sent.")
        if done.gave_up:
            self.stderr.write("The mail server failed several times in a row; the rest waits.")
