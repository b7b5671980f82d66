"""The texts of the mails: shipped ones in reminders/texts/, changed ones here."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Language, Person


class MailKind(models.TextChoices):
    """Which text a mail has."""

    ASSIGNED = "assigned", pgettext_lazy("mail", "assigned")
    BEFORE = "before", pgettext_lazy("mail", "before the due date")
    OVERDUE = "overdue", pgettext_lazy("mail", "overdue")
    DONE = "done", pgettext_lazy("mail", "completed, with the certificate")
    EXPIRING = "expiring", pgettext_lazy("mail", "the completion expires")
    NUDGE = "nudge", pgettext_lazy("mail", "nudge from the manager")
    ESCALATION = "escalation", pgettext_lazy("mail", "escalation to managers and HR")
    DIGEST = "digest", pgettext_lazy("mail", "weekly digest for managers")
    DIGEST_HR = "digest_hr", pgettext_lazy("mail", "weekly digest for HR")


STEP_MAILS = (MailKind.ASSIGNED, MailKind.BEFORE, MailKind.OVERDUE, MailKind.EXPIRING, MailKind.DONE)
"""Texts that a step of a plan may send to the person; everybody else gets an escalation."""


class MailText(models.Model):
    """A text that HR changed; without a row the shipped one is sent. `version` refuses a lost update."""

    kind = models.CharField(max_length=12, choices=MailKind.choices)
    language = models.CharField(max_length=2, choices=Language.choices)
    subject = models.CharField(_("subject"), max_length=150)
    body = models.TextField(_("text"), max_length=4000)
    button = models.CharField(_("button"), max_length=60)
    version = models.PositiveIntegerField(default=1)
    updated_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "language"], name="mail_text_once"),
            models.CheckConstraint(condition=Q(kind__in=MailKind.values), name="mail_text_kind_known"),
            models.CheckConstraint(condition=Q(language__in=Language.values), name="mail_text_language_known"),
        ]
