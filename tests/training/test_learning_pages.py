"""The learner's pages, as a browser without JavaScript uses them."""

import re

from django.urls import reverse

import pytest

from tests.training.walking import complete, open_cycle, walk_to
from training import progress
from training.models import Attempt, Completion, Cycle, Decision, LessonProgress


@pytest.fixture
def cycle(cast, course, now):
    return open_cycle(course, cast.employee, now=now)


@pytest.fixture
def started(cycle, now):
    return progress.start(cycle, now=now)


@pytest.fixture
def learner(cast, sign_in):
    return sign_in(cast.employee)


def at(cycle, slug):
    return reverse("training:step", args=[cycle.pk, slug])


def step_token(page):
    return re.search(r'name="step" value="([\d.]+)"', page.content.decode()).group(1)


def position_of(page, label):
    buttons = re.findall(r'name="choice" value="(\d+)">([^<]+)<', page.content.decode())
    return next(value for value, text in buttons if text == label)


def play(client, cycle, key, choices):
    """Play one attempt by its labels; returns the page of the ending."""
    url = at(cycle, f"play-{key}")
    page = client.post(url, follow=True)
    for choice in choices:
        label = f"choice {choice} (pl)"
        page = client.post(url, {"step": step_token(page), "choice": position_of(page, label)}, follow=True)
    return page


def test_opening_a_duty_shows_the_cover_and_changes_nothing(learner, cycle):
    page = learner.get(reverse("training:resume", args=[cycle.pk]))
    assert page.status_code == 200
    cycle.refresh_from_db()
    assert cycle.started_at is None


def test_start_pins_the_revision_and_leads_to_the_first_lesson(learner, cycle):
    page = learner.post(reverse("training:start", args=[cycle.pk]), follow=True)
    assert page.redirect_chain[-1][0] == at(cycle, "lesson-rule-1")
    cycle.refresh_from_db()
    assert cycle.revision.number == 1


def test_the_whole_course_can_be_walked_by_plain_forms(learner, cast, cycle):
    learner.post(reverse("training:start", args=[cycle.pk]))
    for key in ("rule-1", "rule-2"):
        learner.post(at(cycle, f"lesson-{key}"), {"option": "0"})
        learner.post(at(cycle, f"lesson-{key}"), {"seen": "yes"})
        page = play(learner, cycle, key, ["a", "a"])
        assert "It went well" in page.content.decode()
    play(learner, cycle, "final", ["a", "a"])
    page = learner.post(at(cycle, "acknowledgement"), {"agreed": "on", "typed_name": "Ewa Pracownicka"}, follow=True)
    assert Completion.objects.get().certificate_code in page.content.decode()


def test_a_failed_run_offers_a_new_attempt_and_the_pass_follows(learner, started, now):
    walk_to(started, "play-rule-1", now=now)
    page = play(learner, started, "rule-1", ["c", "b"])
    assert "It went badly" in page.content.decode()
    page = play(learner, started, "rule-1", ["a", "a"])
    assert "It went well" in page.content.decode()
    assert list(Attempt.objects.order_by("number").values_list("number", "passed")) == [(1, False), (2, True)]


def test_replies_and_explanations_are_not_sent_before_the_choice(learner, started, now):
    page = learner.get(at(started, "lesson-rule-1")).content.decode()
    assert "Reply to" not in page
    assert "The rule in one sentence" not in page
    walk_to(started, "play-rule-1", now=now)
    page = learner.post(at(started, "play-rule-1"), follow=True).content.decode()
    assert "choice a (pl)" in page
    assert "why a" not in page
    assert "My comment" not in page


@pytest.mark.parametrize(
    ("slug", "data"),
    [
        ("lesson-rule-2", {"option": "0"}),
        ("lesson-rule-1", {"seen": "yes"}),
        ("lesson-rule-1", {"option": "7"}),
        ("lesson-rule-1", {"option": "x"}),
        ("lesson-nothing", {"option": "0"}),
        ("play-rule-1", {}),
        ("play-rule-1", {"step": "1.0", "choice": "0"}),
        ("play-rule-1", {"step": "zzz", "choice": "0"}),
        ("play-final", {}),
        ("acknowledgement", {"agreed": "on", "typed_name": "Ewa"}),
        ("acknowledgement", {}),
        ("nonsense", {}),
    ],
)
def test_a_post_for_a_step_the_learner_is_not_at_changes_nothing(learner, started, slug, data):
    assert learner.post(at(started, slug), data).status_code == 302
    assert not LessonProgress.objects.exists()
    assert not Attempt.objects.exists()
    assert not Decision.objects.exists()
    assert not Completion.objects.exists()


