"""The upload of a roster, its dry run, and its one transaction: all or nothing, one at a time."""

import datetime as dt
import hashlib

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.database import hold, try_hold
from accounts.models import Person, RosterImport
from accounts.refusals import Refusal
from accounts.roster.planning import Plan, load_company, make_plan
from accounts.roster.reading import read_table
from accounts.roster.rows import read_entries
from accounts.roster.writing import Applied, write


class ImportRunning(Refusal):
    reason = _("Another roster is being imported at this moment. Try again when it has finished.")


class AlreadyApplied(Refusal):
    reason = _("This roster has already been imported.")


class PlanHasProblems(Refusal):
    reason = _("The file has lines that cannot be imported. Correct them and upload it again.")


class PlanChanged(Refusal):
    reason = _("The company has changed since the page was shown, so the file would now do something else. Look again.")


class LeavingNotConfirmed(Refusal):
    reason = _("Type how many people would be marked as having left, to confirm that this is meant.")


def upload_roster(
    *,
    filename: str,
    content: bytes,
    marks_missing_as_left: bool,
    by: Person,
    now: dt.datetime,
    today: dt.date,
) -> RosterImport:
    """Keep the file for its dry run; an earlier upload by the same person that was not applied is forgotten."""
    roster = RosterImport(
        uploaded_by=by,
        uploaded_at=now,
        filename=filename.replace("\\", "/").rpartition("/")[2][-255:],
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        marks_missing_as_left=marks_missing_as_left,
    )
    roster.plan_hash = plan_roster(roster, today=today).hash
    with transaction.atomic():
        RosterImport.objects.filter(uploaded_by=by, applied_at=None).delete()
        roster.save(force_insert=True)
    return roster


def plan_roster(roster: RosterImport, *, today: dt.date, lock: bool = False) -> Plan:
    """What the file would do now. Raises a Refusal when it cannot be read at all."""
    reading = read_entries(read_table(bytes(roster.content)), today=today)
    return make_plan(
        reading,
        load_company(lock=lock),
        marks_missing_as_left=roster.marks_missing_as_left,
        uploaded_by=roster.uploaded_by_id,
        today=today,
    )


def apply_roster(
    roster: RosterImport,
    *,
    plan_hash: str,
    leaving_confirmed: int | None = None,
    by: Person,
    now: dt.datetime,
    today: dt.date,
) -> Applied:
    """Do what the dry run with `plan_hash` showed, or nothing. The file itself is not kept afterwards."""
    with transaction.atomic():
        if not try_hold("roster"):
            raise ImportRunning
        hold("managers")
        hold("departments")
        hold("addresses")
        hold("roles")
        roster = RosterImport.objects.select_for_update(of=("self",)).get(pk=roster.pk)
        if roster.applied_at:
            raise AlreadyApplied
        plan = plan_roster(roster, today=today, lock=True)
        if plan.problems:
            raise PlanHasProblems
        if plan.hash != plan_hash:
            raise PlanChanged
        if plan.many_leave and leaving_confirmed != len(plan.leaving):
            raise LeavingNotConfirmed
        applied = write(plan, roster, by=by, now=now, today=today)
        roster.plan_hash, roster.applied_at, roster.applied_by, roster.content = plan.hash, now, by, b""
        roster.save()
    return applied
