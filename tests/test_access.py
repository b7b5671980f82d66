"""Every route of the site against every actor, from the one table in access_table.py."""

from collections import Counter

from django.urls import URLPattern, URLResolver, get_resolver, reverse

import pytest

from tests.access_table import ROWS, Row
from tests.cast import ACTORS
from tests.training.walking import complete

# Without a view of ours: development pages exist only with a mail sink (tests/config), and are refused otherwise.
DEVELOPMENT = {"dev_mail_list", "dev_mail_detail", "dev_mail_html"}


def route_names(patterns, prefix=""):
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            namespace = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from route_names(pattern.url_patterns, namespace)
        elif isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name}" if pattern.name else f"(nameless) {pattern.pattern}"


def test_every_route_of_the_site_is_in_the_table():
    routes = set(route_names(get_resolver().url_patterns)) - DEVELOPMENT
    listed = {row.url_name for row in ROWS}
    assert routes - listed == set(), "routes without a row"
    assert listed - routes == set(), "rows without a route"


@pytest.mark.parametrize("name", sorted(DEVELOPMENT))
def test_development_pages_do_not_exist_without_a_mail_sink(name, client, db):
    arguments = {} if name == "dev_mail_list" else {"mail_id": "x"}
    assert client.get(reverse(name, kwargs=arguments)).status_code == 404


def test_no_two_rows_say_the_same():
    repeated = [
        key for key, times in Counter((row.url_name, row.method, str(row.data)) for row in ROWS).items() if times > 1
    ]
    assert repeated == []


@pytest.fixture
def cast(cast, course, now):
    """The employee has completed the small course; the rows' objects belong to the employee."""
    cast.course = course
    cast.completion = complete(course, cast.employee, now=now)
    cast.cycle = cast.completion.cycle
    return cast


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.url_name}")
def test_each_actor_gets_the_status_of_the_table(row: Row, cast, sign_in):
    url = reverse(row.url_name, kwargs=row.arguments(cast) if row.arguments else {})
    statuses = tuple(getattr(sign_in(cast.actor(actor)), row.method)(url, row.data).status_code for actor in ACTORS)
    assert dict(zip(ACTORS, statuses, strict=True)) == dict(zip(ACTORS, row.statuses, strict=True))
