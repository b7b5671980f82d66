"""What a mail's text may name in braces: a fixed list for each kind, each with an explanation and an example."""

from dataclasses import dataclass
from functools import cache

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from reminders.models import MailKind


@dataclass(frozen=True)
class Variable:
    """`may_lack`: for some duties there is no such value; what stands around it is then left out."""

    name: str
    explained: str | Promise
    polish: str
    english: str
    may_lack: bool = False

    @property
    def written(self) -> str:
        return f"{{{self.name}}}"

    def example(self, language: str) -> str:
        return self.polish if language == "pl" else self.english


FIRST_NAME = Variable("first_name", _("first name of who gets the mail"), "Ewa", "Ewa", may_lack=True)
COURSE = Variable("course", _("title of the course"), "Pięć zasad", "Five rules")
MINUTES = Variable(
    "minutes", _("how long the course takes, as it stands after “about”"), "15 minut", "15 minutes", True
)
DUE_WORDS = Variable("due_words", _("how far the due date is"), "za 6 dni", "in 6 days", True)
DUE_DATE = Variable(
    "due_date", _("the due date"), "piątek, 28 listopada 2025", "Friday, 28 November 2025", may_lack=True
)
ASSIGNED_ON = Variable("assigned_on", _("day of the assignment"), "3 listopada 2025", "3 November 2025")
MANAGER = Variable("manager", _("the person’s manager"), "Jan Kowalski", "Jan Kowalski", may_lack=True)
SENDER = Variable("manager", _("who sent the nudge"), "Jan Kowalski", "Jan Kowalski", may_lack=True)
CONTACT = Variable("contact", _("whom to ask"), "kadry@firma.example", "hr@company.example", may_lack=True)
APPOINTMENT = Variable(
    "appointment",
    _("when the quarter of an hour is that the mail proposes for the calendar; only while that moment is ahead"),
    "czwartek, 27 listopada, 10:00",
    "Thursday, 27 November, 10:00",
    may_lack=True,
)
COMPLETED_ON = Variable("completed_on", _("day of the completion"), "20 listopada 2025", "20 November 2025")
VALID_UNTIL = Variable(
    "valid_until", _("last day on which the completion counts"), "20 listopada 2026", "20 November 2026", may_lack=True
)
CERTIFICATE = Variable("certificate", _("number of the certificate"), "7K2M-9QXD-4TBN", "7K2M-9QXD-4TBN")
EXPIRES_ON = Variable(
    "expires_on", _("last day on which the earlier completion counts"), "20 grudnia 2025", "20 December 2025", True
)
PEOPLE_LISTED = Variable("people", _("how many people the mail is about, with the word"), "3 osoby", "3 people")
PEOPLE_OVERDUE = Variable("people", _("how many people are overdue, with the word"), "3 osoby", "3 people")
NUMBER = Variable("number", _("the same as a bare number"), "3", "3")
DUE_SOON = Variable("due_soon", _("how many people are due within seven days"), "2 osoby", "2 people", may_lack=True)
COMPLETED = Variable("completed", _("how many completed in the last seven days"), "5 osób", "5 people", may_lack=True)
SINCE = Variable("since", _("the first of the last seven days"), "21 listopada 2025", "21 November 2025")

DUTY = (FIRST_NAME, COURSE, MINUTES, DUE_WORDS, DUE_DATE, ASSIGNED_ON, MANAGER, CONTACT)
DIGEST = (FIRST_NAME, PEOPLE_OVERDUE, NUMBER, DUE_SOON, COMPLETED, SINCE, CONTACT)
ALLOWED: dict[str, tuple[Variable, ...]] = {
    MailKind.ASSIGNED: (*DUTY, APPOINTMENT),
    MailKind.BEFORE: (*DUTY, APPOINTMENT),
    MailKind.OVERDUE: DUTY,
    MailKind.DONE: (FIRST_NAME, COURSE, COMPLETED_ON, VALID_UNTIL, CERTIFICATE, MANAGER, CONTACT),
    MailKind.EXPIRING: (*DUTY, EXPIRES_ON),
    MailKind.NUDGE: tuple(SENDER if variable is MANAGER else variable for variable in DUTY),
    MailKind.ESCALATION: (FIRST_NAME, PEOPLE_LISTED, NUMBER, CONTACT),
    MailKind.DIGEST: DIGEST,
    MailKind.DIGEST_HR: DIGEST,
}


@cache
def allowed_in(kind: str) -> dict[str, Variable]:
    return {variable.name: variable for variable in ALLOWED[kind]}
