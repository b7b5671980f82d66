"""Scheduled work on duties; harmless when it runs twice or late, because it looks at the present state only."""

from django.utils import timezone

from celery import shared_task

from training.assigning import apply_standing_rules, open_renewals


@shared_task
def tick() -> None:
    """Give newcomers and movers what standing rules say, and open renewals of completions that expire soon."""
    now = timezone.now()
    apply_standing_rules(now=now)
    open_renewals(now=now)
