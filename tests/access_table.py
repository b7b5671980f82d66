"""Who may open which address: one row per URL name, the single source for the test and for docs/permissions.

A row maps a URL name (namespaced) to the expected status of a GET for each actor of the cast, in the order of ACTORS:
stranger, employee, colleague, manager, hr, editor, sysadmin. 302 for a stranger means "sent to sign in".
`arguments` builds the URL's arguments from the cast and the course (a colleague is in another department than the
employee, and the objects belong to the employee). `post` repeats the row for an empty POST where the view takes POST
only. Each slice adds its rows here; test_access.py fails for a route that is in no row.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from accounts.models import RosterImport
from reminders.models import Bounce, Kind, MailKind, PlanStep, Reminder, ReminderPlan
from tests.factories import NOW
from training.models import AssignmentRule, Leave, Waiver

Statuses = tuple[int, int, int, int, int, int, int]


@dataclass(frozen=True)
class Row:
    url_name: str
    statuses: Statuses
    arguments: Callable[[Any], dict[str, Any]] | None = None
    method: str = "get"
    data: dict[str, Any] = field(default_factory=dict)


PUBLIC: Statuses = (200, 200, 200, 200, 200, 200, 200)
SIGNED_IN: Statuses = (302, 200, 200, 200, 200, 200, 200)
HR_ONLY: Statuses = (302, 404, 404, 404, 200, 404, 404)
EDITOR_ONLY: Statuses = (302, 404, 404, 404, 404, 200, 404)
SYSADMIN_ONLY: Statuses = (302, 404, 404, 404, 404, 404, 200)

KEEPERS: Statuses = (302, 404, 404, 404, 200, 404, 200)
ALREADY_IN: Statuses = (200, 302, 302, 302, 302, 302, 302)
NOT_THERE: Statuses = (302, 404, 404, 404, 404, 404, 404)

HR_AND_MANAGER: Statuses = (302, 404, 404, 200, 200, 404, 404)
HR_MOVES: Statuses = (302, 404, 404, 404, 302, 404, 404)
OWN_ONLY: Statuses = (302, 200, 404, 404, 404, 404, 404)
OWN_MOVES: Statuses = (302, 302, 404, 404, 404, 404, 404)


def cycle(cast: Any) -> dict[str, Any]:
    return {"cycle_id": cast.cycle.pk}


def certificate(cast: Any) -> dict[str, Any]:
    return {"code": cast.completion.certificate_code}


def employee(cast: Any) -> dict[str, Any]:
    return {"pk": cast.employee.pk}


def shops(cast: Any) -> dict[str, Any]:
    return {"pk": cast.shops.pk}


def manager_grant(cast: Any) -> dict[str, Any]:
    return {"pk": cast.manager.grants.get().pk}


def roster_of_hr(cast: Any) -> dict[str, Any]:
    content = "e-mail;first name;last name;department;manager e-mail;language;start date\n"
    content += "new@example.com;Ewa;Nowa;Firma;;pl;\n"
    roster = RosterImport.objects.create(
        uploaded_by=cast.hr, uploaded_at=NOW, filename="roster.csv", content=content.encode(), sha256="0" * 64
    )
    return {"pk": roster.pk}


def wrong_reset_key(cast: Any) -> dict[str, Any]:
    return {"uidb36": "1", "key": "wrong-key"}


def rule(cast: Any) -> dict[str, Any]:
    made = AssignmentRule.objects.create(course=cast.course, due_basis="none", created_by=cast.hr, created_at=NOW)
    return {"pk": made.pk}


def waiver(cast: Any) -> dict[str, Any]:
    return {"pk": Waiver.objects.create(cycle=cast.cycle, reason="elsewhere", by=cast.hr, at=NOW).pk}


def leave(cast: Any) -> dict[str, Any]:
    made = Leave.objects.create(person=cast.employee, starts_on=NOW.date(), reason="parental", by=cast.hr, at=NOW)
    return {"pk": made.pk}


def bounce(cast: Any) -> dict[str, Any]:
    mail = Reminder.objects.create(
        plan=ReminderPlan.objects.get(standard=True),
        kind=Kind.NUDGE,
        text=MailKind.NUDGE,
        cycle=cast.cycle,
        person=cast.employee,
        occurs_on=NOW.date(),
        planned_at=NOW,
        not_before=NOW,
    )
    made = Bounce.objects.create(person=cast.employee, email=cast.employee.email, reminder=mail, at=NOW)
    return {"bounce_id": made.pk}


def mail_kind(cast: Any) -> dict[str, Any]:
    return {"kind": "assigned"}


STUDIO: Statuses = (302, 404, 404, 404, 404, 200, 200)
STUDIO_MOVES: Statuses = (302, 404, 404, 404, 404, 302, 404)
STUDIO_CONFLICT: Statuses = (302, 404, 404, 404, 404, 409, 404)
STUDIO_REFUSED: Statuses = (302, 404, 404, 404, 404, 400, 404)


def course_of(cast: Any) -> dict[str, Any]:
    return {"course_key": cast.course.key}


def lesson_of(cast: Any) -> dict[str, Any]:
    return course_of(cast) | {"lesson_key": "rule-1"}


def scenario_of(cast: Any) -> dict[str, Any]:
    return course_of(cast) | {"scenario_key": "rule-1"}


def place_of(cast: Any) -> dict[str, Any]:
    return scenario_of(cast) | {"place_key": "first"}


def revision_of(cast: Any) -> dict[str, Any]:
    return course_of(cast) | {"number": 1}


HR_REFUSED: Statuses = (302, 404, 404, 404, 400, 404, 404)


def plan_of(cast: Any) -> dict[str, Any]:
    """A plan that no course has, with two steps."""
    return {"plan_id": step_of(cast)["plan_id"]}


def step_of(cast: Any) -> dict[str, Any]:
    plan = ReminderPlan.objects.create(name=f"Small plan {ReminderPlan.objects.count()}", weekdays=[0])
    steps = [PlanStep(plan=plan, anchor="due", offset_days=days, text="overdue", since=NOW.date()) for days in (1, 2)]
    return {"plan_id": plan.pk, "step_id": PlanStep.objects.bulk_create(steps)[0].pk}


ROWS: list[Row] = [
    Row("healthz", (503,) * 7),
    Row("healthz_reminders", (503,) * 7),
    Row("training:home", SIGNED_IN),
    Row("training:resume", OWN_ONLY, cycle),
    Row("training:start", OWN_MOVES, cycle, "post"),
    Row("training:step", OWN_ONLY, lambda cast: cycle(cast) | {"slug": "lesson-rule-1"}),
    Row("training:step", OWN_MOVES, lambda cast: cycle(cast) | {"slug": "lesson-rule-1"}, "post"),
    Row("training:review", OWN_ONLY, lambda cast: cycle(cast) | {"scenario_key": "final"}),
    Row("training:certificate", (302, 200, 404, 404, 200, 404, 404), certificate),
    Row("training:certificate_pdf", (302, 200, 404, 404, 200, 404, 404), certificate),
    Row("training:publish", EDITOR_ONLY, lambda cast: {"course_key": "small"}),
    Row("training:publish", (302, 404, 404, 404, 404, 400, 404), lambda cast: {"course_key": "small"}, "post"),
    Row("training:verify_form", PUBLIC),
    Row("training:verify", PUBLIC, certificate),
    Row("account_login", ALREADY_IN),
    Row("account_login", ALREADY_IN, method="post"),
    Row("account_request_login_code", ALREADY_IN),
    Row("account_confirm_login_code", (302,) * 7),
    Row("account_logout", SIGNED_IN),
    Row("account_logout", (302,) * 7, method="post"),
    Row("account_inactive", PUBLIC),
    Row("account_signup", (404,) * 7),
    Row("account_signup", (404,) * 7, method="post", data={"email": "x@example.com"}),
    Row("account_reauthenticate", SIGNED_IN),
    Row("account_change_password", SIGNED_IN),
    Row("account_set_password", (302,) * 7),
    Row("account_reset_password", PUBLIC),
    Row("account_reset_password_done", PUBLIC),
    Row("account_reset_password_from_key", PUBLIC, wrong_reset_key),
    Row("account_reset_password_from_key_done", PUBLIC),
    Row("mfa_index", SIGNED_IN),
    Row("mfa_authenticate", (302,) * 7),
    Row("mfa_reauthenticate", (302,) * 7),
    Row("mfa_activate_totp", (302,) * 7),
    Row("mfa_deactivate_totp", NOT_THERE),
    Row("mfa_view_recovery_codes", NOT_THERE),
    Row("mfa_generate_recovery_codes", (302,) * 7),
    Row("mfa_download_recovery_codes", NOT_THERE),
    Row("mfa_list_webauthn", SIGNED_IN),
    Row("mfa_add_webauthn", (302,) * 7),
    Row("mfa_reauthenticate_webauthn", (302,) * 7),
    Row("mfa_remove_webauthn", (302,) * 7, lambda cast: {"pk": 1}),
    Row("mfa_edit_webauthn", (302,) * 7, lambda cast: {"pk": 1}),
    Row("mfa_login_webauthn", (302,) * 7),
    Row("accounts:people", KEEPERS),
    Row("accounts:invite", KEEPERS),
    Row("accounts:invite", KEEPERS, method="post"),
    Row("accounts:person", KEEPERS, employee),
    Row("accounts:person", KEEPERS, employee, "post"),
    Row("accounts:move_person", KEEPERS, employee, "post"),
    Row("accounts:mark_left", KEEPERS, employee, "post"),
    Row("accounts:take_back", KEEPERS, employee, "post"),
    Row("accounts:departments", KEEPERS),
    Row("accounts:create_department", KEEPERS, method="post"),
    Row("accounts:department", KEEPERS, shops),
    Row("accounts:department", KEEPERS, shops, "post"),
    Row("accounts:move_department", (302, 404, 404, 404, 302, 404, 302), shops, "post"),
    Row("accounts:roles", KEEPERS),
    Row("accounts:roles", KEEPERS, method="post"),
    Row("accounts:revoke_role", (302, 404, 404, 404, 302, 404, 404), manager_grant, "post"),
    Row("accounts:roster", KEEPERS),
    Row("accounts:roster", KEEPERS, method="post"),
    Row("accounts:roster_preview", HR_ONLY, roster_of_hr),
    Row("accounts:roster_preview", HR_ONLY, roster_of_hr, "post"),
    Row("accounts:audit", KEEPERS),
    Row("accounts:profile", SIGNED_IN),
    Row("accounts:language", (302,) * 7, method="post"),
    Row("dashboards:overview", HR_AND_MANAGER),
    Row("dashboards:people", HR_AND_MANAGER),
    Row("dashboards:people_csv", HR_AND_MANAGER),
    Row("dashboards:departments_csv", HR_AND_MANAGER),
    Row("duties:assign", HR_ONLY),
    Row("duties:assign", HR_ONLY, method="post"),
    Row("duties:rules", HR_ONLY),
    Row("duties:end_rule", HR_MOVES, rule, "post"),
    Row("duties:person", HR_AND_MANAGER, lambda cast: {"pk": cast.employee.pk}),
    Row("duties:extend", HR_ONLY, lambda cast: {"pk": cast.cycle.pk}),
    Row("duties:waive", HR_ONLY, lambda cast: {"pk": cast.cycle.pk}),
    Row("duties:end_waiver", HR_MOVES, waiver, "post"),
    Row("duties:put_on_leave", HR_ONLY, lambda cast: {"pk": cast.employee.pk}),
    Row("duties:end_leave", HR_ONLY, leave),
    Row("reminders:ledger", (302, 404, 404, 404, 200, 404, 200)),
    Row("reminders:tomorrow", HR_ONLY),
    Row("reminders:person", HR_ONLY, lambda cast: {"person_id": cast.employee.pk}),
    Row("reminders:decide", (302, 404, 404, 404, 404, 404, 404), lambda cast: {"reminder_id": 0}),
    Row("reminders:decide", (302, 404, 404, 404, 404, 404, 404), lambda cast: {"reminder_id": 0}, "post"),
    Row("reminders:texts", HR_ONLY),
    Row("reminders:text_edit", HR_ONLY, mail_kind),
    Row("reminders:text_edit", (302, 404, 404, 404, 400, 404, 404), mail_kind, "post"),
    Row("reminders:text_html", HR_ONLY, mail_kind),
    Row("reminders:text_back", (302, 404, 404, 404, 400, 404, 404), mail_kind, "post"),
    Row("reminders:plans", HR_ONLY),
    Row("reminders:plan_new", HR_ONLY),
    Row("reminders:plan_new", HR_REFUSED, method="post"),
    Row("reminders:plan", HR_ONLY, plan_of),
    Row("reminders:plan_rename", HR_ONLY, plan_of),
    Row("reminders:plan_rename", HR_REFUSED, plan_of, "post"),
    Row("reminders:plan_hours", HR_ONLY, plan_of),
    Row("reminders:plan_hours", HR_REFUSED, plan_of, "post"),
    Row("reminders:plan_give", HR_ONLY, plan_of),
    Row("reminders:plan_give", HR_REFUSED, plan_of, "post"),
    Row("reminders:plan_delete", HR_ONLY, plan_of),
    Row("reminders:plan_delete", HR_REFUSED, plan_of, "post"),
    Row("reminders:step_new", HR_ONLY, plan_of),
    Row("reminders:step_new", HR_REFUSED, plan_of, "post"),
    Row("reminders:step_change", HR_ONLY, step_of),
    Row("reminders:step_change", HR_REFUSED, step_of, "post"),
    Row("reminders:step_remove", HR_ONLY, step_of),
    Row("reminders:step_remove", HR_REFUSED, step_of, "post"),
    Row("reminders:addresses", HR_ONLY),
    Row("reminders:clear_bounce", HR_MOVES, bounce, "post"),
    Row("reminders:nudge", (302, 404, 404, 302, 302, 404, 404), cycle, "post"),
    Row("courses:studio", STUDIO),
    Row("courses:markdown", (302, 404, 404, 404, 404, 200, 404), None, "post"),
    Row("courses:course", STUDIO, course_of),
    Row("courses:frame", STUDIO, course_of),
    Row("courses:frame", STUDIO_CONFLICT, course_of, "post"),
    Row("courses:lesson_new", STUDIO, course_of),
    Row("courses:lesson_new", STUDIO_REFUSED, course_of, "post"),
    Row("courses:lesson", STUDIO, lesson_of),
    Row("courses:lesson", STUDIO_REFUSED, lesson_of, "post"),
    Row("courses:lesson_move", STUDIO_MOVES, lesson_of, "post"),
    Row("courses:lesson_remove", STUDIO, lesson_of),
    Row("courses:lesson_remove", STUDIO_MOVES, lesson_of, "post"),
    Row("courses:scenario", STUDIO, scenario_of),
    Row("courses:scenario", STUDIO_REFUSED, scenario_of, "post"),
    Row("courses:place", STUDIO, place_of),
    Row("courses:place", STUDIO_REFUSED, place_of, "post"),
    Row("courses:place_new", STUDIO, scenario_of),
    Row("courses:place_new", STUDIO_REFUSED, scenario_of, "post"),
    Row("courses:place_remove", STUDIO, place_of),
    Row("courses:place_remove", STUDIO_REFUSED, place_of, "post"),
    Row("courses:preview_lesson", STUDIO, lesson_of),
    Row("courses:preview_scenario", STUDIO, scenario_of),
    Row("courses:revisions", STUDIO, course_of),
    Row("courses:compare", STUDIO, course_of),
    Row("courses:revision_restore", STUDIO, revision_of),
    Row("courses:revision_restore", STUDIO_CONFLICT, revision_of, "post"),
    Row("courses:media", (302, 404, 404, 404, 404, 404, 404), lambda cast: {"sha256": "0" * 64}),
]
