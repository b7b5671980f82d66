"""The first start: the shipped course, and under `make run` the demo company. Running it again changes nothing."""

import datetime as dt
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Person
from config.demo import company
from config.demo.history import WEEKS
from config.demo.telling import tell
from courses.files import read_source
from courses.importing import import_course
from courses.models import ChangeKind, Course
from courses.publishing import publish

SHIPPED = Path(settings.BASE_DIR) / "courses" / "shipped" / "five-rules"


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="also make the demo company (always under make run)")
        parser.add_argument("--print-accounts", action="store_true", help="only print the demo accounts, tab-separated")

    def handle(self, *args: Any, demo: bool, print_accounts: bool, **options: Any) -> None:
        demo = demo or settings.MODE == "local"
        if demo and settings.PRODUCTION:
            raise CommandError("The demo company has known passwords; it does not go into a production database.")
        if print_accounts:
            for account in company.accounts() if demo and Person.objects.exists() else []:
                self.stdout.write(f"{account.role}\t{account.email}\t{company.PASSWORD}")
            return
        with transaction.atomic():
            begins = timezone.now() - dt.timedelta(weeks=WEEKS + 1) if demo else timezone.now()
            course = self.load_course(begins)
            if demo and not Person.objects.exists():
                tell(course, today=timezone.localdate())

    def load_course(self, now: dt.datetime) -> Course:
        """Import and publish the shipped course, unless there is any course already."""
        existing = Course.objects.order_by("pk").first()
        if existing is not None:
            return existing
        source = read_source(SHIPPED)
        why = _("The shipped course")
        imported = import_course(source.document, by=None, now=now, reason=why, pictures=source.pictures)
        publish(imported.course, change_kind=ChangeKind.MAJOR, reason=why, by=None, now=now)
        return Course.objects.get(pk=imported.course.pk)
