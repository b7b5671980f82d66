"""The Celery application. The schedule is static and every task is harmless when it runs twice."""

import os

from django.urls import reverse

from celery import Celery, signals

from accounts.schedule import BEAT_SCHEDULE as ACCOUNTS
from config import heartbeat
from reminders.schedule import BEAT_SCHEDULE as REMINDERS
from training.schedule import BEAT_SCHEDULE as TRAINING

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("five_rules")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = {**heartbeat.SCHEDULE, **ACCOUNTS, **REMINDERS, **TRAINING}
app.autodiscover_tasks()


@signals.worker_init.connect
def get_ready(**_more: object) -> None:
    """What every child needs for its first mail is loaded once, before they fork: it takes a child half a second."""
    reverse("training:home")
