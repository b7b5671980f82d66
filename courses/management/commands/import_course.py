"""Load a course from its files into the drafts, and publish it if asked."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from courses.files import read_source
from courses.importing import import_course
from courses.models import ChangeKind
from courses.publishing import CannotPublish, NothingChanged, publish
from quizzes.problems import DocumentError


class Command(BaseCommand):
    help = "Import a course from its folder of YAML files or from one exported JSON file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path")
        parser.add_argument("--publish", action="store_true", help="publish what was imported")
        parser.add_argument(
            "--reason", default="Imported", help="the reason kept with the revision and in the audit log"
        )
        parser.add_argument("--minor", action="store_true", help="publish as a minor change")

    @transaction.atomic
    def handle(self, path: str, publish: bool, reason: str, minor: bool, **options: Any) -> None:
        now = timezone.now()
        try:
            source = read_source(path)
        except DocumentError as error:
            raise CommandError(str(error)) from error
        try:
            imported = import_course(source.document, by=None, now=now, reason=reason, pictures=source.pictures)
        except DocumentError as error:
            raise CommandError("\n".join(source.explain(problem) for problem in error.problems)) from error
        changes = imported.changes
        self.stdout.write(
            f"{imported.course.key}: {len(changes.added)} added, {len(changes.changed)} changed, "
            f"{len(changes.removed)} removed"
        )
        if publish:
            self.publish(imported.course, ChangeKind.MINOR if minor else ChangeKind.MAJOR, reason, now)

    def publish(self, course: Any, kind: ChangeKind, reason: str, now: Any) -> None:
        try:
            revision = publish(course, change_kind=kind, reason=reason, by=None, now=now)
        except NothingChanged:
            self.stdout.write(f"{course.key}: already published")
        except CannotPublish as error:
            raise CommandError(str(error)) from error
        else:
            self.stdout.write(f"{course.key}: published as revision {revision.number}")
