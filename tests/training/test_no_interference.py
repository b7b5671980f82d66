"""Before a choice, no byte that an employee receives depends on which choices are good.

The threat is the answer leaking through a field, an order, an id, a header, an error page. So nothing is looked for by
name: the same walk is made through two worlds whose documents differ in everything that says how good a choice is, and
every response must be the same to the byte.
"""

import copy
import re

from django.urls import reverse

import pytest

from courses.models import Course
from tests.factories import course_document, make_revision
from tests.training.walking import open_cycle
from training import progress
from training.models import Attempt, Cycle

NONCE = re.compile(rb'(name="csrfmiddlewaretoken" value=")[^"]+')


def swapped(document):
    """The same course with the quality of every choice turned round, and other consequences after it."""
    other = copy.deepcopy(document)
    for scenario in other["scenarios"]:
        for node in scenario["nodes"]:
            choices = node["choices"]
            backwards = [
                {name: choice.get(name) for name in ("points", "caution", "effects", "goto", "why", "leaves")}
                for choice in reversed(choices)
            ]
            for choice, quality in zip(choices, backwards, strict=True):
                for name, value in quality.items():
                    choice.pop(name, None)
                    if value is not None:
                        choice[name] = value
                choice["why"] = {"pl": "inne wyjaśnienie", "en": "another explanation"}
    for lesson in other["lessons"]:
        options = lesson["opening"]["options"]
        for option, reply in zip(options, [option["reply"] for option in reversed(options)], strict=True):
            option["reply"] = reply
    return other


def seen_by(client, method, url, data=None):
    """Everything the employee gets: status, headers but the session's, and the body with the CSRF token masked."""
    answer = getattr(client, method)(url, data or {})
    headers = {name: value for name, value in answer.headers.items() if name not in ("Set-Cookie", "Content-Length")}
    return answer.status_code, headers, NONCE.sub(rb"\1", answer.content)


def world(document, person, course, sign_in, now):
    """The walk up to the first decision of a scenario, and every way to look around there."""
    Course.objects.filter(pk=course.pk).update(current=make_revision(course, document))
    cycle = Cycle.objects.get(person=person)
    Cycle.objects.filter(pk=cycle.pk).update(started_at=None, revision=None)
    cycle.attempts.all().delete()
    cycle.lessons.all().delete()
    client = sign_in(person)
    resume = reverse("training:resume", args=[cycle.pk])
    lesson = reverse("training:step", args=[cycle.pk, "lesson-rule-1"])
    play = reverse("training:step", args=[cycle.pk, "play-rule-1"])
    walk = [
        seen_by(client, "get", reverse("training:home")),
        seen_by(client, "get", resume),
        seen_by(client, "post", reverse("training:start", args=[cycle.pk])),
        seen_by(client, "get", lesson),
        seen_by(client, "post", lesson, {"option": "9"}),
    ]
    progress.answer_opening(Cycle.objects.get(pk=cycle.pk), "rule-1", option=0, now=now)
    progress.mark_seen(Cycle.objects.get(pk=cycle.pk), "rule-1", now=now)
    walk += [seen_by(client, "get", play), seen_by(client, "post", play)]
    attempt = Attempt.objects.get(cycle=cycle)
    Attempt.objects.filter(pk=attempt.pk).update(seed=7)
    token = re.compile(rb'name="step" value="[\d.]+"')
    walk += [
        seen_by(client, method, url, data)
        for method, url, data in (
            ("get", play, None),
            ("head", play, None),
            ("post", play, {"step": f"{attempt.pk}.0", "choice": "17"}),
            ("post", play, {"step": f"{attempt.pk}.4", "choice": "0"}),
            ("post", play, {"step": "nothing", "choice": "0"}),
            ("get", reverse("training:review", args=[cycle.pk, "rule-1"]), None),
            ("get", reverse("training:step", args=[cycle.pk, "acknowledgement"]), None),
        )
    ]
    return [(status, headers, token.sub(b"", body)) for status, headers, body in walk]


@pytest.fixture
def stage(cast, course, now):
    open_cycle(course, cast.employee, now=now)
    open_cycle(course, cast.manager, now=now)
    return cast, course


def test_swapping_which_choices_are_good_changes_no_byte_before_choosing(stage, sign_in, now):
    cast, course = stage
    document = course_document()
    first = world(document, cast.employee, course, sign_in, now)
    second = world(swapped(document), cast.employee, course, sign_in, now)
    assert len(first) == len(second) == 14
    for here, there in zip(first, second, strict=True):
        assert here == there


def test_the_two_worlds_do_differ_after_choosing(stage, sign_in, now):
    """Without this the test above could pass because nothing was swapped."""
    cast, course = stage
    pages = []
    for person, document in ((cast.employee, course_document()), (cast.manager, swapped(course_document()))):
        world(document, person, course, sign_in, now)
        attempt = Attempt.objects.get(cycle__person=person)
        url = reverse("training:step", args=[attempt.cycle_id, "play-rule-1"])
        answer = sign_in(person).post(url, {"step": f"{attempt.pk}.0", "choice": "0"}, follow=True)
        pages.append(re.findall(rb'<ol class="feed".*</ol>', answer.content, re.DOTALL))
    assert pages[0] != pages[1]


def test_a_secret_in_every_authors_text_never_shows_before_the_choice(stage, sign_in, now):
    cast, course = stage
    document = course_document()
    secret = "canary-7f3a"
    for scenario in document["scenarios"]:
        for node in scenario["nodes"]:
            for choice in node["choices"]:
                choice["why"] = {"pl": secret, "en": secret}
                choice["leaves"] = {"kind": "comment", "text": {"pl": secret, "en": secret}}
        for ending in scenario["endings"]:
            ending["lesson"] = ending["title"] = {"pl": secret, "en": secret}
    for lesson in document["lessons"]:
        for option in lesson["opening"]["options"]:
            option["reply"] = {"pl": secret, "en": secret}
    for _status, headers, body in world(document, cast.employee, course, sign_in, now):
        assert secret.encode() not in body
        assert secret not in str(headers)