def test_a_get_of_a_later_step_leads_back_to_where_the_learner_is(learner, started):
    page = learner.get(at(started, "play-final"), follow=True)
    assert page.redirect_chain[-1][0] == at(started, "lesson-rule-1")


def test_a_choice_sent_twice_is_taken_once(learner, started, now):
    walk_to(started, "play-rule-1", now=now)
    url = at(started, "play-rule-1")
    page = learner.post(url, follow=True)
    data = {"step": step_token(page), "choice": "0"}
    assert learner.post(url, data).status_code == 302
    assert learner.post(url, data).status_code == 302
    assert Decision.objects.count() == 1


def test_another_persons_duty_looks_like_one_that_does_not_exist(cast, course, cycle, sign_in):
    client = sign_in(cast.colleague)
    foreign = client.get(reverse("training:resume", args=[cycle.pk]))
    nothing = client.get(reverse("training:resume", args=[999_999]))
    assert foreign.status_code == nothing.status_code == 404
    token = re.compile(rb'(name="(csrfmiddlewaretoken|next)" value=")[^"]+')  # the second echoes the address asked for
    assert token.sub(b"", foreign.content) == token.sub(b"", nothing.content)


def test_a_passed_scenario_can_be_played_freely_and_leaves_no_trace(learner, started, now):
    walk_to(started, "lesson-rule-2", now=now)
    url = reverse("training:review", args=[started.pk, "rule-1"])
    before = (Attempt.objects.count(), Decision.objects.count())
    assert learner.get(url, {"path": "", "choice": "c"}).status_code == 200
    page = learner.get(url, {"path": "c", "choice": "b"})
    assert "It went badly" in page.content.decode()
    assert (Attempt.objects.count(), Decision.objects.count()) == before


def test_a_review_before_passing_does_not_exist(learner, started):
    assert learner.get(reverse("training:review", args=[started.pk, "rule-1"])).status_code == 404


def test_after_completion_everything_is_open_for_reading_and_writes_nothing(learner, cast, course, now):
    completion = complete(course, cast.employee, now=now)
    cycle = completion.cycle
    contents = learner.get(reverse("training:resume", args=[cycle.pk])).content.decode()
    assert reverse("training:review", args=[cycle.pk, "final"]) in contents
    assert learner.get(at(cycle, "lesson-rule-1")).status_code == 200
    learner.post(at(cycle, "lesson-rule-1"), {"option": "1"})
    learner.post(at(cycle, "play-rule-1"))
    assert Attempt.objects.count() == 3
    assert cycle.lessons.get(lesson_key="rule-1").opening_choice == 0


def test_the_acknowledgement_without_name_or_tick_keeps_what_was_typed(learner, started, now):
    walk_to(started, "acknowledgement", now=now)
    page = learner.post(at(started, "acknowledgement"), {"typed_name": "Ewa Pracownicka"})
    assert page.status_code == 400
    assert 'value="Ewa Pracownicka"' in page.content.decode()


def test_signing_twice_leads_to_the_same_certificate(learner, started, now):
    walk_to(started, "acknowledgement", now=now)
    data = {"agreed": "on", "typed_name": "Ewa Pracownicka"}
    first = learner.post(at(started, "acknowledgement"), data)
    second = learner.post(at(started, "acknowledgement"), data)
    assert first["Location"] == second["Location"]


