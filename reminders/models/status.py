"""How the pipeline is, in the database, so that neither a wiped broker nor a second worker forgets it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class PipelineStatus(models.Model):
    """One row: the last tick, and the circuit towards the mail server.

    `failures` counts connections in a row that failed. While `open_until` is ahead nobody talks to the server.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    last_tick_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    open_until = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="pipeline_status_one_row")]
