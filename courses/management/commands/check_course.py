"""Say everything that is wrong with a course file or draft."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from courses.checks import check_course, errors
from courses.drafts import compose
from courses.files import Source, read_source
from courses.models import Course
from quizzes.problems import DocumentError


class Command(BaseCommand):
    help = (
        "Check a course (a folder, an exported JSON file, or the key of a course here); fails when there is an error."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("course", help="a path or a key")

    def handle(self, course: str, **options: Any) -> None:
        try:
            source = self.source(course)
        except DocumentError as error:
            raise CommandError(str(error)) from error
        problems = check_course(source.document, pictures=source.pictures)
        for problem in problems:
            warning = "warning: " if problem.severity == "warning" else ""
            self.stdout.write(f"{warning}{source.explain(problem)}")
        wrong = len(errors(problems))
        if wrong:
            raise CommandError(f"{wrong} errors, {len(problems) - wrong} warnings")
        self.stdout.write(f"0 errors, {len(problems)} warnings")

    def source(self, name: str) -> Source:
        if Path(name).exists():
            return read_source(name)
        course = Course.objects.filter(key=name).first()
        if course is None:
            raise CommandError(f"there is no file, folder or course {name!r}")
        return Source(compose(course))
