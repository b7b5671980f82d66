"""The demo company from its roster to today, reminders included."""

import datetime as dt

from config.demo import company, mails
from config.demo.history import WEEKS, Story
from courses.models import Course


def tell(course: Course, *, today: dt.date) -> None:
    """Import the people four weeks ago, assign the course to everyone, and live every day until yesterday."""
    first = today - dt.timedelta(weeks=WEEKS)
    before = dt.datetime.combine(first, dt.time(7), dt.UTC)
    hr = company.import_people(now=before, today=first)
    company.give_roles(now=before)
    story = Story(course, hr=hr, today=today)
    story.assign()
    for day in range(story.days):
        story.live(day)
        mails.live(story.clock(day, 10))
    company.set_passwords()
