"""Scheduled work on accounts; harmless when it runs twice or late, because it looks at the present state only."""

from django.utils import timezone

from celery import shared_task

from accounts.roles import end_roles_of_the_gone


@shared_task
def tick() -> None:
    """Departures recorded ahead: their roles end on the day."""
    end_roles_of_the_gone(now=timezone.now(), today=timezone.localdate())