def test_the_script_gets_the_next_scene_in_one_answer(learner, started, now):
    walk_to(started, "play-rule-1", now=now)
    url = at(started, "play-rule-1")
    page = learner.post(url, follow=True)
    data = {"step": step_token(page), "choice": position_of(page, "choice a (pl)")}
    answer = learner.post(url, data, headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 200
    assert "My comment (pl)" in answer.content.decode()
    assert "why a (pl)" in answer.content.decode()


@pytest.mark.parametrize("courses", [1, 3])
def test_my_training_asks_a_constant_number_of_queries_for_each_duty(
    learner, cast, now, courses, django_assert_num_queries
):
    from tests.factories import course_document, make_course

    for number in range(courses):
        course = make_course(course_document(f"course-{number}"))
        walk_to(progress.start(open_cycle(course, cast.employee, now=now), now=now), "play-rule-2", now=now)
    learner.get(reverse("training:home"))
    with django_assert_num_queries(5):
        learner.get(reverse("training:home"))


def test_an_empty_my_training_says_why(learner):
    assert learner.get(reverse("training:home")).status_code == 200


def test_the_certificate_is_for_its_holder_and_hr_only(cast, course, now, sign_in):
    code = complete(course, cast.employee, now=now).certificate_code
    statuses = {
        name: sign_in(cast.actor(name)).get(reverse("training:certificate", args=[code])).status_code
        for name in ("employee", "colleague", "manager", "hr", "editor")
    }
    assert statuses == {"employee": 200, "colleague": 404, "manager": 404, "hr": 200, "editor": 404}


def test_the_pdf_names_person_course_number_revision_and_date(learner, cast, course, now):
    import io

    from pypdf import PdfReader

    completion = complete(course, cast.employee, now=now)
    answer = learner.get(reverse("training:certificate_pdf", args=[completion.certificate_code]))
    reader = PdfReader(io.BytesIO(answer.content))
    text = " ".join(reader.pages[0].extract_text().split())
    for expected in ("Ewa Pracownicka", "Small course (pl)", completion.certificate_code, "2026", "/verify/"):
        assert expected in text
    assert len(reader.pages) == 1
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_anyone_can_verify_a_number_and_sees_only_what_is_printed(client, cast, course, now):
    completion = complete(course, cast.employee, now=now)
    page = client.get(reverse("training:verify", args=[completion.certificate_code])).content.decode()
    assert "Ewa Pracownicka" in page
    assert cast.employee.email not in page
    assert "Shops" not in page


def test_an_unknown_number_is_said_to_be_unknown(client, db):
    assert client.get(reverse("training:verify", args=["0000-0000-0000"])).status_code == 404


def test_a_typed_number_leads_to_its_page(client, db):
    answer = client.get(reverse("training:verify_form"), {"number": " abcd-1234-zzzz "})
    assert answer["Location"] == reverse("training:verify", args=["ABCD-1234-ZZZZ"])


@pytest.mark.parametrize("typed", ["ąść", "a.b/c", "\0", "<b>", "٣", "\r\nX: y", "'", "9" * 500])
def test_what_cannot_be_a_number_is_unknown_too(client, db, typed):
    assert client.get(reverse("training:verify_form"), {"number": typed}, follow=True).status_code == 404


def test_no_reading_of_any_page_changes_a_row(learner, started, now):
    walk_to(started, "lesson-rule-2", now=now)
    before = Cycle.objects.values_list().get(pk=started.pk), LessonProgress.objects.count(), Attempt.objects.count()
    for slug in ("lesson-rule-1", "play-rule-1", "lesson-rule-2", "play-rule-2", "acknowledgement"):
        learner.get(at(started, slug))
    assert (
        Cycle.objects.values_list().get(pk=started.pk),
        LessonProgress.objects.count(),
        Attempt.objects.count(),
    ) == before


def test_an_address_with_a_number_beyond_all_numbers_does_not_exist(learner, started):
    assert learner.get(f"/learn/{10**30}/lesson-rule-1/").status_code == 404


@pytest.mark.parametrize("slug", ["lesson-rule-1", "play-rule-1"])
def test_a_step_asks_the_same_number_of_queries_early_and_late_in_the_course(
    slug, learner, started, now, django_assert_num_queries
):
    walk_to(started, "lesson-rule-2", now=now)
    queries = {"lesson-rule-1": 3, "play-rule-1": 4}[slug]
    with django_assert_num_queries(queries):
        learner.get(at(started, slug))
    walk_to(started, "acknowledgement", now=now)
    with django_assert_num_queries(queries):
        learner.get(at(started, slug))


def test_a_decision_asks_few_queries(learner, started, now, django_assert_num_queries):
    """Session, person, duty; the run and its decision."""
    walk_to(started, "play-rule-1", now=now)
    url = at(started, "play-rule-1")
    page = learner.post(url, follow=True)
    data = {"step": step_token(page), "choice": position_of(page, "choice a (pl)")}
    with django_assert_num_queries(5):
        learner.post(url, data, headers={"X-Requested-With": "fetch"})
