"""An installation of the first version keeps its ledger: the steps that were fixed in the code become those of the
standard plan, also of mails that were sent."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

import pytest

from tests.training.walking import open_cycle


@pytest.mark.django_db(transaction=True)
def test_the_ledger_of_the_first_version_names_the_steps_of_the_standard_plan(cast, course, now):
    cycle = open_cycle(course, cast.employee, now=now)
    try:
        MigrationExecutor(connection).migrate([("reminders", "0002_transitions")])
        with connection.cursor() as cursor:
            for step, state in (("assigned", "sent"), ("before_7", "superseded"), ("overdue", "pending")):
                cursor.execute(
                    "INSERT INTO reminders_reminder (cycle_id, person_id, step, occurs_on, state, reason, message_id,"
                    " planned_at, not_before, attempts, smtp_reply) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 1, '')",
                    [cycle.pk, cast.employee.pk, step, now.date(), state, "newer" if state == "superseded" else "",
                     f"<{step}@example.com>", now, now],
                )  # fmt: skip
        executor = MigrationExecutor(connection)
        executor.migrate([("reminders", "0005_ledger_of_plans")])
        ledger = executor.loader.project_state([("reminders", "0005_ledger_of_plans")]).apps.get_model(
            "reminders", "Reminder"
        )
        found = ledger.objects.order_by("pk").values_list(
            "kind", "text", "step__anchor", "step__offset_days", "step__repeat_days", "plan__name", "state"
        )
        assert list(found) == [
            ("step", "assigned", "assigned", 0, None, "Standard", "sent"),
            ("step", "before", "due", -7, None, "Standard", "superseded"),
            ("step", "overdue", "due", 1, 7, "Standard", "pending"),
        ]
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
