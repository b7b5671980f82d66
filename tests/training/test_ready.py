"""Pages put together once, and filled with what is the reader's own."""

from django.contrib.messages import constants, get_messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.test import RequestFactory

import pytest

from accounts.models import Role
from tests.factories import grant
from training import ready

LESSON = "training/lesson.html"
CONTEXT = {"number": 1, "total": 5, "page_title": "Rule", "article": "text", "next_method": "post", "next_label": "On"}


@pytest.fixture
def looked_at():
    """`looked_at(person, url)`: the lesson page as that person gets it."""

    def page(person, url="/next/", message="") -> str:
        request = RequestFactory().get(f"/of/{person.pk}/")
        request.user, request.session = person, {}
        request._messages = FallbackStorage(request)
        if message:
            get_messages(request).add(constants.INFO, message)
        own = {"previous_url": "/back/", "next_url": url}
        return ready.render_ready(request, LESSON, CONTEXT | {"back": True}, own).content.decode()

    return page


def test_each_reader_finds_what_is_theirs_and_nothing_of_others(cast, looked_at):
    cast.employee.first_name = "<b>Ewa</b>"
    hers, his = looked_at(cast.employee, "/hers/"), looked_at(cast.colleague, "/his/")
    assert "&lt;b&gt;Ewa&lt;/b&gt;" in hers
    for mine, yours, person, other in ((hers, his, cast.employee, cast.colleague), (his, hers, cast.colleague, None)):
        assert f'value="/of/{person.pk}/"' in mine
        assert person.email in mine
        assert other is None or other.email not in mine
        assert mine != yours
    assert 'action="/hers/"' in hers
    assert 'action="/his/"' in his
    assert "\ue000" not in hers + his


def test_it_is_what_rendering_gives(cast, looked_at, monkeypatch):
    def without_tokens(page):
        return ready.re.sub(r'value="\w{64}"', "", page)

    ready_page = looked_at(cast.employee)
    monkeypatch.setattr(ready, "get_messages", lambda request: ["one"])
    assert without_tokens(looked_at(cast.employee)) == without_tokens(ready_page)


def test_it_is_put_together_once_for_all(cast, looked_at):
    looked_at(cast.employee)
    before = ready._pieces.cache_info()
    looked_at(cast.colleague)
    after = ready._pieces.cache_info()
    assert (after.misses, after.hits) == (before.misses, before.hits + 1)


def test_who_has_an_entry_in_the_navigation_or_a_message_gets_it(cast, looked_at):
    grant(cast.colleague, Role.HR)
    assert 'href="/people/' not in looked_at(cast.employee)
    assert 'href="/people/' in looked_at(type(cast.colleague).objects.get(pk=cast.colleague.pk))
    assert "Just for you" in looked_at(cast.employee, message="Just for you")


def test_a_mark_that_an_author_has_written_is_no_hole():
    assert ready.filled(["a", "token", "b", "unknown", "c"], {"token": "<t>"}) == "a&lt;t&gt;bc"
