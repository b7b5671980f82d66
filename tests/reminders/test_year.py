"""Four hundred days in five time zones against a model: what the pipeline mails is what a few lines of Python say.

The days hold both clock changes, 29 February and the public holidays; ticks come at any time, or not for three days,
and once the clock goes back an hour. People finish, leave, go on leave, are waived and get more time meanwhile.
"""

import datetime as dt
import random
from collections import Counter
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Person
from reminders import sending
from reminders.calendar import Hours
from reminders.models import Reminder, State
from reminders.planning import plan
from tests.factories import course_document, make_course, make_person
from tests.training.walking import open_cycle, walk_to
from training import duties, progress

ZONES = ("Europe/Warsaw", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham")
FIRST, DAYS, PEOPLE = dt.date(2027, 10, 1), 400, 10
DAY = dt.timedelta(days=1)
HOURS = Hours.parse("08:00-18:00 mon-fri")


@dataclass
class Entry:
    step: str
    day: dt.date
    state: str
    not_before: dt.datetime
    number: int


@dataclass
class Duty:
    """The facts of a duty, and what the model made of them."""

    person: int
    opened_on: dt.date
    due: dt.date | None
    closed_on: dt.date | None = None
    left: dt.date | None = None
    # First and last day, and when it was entered: a mail may have gone that same day, before.
    away: list[tuple[dt.date, dt.date, dt.datetime]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def silent(self, day: dt.date, at: dt.datetime | None = None) -> bool:
        """On leave or waived that day, by what was known at the given moment."""
        return any(first <= day <= last and (at is None or since <= at) for first, last, since in self.away)


class Model:
    """The rules of planning and sending, in as few lines as they can be said in."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone, self.duties = zone, []
        self.sent: list[tuple[int, str, dt.date, dt.datetime]] = []
        self.written = 0

    def tick(self, now: dt.datetime) -> None:
        today = now.astimezone(self.zone).date()
        self.settle(today)
        for duty in self.duties:
            for newest_first, (day, step) in enumerate(self.occurrences(duty, today)):
                if not any((e.step, e.day) == (step, day) for e in duty.entries):
                    self.write(duty, step, day, newest_first, today, now)
        self.settle(today)
        if HOURS.is_open(now, self.zone):
            self.send(now, today)

    def settle(self, today: dt.date) -> None:
        for duty in self.duties:
            for e in [e for e in duty.entries if e.state == "waiting" and self.lapsed(duty, e, today)]:
                e.state = "silent" if duty.silent(today) else "lapsed"

    def occurrences(self, duty: Duty, today: dt.date) -> list[tuple[dt.date, str]]:
        if duty.left and duty.left <= today:
            return []
        if duty.closed_on:
            return [(duty.closed_on, "completed 0")] if duty.closed_on > today - 35 * DAY else []
        held_back = duty.entries and all(e.state == "silent" for e in duty.entries) and not duty.silent(today)
        found = [(today if held_back else duty.opened_on, "assigned 0")]
        if duty.due:
            days = {-7: "due -7", -1: "due -1"} | {1 + 7 * n: "due 1" for n in range(60)}
            found += [(duty.due + n * DAY, step) for n, step in days.items() if duty.due + n * DAY > duty.opened_on]
        return sorted((o for o in found if o[0] <= today), reverse=True)

    def write(self, duty: Duty, step: str, day: dt.date, older: int, today: dt.date, now: dt.datetime) -> None:
        if older and day < today - 35 * DAY:
            return
        later = any(e.day >= day and e.state in ("waiting", "sent") for e in duty.entries)
        if step != "completed 0" and (older or later):
            state = "lapsed"
        elif step != "completed 0" and duty.silent(today):
            state = "silent"
        else:
            opens = HOURS.next_opening(now, self.zone).astimezone(self.zone).date()
            state = "waiting" if day >= opens - 14 * DAY else "lapsed"
        self.written += 1
        duty.entries.append(Entry(step, day, state, HOURS.next_opening(now, self.zone), self.written))

    def lapsed(self, duty: Duty, e: Entry, today: dt.date) -> bool:
        if duty.left and duty.left <= today:
            return True
        if e.step == "completed 0":
            return False
        newer = any(other.day > e.day and other.state in ("waiting", "sent") for other in duty.entries)
        moved = e.step != "assigned 0" and (e.day, e.step) not in self.occurrences(duty, today)
        return bool(duty.closed_on) or duty.silent(today) or newer or moved

    def send(self, now: dt.datetime, today: dt.date) -> None:
        waiting = [(e, duty.person) for duty in self.duties for e in duty.entries if e.state == "waiting"]
        for e, person in sorted(waiting, key=lambda pair: (pair[0].not_before, pair[0].number)):
            if e.not_before > now:
                continue
            if any(p == person and at.astimezone(self.zone).date() == today for p, _s, _d, at in self.sent):
                e.not_before = HOURS.opening_after(today, self.zone)
            else:
                e.state = "sent"
                self.sent.append((person, e.step, e.day, now))


def ticks(chance: random.Random, zone: ZoneInfo) -> list[dt.datetime]:
    """None to two a day at any minute; often on days when the clocks change; none for three days; and once
    the clock is set back an hour."""
    moments, gap = [], chance.randrange(40, 360)
    for number in range(DAYS):
        day = FIRST + number * DAY
        midnight = dt.datetime.combine(day, dt.time(), zone)
        changes = midnight.utcoffset() != (midnight + DAY).utcoffset()
        minutes = (
            [*range(0, 300, 30), 480, 720, 1080]
            if changes
            else sorted(chance.sample(range(1440), chance.choice((0, 1, 1, 2))))
        )
        if gap <= number < gap + 3 and not changes:
            continue
        moments += [midnight.astimezone(dt.UTC) + dt.timedelta(minutes=minute) for minute in minutes]
    back = chance.randrange(100, len(moments))
    return [*moments[:back], moments[back] - dt.timedelta(hours=1), *moments[back:]]


class World:
    """The same facts in the database and in the model, and what happens to them at which tick."""

    def __init__(self, cast, courses, zone: ZoneInfo, chance: random.Random) -> None:
        self.cast, self.courses, self.zone, self.chance, self.model = cast, courses, zone, chance, Model(zone)
        self.cycles = []
        self.happens: dict[int, list] = {}

    def day_of(self, now: dt.datetime) -> dt.date:
        return now.astimezone(self.zone).date()

    def fill(self, number_of_ticks: int) -> None:
        for number in range(PEOPLE):
            begins = self.chance.randrange(0, number_of_ticks // 2)
            person = make_person(self.cast.shops)
            courses = self.courses if number % 3 == 0 else self.courses[:1]
            self.happens.setdefault(begins, []).append(lambda now, p=person, c=courses: self.open(now, p, c))
            fate = ("finish", "leave", "away", "waive", "extend")[number % 5]
            later = begins + self.chance.randrange(1, 160)
            self.happens.setdefault(later, []).append(lambda now, p=person, f=fate: getattr(self, f)(now, p))

    def open(self, now, person, courses) -> None:
        for course in courses:
            due = self.day_of(now) + self.chance.randrange(3, 70) * DAY if self.chance.random() < 0.9 else None
            self.cycles.append(open_cycle(course, person, now=now, due_on=due))
            self.model.duties.append(Duty(person.pk, self.day_of(now), due))

    def of(self, person):
        """The person's open duties with what the model knows of them."""
        pairs = zip(self.cycles, self.model.duties, strict=True)
        return [(cycle, duty) for cycle, duty in pairs if cycle.person_id == person.pk and not duty.closed_on]

    def finish(self, now, person) -> None:
        cycle, duty = self.of(person)[0]
        started = progress.start(cycle, now=now)
        walk_to(started, "acknowledgement", now=now)
        progress.acknowledge(started, agreed=True, name=person.name, language=person.language, now=now)
        duty.closed_on = self.day_of(now)

    def leave(self, now, person) -> None:
        Person.objects.filter(pk=person.pk).update(left_on=self.day_of(now))
        for _cycle, duty in self.of(person):
            duty.left = self.day_of(now)

    def away(self, now, person) -> None:
        first = self.day_of(now)
        last = first + self.chance.randrange(1, 50) * DAY
        duties.put_on_leave(person, starts_on=first, ends_on=last, reason="x", by=self.cast.hr, now=now)
        for cycle, duty in self.of(person):
            cycle.refresh_from_db()
            duty.away.append((first, last, now))
            duty.due = cycle.due_on

    def waive(self, now, person) -> None:
        first = self.day_of(now)
        last = first + self.chance.randrange(1, 50) * DAY
        for cycle, duty in self.of(person):
            duties.waive(cycle, reason="x", until=last, by=self.cast.hr, now=now)
            duty.away.append((first, last, now))

    def extend(self, now, person) -> None:
        for cycle, duty in self.of(person):
            later = max(cycle.due_on or FIRST, self.day_of(now)) + self.chance.randrange(1, 40) * DAY
            if cycle.due_on:
                duties.extend(cycle, new_due_on=later, reason="x", by=self.cast.hr, now=now)
                duty.due = later


def deliver(now: dt.datetime) -> None:
    """What the workers do while mails may go out, with a server that takes everything."""
    while Reminder.objects.due(now).exists() and (batch := sending.claim(now=now)).seen:
        for held in batch.claims:
            if sending.commit(held, now=now):
                sending.settle(held, State.SENT, now=now, reply="250 taken")


@pytest.mark.parametrize("zone_name", ZONES)
def test_four_hundred_days_go_as_the_model_says(zone_name, cast, course, settings):
    settings.TIME_ZONE = zone_name
    zone, chance = ZoneInfo(zone_name), random.Random(f"year in {zone_name}")
    moments = ticks(chance, zone)
    world = World(cast, [course, make_course(course_document("other"), by=cast.editor)], zone, chance)
    world.fill(len(moments))
    for number, now in enumerate(moments):
        for change in world.happens.pop(number, []):
            change(now)
        plan(now=now)
        deliver(now)
        world.model.tick(now)
    assert not world.happens
    assert_as_the_model_says(world)
    assert_promises(world)


def assert_as_the_model_says(world: World) -> None:
    rows = Reminder.objects.filter(state=State.SENT).select_related("step").order_by("settled_at", "pk")
    mailed = [(r.person_id, f"{r.step.anchor} {r.step.offset_days}", r.occurs_on, r.settled_at) for r in rows]
    assert Counter(mailed) == Counter(world.model.sent)
    assert len(mailed) > 3 * PEOPLE


def assert_promises(world: World) -> None:
    """What must hold whatever the model says."""
    sent = Reminder.objects.filter(state=State.SENT).select_related("step")
    assert max(Counter((r.cycle_id, r.step_id, r.occurs_on) for r in sent).values()) == 1
    assert max(Counter((r.person_id, world.day_of(r.settled_at)) for r in sent).values()) == 1
    assert all(HOURS.is_open(r.settled_at, world.zone) for r in sent)
    known = dict(zip((cycle.pk for cycle in world.cycles), world.model.duties, strict=True))
    for mail in sent:
        duty, day = known[mail.cycle_id], world.day_of(mail.settled_at)
        assert not duty.left or day < duty.left
        if mail.step.anchor != "completed":
            assert not duty.silent(day, mail.settled_at)
            assert not duty.closed_on or day <= duty.closed_on
