"""The first person of a new installation: a system administrator, who then invites HR."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Language, Person, Role, normal_email
from accounts.people import invite_person
from accounts.roles import grant_role


class Command(BaseCommand):
    help = "Create a system administrator, or make an existing person one. For the console of the server only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("first_name")
        parser.add_argument("last_name")
        parser.add_argument("--language", choices=Language.values, default=Language.POLISH.value)

    def handle(self, *args: Any, **options: Any) -> None:
        now, today = timezone.now(), timezone.localdate()
        try:
            with transaction.atomic():
                person = Person.objects.filter(email=normal_email(options["email"])).first() or invite_person(
                    email=options["email"],
                    first_name=options["first_name"],
                    last_name=options["last_name"],
                    language=options["language"],
                    department=None,
                    by=None,
                    now=now,
                    today=today,
                )
                grant_role(person, role=Role.SYSADMIN, by=None, now=now)
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from None
        url = f"{settings.BASE_URL}{reverse('account_request_login_code')}"
        self.stdout.write(
            f"{person.name} is a system administrator.\n"
            f"Next: open {url}, ask for a code to {person.email}, sign in,\n"
            "invite the people of HR and give them their role on the page Roles."
        )
