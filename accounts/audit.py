"""Writing the audit log; called inside the transaction of the change itself."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import models

from accounts.models import AuditEvent, Person


def event(
    action: str,
    *,
    subject: models.Model | None = None,
    subject_name: str = "",
    by: Person | None,
    now: dt.datetime,
    before: Any = None,
    after: Any = None,
    **detail: Any,
) -> AuditEvent:
    """One row saying who did what to whom, not saved. `by=None` means the system itself (a schedule, a command)."""
    if before is not None or after is not None:
        detail |= {"before": before, "after": after}
    return AuditEvent(
        at=now,
        actor=by,
        actor_name=by.name if by else "",
        action=action,
        subject_type=subject._meta.model_name or "" if subject is not None else "",
        subject_id=str(subject.pk) if subject is not None else "",
        subject_name=(subject_name or str(subject or ""))[:250],
        detail=detail,
    )


def record(action: str, *, by: Person | None, now: dt.datetime, **more: Any) -> AuditEvent:
    """Write one event; takes what event() takes."""
    row = event(action, by=by, now=now, **more)
    row.save(force_insert=True)
    return row


def record_all(events: Iterable[AuditEvent]) -> list[AuditEvent]:
    """Write the events of a bulk change with one statement."""
    return AuditEvent.objects.bulk_create(events)
