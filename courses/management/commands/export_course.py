"""Write a course as one JSON document."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from courses.drafts import compose
from courses.exporting import export_text
from courses.models import Course


class Command(BaseCommand):
    help = "Write the drafts of a course, or one of its revisions, as one JSON document to standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key")
        parser.add_argument("--revision", type=int, help="the number of a published revision; without it the drafts")

    def handle(self, key: str, revision: int | None, **options: Any) -> None:
        course = Course.objects.filter(key=key).first()
        if course is None:
            raise CommandError(f"there is no course {key!r}")
        if revision is None:
            document = compose(course)
        elif found := course.revisions.filter(number=revision).first():
            document = found.document
        else:
            raise CommandError(f"the course {key!r} has no revision {revision}")
        self.stdout.write(export_text(document), ending="")
