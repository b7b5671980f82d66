"""What mails to managers and HR tell: who, where, how late, and what has changed. Status only, no results.

Everything is counted when the mail is written, inside the recipient's care (overdue.py), in the same number of queries
for three people and for three thousand.
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, F, Func, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from babel.dates import format_date

from accounts.models import Person
from accounts.values import PATH_SEPARATOR
from courses.models import Course, revision_content
from reminders import overdue
from reminders.models import MailKind, Reminder
from reminders.wording import one_line
from training.models import CycleQuerySet
from training.words import due_in_words

WEEK = dt.timedelta(7)
MOST_LINES = 25
MOST_DEPARTMENTS = MOST_LONGEST = 10
MOST_NAMES = 5
BY_NAME = (
    Func(Lower("person__last_name"), function="unaccent"),
    Func(Lower("person__first_name"), function="unaccent"),
    "pk",
)


@dataclass(frozen=True)
class Line:
    """`when`: such as “3 days overdue”."""

    name: str
    department: str
    course: str
    when: str


@dataclass(frozen=True)
class List:
    """`more`: how many lines there are beyond these."""

    heading: str
    lines: list[Line]
    more: int

    @property
    def rest(self) -> str:
        return and_more(self.more)


@dataclass(frozen=True)
class Change:
    """Such as “Completed”, 7, and some of the names."""

    label: str
    number: int
    names: str

    @property
    def people(self) -> str:
        return people_in_words(self.number)


@dataclass(frozen=True)
class DepartmentLine:
    path: str
    overdue: int
    due_soon: int
    completed: int

    @property
    def name(self) -> str:
        return self.path.rpartition(PATH_SEPARATOR)[2]

    @property
    def above(self) -> str:
        return self.path.rpartition(PATH_SEPARATOR)[0]


@dataclass
class Report:
    """`number` people are overdue, or of an escalation: are listed. `path`: where the button leads."""

    path: str
    to_hr: bool
    number: int = 0
    due_soon: int = 0
    lists: list[List] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    departments: list[DepartmentLine] = field(default_factory=list)
    more_departments: int = 0

    @property
    def rest(self) -> str:
        return and_more(self.more_departments)

    @property
    def news(self) -> list[Change]:
        return [change for change in self.changes if change.number]


def notice_values(report: Report, first_name: str, day: dt.date) -> dict[str, str]:
    """Of every variable that a mail to managers or HR may name."""
    completed = report.changes[0].number if report.changes else 0
    return {
        "first_name": one_line(first_name),
        "people": people_in_words(report.number),
        "number": str(report.number),
        "due_soon": people_in_words(report.due_soon) if report.due_soon else "",
        "completed": people_in_words(completed) if completed else "",
        "since": format_date(day - WEEK, "d MMMM y", locale=get_language() or "pl"),
        "contact": one_line(settings.HR_CONTACT),
    }


def report_of(notice: Reminder, *, today: dt.date) -> Report:
    """In the active language."""
    if notice.text == MailKind.ESCALATION:
        return of_duties(overdue.still_open(notice, today=today), notice.person, today)
    return of_week(notice.person, notice.occurs_on, today, by_department=notice.text == MailKind.DIGEST_HR)


def of_duties(duties: CycleQuerySet, recipient: Person, today: dt.date) -> Report:
    """Whom an escalation is about."""
    counted = duties.aggregate(lines=Count("pk"), number=Count("person", distinct=True))
    everybody = listed("", duties, counted["lines"], MOST_LINES, today)
    path = list_of_people(duties.filter(due_on__lt=today))
    return Report(path, recipient.is_hr, number=counted["number"], lists=[everybody])


def of_week(recipient: Person, day: dt.date, today: dt.date, *, by_department: bool) -> Report:
    """The week before `day`, as things stand on `today`."""
    since = day - WEEK
    duties = overdue.duties_in_care_of(recipient, today)
    finished = overdue.finished_in_care_of(recipient, since=since, before=day, today=today)
    late, soon = duties.filter(is_late(today)), duties.filter(is_due_soon(today))
    counted = duties.aggregate(
        late=Count("pk", filter=is_late(today)),
        number=Count("person", filter=is_late(today), distinct=True),
        soon=Count("pk", filter=is_due_soon(today)),
        due_soon=Count("person", filter=is_due_soon(today), distinct=True),
    )
    changes = [
        change(pgettext("weekly digest", "With the course completed"), finished),
        change(pgettext("weekly digest", "Newly overdue"), late.filter(due_on__gte=since)),
        change(
            pgettext("weekly digest", "With a new assignment"),
            duties.filter(opened_at__date__gte=since, opened_at__date__lt=day),
        ),
    ]
    report = Report("", recipient.is_hr, number=counted["number"], due_soon=counted["due_soon"], changes=changes)
    if by_department:
        report.path = reverse("dashboards:overview")
        report.departments, report.more_departments = departments_of(duties, finished, today)
        report.lists = [listed(_("Longest overdue"), late, counted["late"], MOST_LONGEST, today)]
    else:
        report.path = list_of_people(late)
        report.lists = [
            listed(_("Overdue"), late, counted["late"], MOST_LINES, today),
            listed(_("Due within seven days"), soon, counted["soon"], MOST_LINES, today),
        ]
    return report


def is_late(today: dt.date) -> Q:
    return Q(due_on__lt=today)


def is_due_soon(today: dt.date) -> Q:
    return Q(due_on__gte=today, due_on__lt=today + WEEK)


def listed(heading: str, duties: CycleQuerySet, number: int, most: int, today: dt.date) -> List:
    lines = lines_of(duties, most, today)
    return List(heading, lines, number - len(lines))


def lines_of(duties: CycleQuerySet, most: int, today: dt.date) -> list[Line]:
    """The longest overdue first."""
    columns = ("person__first_name", "person__last_name", "person__department__name", "course_id", "course__current_id")
    rows = duties.order_by(F("due_on").asc(nulls_last=True), *BY_NAME).values_list(*columns, "due_on")[:most]
    return [
        Line(one_line(f"{first} {last}"), named(department), title_of(*course), lateness(due_on, today))
        for first, last, department, *course, due_on in rows
    ]


def title_of(course_id: int, revision_id: int | None) -> str:
    """Of the published revision, which is parsed once per process."""
    language = get_language() or "pl"
    if revision_id:
        return revision_content(revision_id).title.in_language(language)
    return Course.objects.get(pk=course_id).title_in(language)


def lateness(due_on: dt.date | None, today: dt.date) -> str:
    if due_on is None:
        return _("no due date")
    days = (today - due_on).days
    if days > 0:
        return ngettext("%(days)d day overdue", "%(days)d days overdue", days) % {"days": days}
    return _("due %(when)s") % {"when": due_in_words(due_on, today)}


def named(department: str | None) -> str:
    return one_line(department or _("without a department"))


def and_more(number: int) -> str:
    return ngettext("and %(number)d more", "and %(number)d more", number) % {"number": number} if number > 0 else ""


def people_in_words(number: int) -> str:
    return ngettext("%(number)d person", "%(number)d people", number) % {"number": number}


def change(label: str, duties: CycleQuerySet) -> Change:
    people = Person.objects.filter(pk__in=duties.order_by().values("person"))
    number = people.count()
    names = [
        one_line(f"{first} {last}")
        for first, last in people.by_name().values_list("first_name", "last_name")[:MOST_NAMES]
    ]
    words = and_more(number - len(names))
    return Change(label, number, ", ".join(names) + (f" {words}" if words else ""))


def departments_of(duties: CycleQuerySet, finished: CycleQuerySet, today: dt.date) -> tuple[list[DepartmentLine], int]:
    """The worst first, by people overdue; and how many departments there are beyond those."""
    path = "person__department__path"
    owing = duties.order_by().values(path).annotate(
        late=Count("person", filter=is_late(today), distinct=True),
        soon=Count("person", filter=is_due_soon(today), distinct=True),
    )  # fmt: skip
    done = Counter(dict(finished.order_by().values_list(path).annotate(number=Count("person", distinct=True))))
    lines = [
        DepartmentLine(named(row[path]), row["late"], row["soon"], done[row[path]])
        for row in owing.filter(Q(late__gt=0) | Q(soon__gt=0))
    ]
    lines.sort(key=lambda line: (-line.overdue, -line.due_soon, line.path))
    return lines[:MOST_DEPARTMENTS], max(len(lines) - MOST_DEPARTMENTS, 0)


def list_of_people(duties: CycleQuerySet) -> str:
    """The page with the overdue people of the course that has most of them."""
    most = (
        duties.order_by().values("course__key").annotate(number=Count("pk")).order_by("-number", "course__key").first()
    )
    query = {"course": most["course__key"]} if most else {}
    return f"{reverse('dashboards:people')}?{urlencode(query | {'status': 'overdue'})}"
