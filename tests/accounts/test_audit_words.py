"""What the audit log says: every recorded action has words."""

import re

from accounts import audit
from accounts.audit_words import ACTIONS
from accounts.models import Person
from config.messages import ROOT
from tests.factories import NOW

APPS = ("accounts", "courses", "training", "reminders")


def test_every_recorded_action_has_words_and_no_other():
    recorded = re.compile(r"audit\.(?:record|event)\(\s*\"([a-z_.]+)\"")
    sources = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    assert {action for path in sources for action in recorded.findall(path.read_text())} == set(ACTIONS)


def test_the_page_says_what_happened_in_words(cast, sign_in):
    audit.record("people.leave", subject=cast.employee, by=cast.hr, now=NOW, after={"left_on": "2026-06-01"})
    Person.objects.filter(pk=cast.hr.pk).update(language="pl")
    cast.hr.refresh_from_db()
    page = sign_in(cast.hr).get("/audit/").content.decode()
    assert all(words in page for words in ("zapisano odejście", "people.leave", "data odejścia", "2026-06-01"))
