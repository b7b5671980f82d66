"""Import a roster from a file on the server: the same plan, checks and transaction as the page."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Person, normal_email
from accounts.roster.applying import apply_roster, plan_roster, upload_roster
from accounts.roster.planning import Plan


class Command(BaseCommand):
    help = "Show what a roster file (CSV or XLSX) would change; with --apply, change it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--by", required=True, help="E-mail of the person in whose name the import is recorded.")
        parser.add_argument("--apply", action="store_true", help="Change it; without this only the plan is shown.")
        parser.add_argument("--missing-left", action="store_true", help="People missing from the file have left.")
        parser.add_argument("--confirm-leaving", type=int, help="How many would leave, when that is more than a fifth.")

    def handle(self, *args: Any, **options: Any) -> None:
        now, today = timezone.now(), timezone.localdate()
        by = Person.objects.employed(today).filter(email=normal_email(options["by"])).first()
        if by is None:
            raise CommandError("Nobody who works here has the address given with --by.")
        try:
            roster = upload_roster(
                filename=options["file"].name,
                content=options["file"].read_bytes(),
                marks_missing_as_left=options["missing_left"],
                by=by,
                now=now,
                today=today,
            )
            plan = plan_roster(roster, today=today)
            self.show(plan)
            if options["apply"]:
                confirmed = options["confirm_leaving"]
                apply_roster(roster, plan_hash=plan.hash, leaving_confirmed=confirmed, by=by, now=now, today=today)
                self.stdout.write(self.style.SUCCESS("Imported."))
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}.") from None
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from None

    def show(self, plan: Plan) -> None:
        for problem in plan.problems:
            self.stderr.write(f"line {problem.line}, {problem.column}, {problem.value!r}: {problem.reason}")
        for name in ("departments", "joining", "changed", "moved", "returning", "leaving", "missing"):
            self.stdout.write(f"{name}: {len(getattr(plan, name))}")
        self.stdout.write(f"unchanged: {plan.unchanged}")
