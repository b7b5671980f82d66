"""Addresses that do not take mail."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import Person
from reminders.models.ledger import Reminder


class BounceQuerySet(models.QuerySet["Bounce"]):
    def in_force(self) -> "BounceQuerySet":
        """Of addresses that still are their person's and that nobody has cleared."""
        return self.filter(marks=True, cleared_at=None, email=models.F("person__email"))


class Bounce(models.Model):
    """A mail that came back: refused in the SMTP dialogue, or later by a delivery status notification (RFC 3464).

    It `marks` the address when that was refused for good; the person then gets no reminders until the address changes
    or HR clears the mark. A mail that was given up for another reason (too big, taken for spam, no answer for days)
    came back without saying anything about the address. A mail sent again may come back again, but each notification
    (`source`) counts once, however often it is read; what a server said in the dialogue has no source.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="bounces")
    email = models.EmailField(max_length=254, help_text="As it was then.")
    reminder = models.ForeignKey(Reminder, models.PROTECT, related_name="bounces")
    source = models.CharField(max_length=64, blank=True)
    marks = models.BooleanField(default=True)
    status = models.CharField(max_length=12, blank=True, help_text="Enhanced status code (RFC 3463), such as 5.1.1.")
    diagnostic = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True, blank=True)
    cleared_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")

    objects = BounceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["reminder", "source"], condition=~Q(source=""), name="bounce_once_per_notification"
            ),
            models.CheckConstraint(
                condition=Q(cleared_at=None, cleared_by=None) | Q(cleared_at__isnull=False, cleared_by__isnull=False),
                name="bounce_cleared_pair",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["person"], condition=Q(marks=True, cleared_at=None), name="bounce_in_force"),
        ]
