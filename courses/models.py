"""Courses, their drafts, their immutable revisions and their media."""

from functools import lru_cache
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from courses.document import CourseDocument, Frame, Lesson, read_course, read_frame, read_lesson
from quizzes.document import Scenario, read_scenario


class Course(models.Model):
    """A course: its draft frame (title, pass mark, …) and a pointer to the revision that new learners get."""

    key = models.SlugField(max_length=60, unique=True)
    frame = models.JSONField(help_text="courses.document.Frame")
    version = models.PositiveIntegerField(default=1, help_text="Refuses a lost update of the frame.")
    current = models.ForeignKey(
        "CourseRevision", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("published revision")
    )
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key

    def read(self) -> Frame:
        return read_frame(self.frame)

    def title_in(self, language: str) -> str:
        """The published title, or the draft's while nothing is published."""
        document = self.current.document if self.current else self.frame
        title = document.get("title", {})
        return title.get(language) or title.get("pl") or title.get("en") or self.key


class Draft(models.Model):
    """One part of a course under edit. `version` grows by one with each save; a save names the version it read."""

    course = models.ForeignKey(Course, models.PROTECT)
    key = models.SlugField(max_length=60)
    document = models.JSONField()
    version = models.PositiveIntegerField(default=1)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.key


class LessonDraft(Draft):
    course = models.ForeignKey(Course, models.PROTECT, related_name="lesson_drafts")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["course", "key"], name="lesson_draft_key_once"),
            models.UniqueConstraint(
                fields=["course", "position"], name="lesson_draft_position_once", deferrable=models.Deferrable.DEFERRED
            ),
        ]

    def read(self) -> Lesson:
        return read_lesson(self.document)


class ScenarioDraft(Draft):
    course = models.ForeignKey(Course, models.PROTECT, related_name="scenario_drafts")

    class Meta:
        ordering: ClassVar = ["key"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["course", "key"], name="scenario_draft_key_once")]

    def read(self) -> Scenario:
        return read_scenario(self.document)


class ChangeKind(models.TextChoices):
    MINOR = "minor", _("minor change")
    MAJOR = "major", _("major change")


class CourseRevision(models.Model):
    """A published version: one document, hashed, never changed again (held by a trigger)."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    document = models.JSONField(help_text="courses.document.CourseDocument")
    content_hash = models.CharField(max_length=64)
    pass_mark = models.PositiveSmallIntegerField()
    change_kind = models.CharField(max_length=5, choices=ChangeKind.choices)
    reason = models.TextField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["course", "number"], name="revision_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="revision_number_from_one"),
            models.CheckConstraint(
                condition=Q(pass_mark__gte=1, pass_mark__lte=100), name="revision_pass_mark_percent"
            ),
            models.CheckConstraint(condition=Q(change_kind__in=ChangeKind.values), name="revision_change_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.course.key} {self.number}"

    @property
    def content(self) -> CourseDocument:
        """The typed document; parsed once per process and revision, because a revision never changes."""
        return revision_content(self.pk)


@lru_cache(maxsize=64)
def revision_content(revision_id: int) -> CourseDocument:
    """The document of a revision by its id, without loading the JSON again once it is known."""
    return read_course(CourseRevision.objects.values_list("document", flat=True).get(pk=revision_id))


class Media(models.Model):
    """An image by the SHA-256 of its bytes, so that an old revision keeps its pictures and none is stored twice."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    content_type = models.CharField(max_length=40)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    file = models.FileField(upload_to="course-media")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.sha256
