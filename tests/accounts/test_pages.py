import datetime as dt
import re

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

import pytest

from accounts import audit
from accounts.departments import create_department
from accounts.models import AuditEvent, Department, Person, Role, RoleGrant, RosterImport
from accounts.people import change_person, mark_left
from tests.accounts.rosters import company_file, csv_file, line, xlsx_file
from tests.factories import NOW, make_department, make_person
from tests.forms import form_fields


@pytest.fixture
def hr(cast, sign_in):
    cast.hr.language = "en"
    cast.hr.save()
    return sign_in(cast.hr)


def names(response) -> list[str]:
    return [person.last_name for person in response.context["page_obj"]]


@pytest.mark.parametrize("size", [2, 45])
def test_the_list_of_people_costs_the_same_for_few_and_many(cast, hr, size, django_assert_num_queries):
    boss = make_person(cast.company)
    for _ in range(size):
        make_person(cast.shops, manager=boss)
    with django_assert_num_queries(5):
        assert len(hr.get("/people/").context["page_obj"]) == min(50, 7 + size)


def test_people_are_found_by_name_without_accents_and_by_department_with_all_below(cast, hr):
    assert names(hr.get("/people/?q=zolcinski")) == ["Żółciński"]
    assert set(names(hr.get(f"/people/?department={cast.sales.pk}"))) == {"Kierownicki", "Pracownicka"}


def test_those_who_left_are_shown_only_when_asked_for(cast, hr):
    mark_left(cast.employee, left_on=NOW.date(), by=cast.hr, now=NOW, today=NOW.date())
    assert "Pracownicka" not in names(hr.get("/people/"))
    assert "Pracownicka" in names(hr.get("/people/?left=on"))


def test_hr_invites_someone(cast, hr):
    response = hr.post(
        "/people/invite/",
        {
            "first_name": "Nowa", "last_name": "Osoba", "email": "NOWA@example.com", "department": cast.shops.pk,
            "manager": cast.manager.email, "language": "en", "employment_start": "2026-06-15",
        },
    )  # fmt: skip
    person = Person.objects.get(email="nowa@example.com")
    assert response["Location"] == f"/people/{person.pk}/"
    assert (person.manager, person.department, person.language) == (cast.manager, cast.shops, "en")


def details(person, **changes):
    return {
        "first_name": person.first_name, "last_name": person.last_name, "email": person.email,
        "language": person.language, "manager": "", "employment_start": "2026-01-07",
    } | changes  # fmt: skip


def test_fields_that_are_not_on_the_form_change_nothing(cast, hr):
    before = Person.objects.filter(pk=cast.colleague.pk).values().get()
    smuggled = {
        "id": 1, "password": "x", "left_on": "2020-01-01", "department": cast.company.pk, "is_superuser": "1",
        "roles": "hr", "created_at": "2020-01-01", "last_login": "2020-01-01",
    }  # fmt: skip
    hr.post(f"/people/{cast.colleague.pk}/", details(cast.colleague, last_name="Nowy", **smuggled))
    assert Person.objects.filter(pk=cast.colleague.pk).values().get() == before | {"last_name": "Nowy"}
    assert not RoleGrant.objects.filter(person=cast.colleague).exists()


def test_an_old_page_writes_only_what_was_changed_on_it(cast, hr):
    url = f"/people/{cast.employee.pk}/"
    old = form_fields(hr.get(url).content, "details")
    change_person(cast.employee, email="right@example.com", first_name="Ewelina", by=cast.hr, now=NOW)
    assert hr.post(url, old | {"last_name": "Nowa"}).status_code == 302
    cast.employee.refresh_from_db()
    assert (cast.employee.email, cast.employee.name) == ("right@example.com", "Ewelina Nowa")


def test_what_two_changed_is_shown_before_it_is_written(cast, hr):
    url = f"/people/{cast.employee.pk}/"
    old = form_fields(hr.get(url).content, "details")
    change_person(cast.employee, last_name="Żak", by=cast.hr, now=NOW)
    answer = hr.post(url, old | {"last_name": "Nowa"})
    assert "it says “Żak” now" in answer.content.decode()
    cast.employee.refresh_from_db()
    assert cast.employee.last_name == "Żak"
    assert hr.post(url, form_fields(answer.content, "details")).status_code == 302
    cast.employee.refresh_from_db()
    assert cast.employee.last_name == "Nowa"


def test_a_refusal_of_a_verb_is_shown_on_the_form(cast, hr):
    response = hr.post(f"/people/{cast.sysadmin.pk}/", details(cast.sysadmin, email="mine@example.com"))
    assert response.status_code == 200
    assert "ask a system administrator" in response.content.decode()
    response = hr.post(f"/people/{cast.employee.pk}/", details(cast.employee, manager="nobody@example.com"))
    assert "Nobody who works here has this address." in response.content.decode()


@pytest.mark.parametrize("day", ["0206-06-01", "9999-12-31", "1949-12-31", "2200-01-01"])
def test_a_mistyped_year_is_refused_wherever_hr_gives_a_day(cast, hr, day):
    url = f"/people/{cast.employee.pk}/"
    answers = [
        hr.post(f"{url}left/", {"left_on": day}),
        hr.post(f"{url}return/", {"on": day, "department": cast.sales.pk}),
        hr.post(url, details(cast.employee, employment_start=day)),
    ]
    assert [form.errors.keys() for form in (answers[0].context["left_form"], answers[1].context["return_form"])] == [
        {"left_on"}, {"on"},
    ]  # fmt: skip
    assert "employment_start" in answers[2].context["form"].errors
    assert list(cast.employee.memberships.values_list("starts_on", "ends_on")) == [(dt.date(2026, 1, 7), None)]


def test_hr_moves_someone_records_a_departure_and_takes_back(cast, hr):
    url = f"/people/{cast.employee.pk}/"
    hr.post(f"{url}move/", {"department": cast.payroll.pk})
    last_day = timezone.localdate() + dt.timedelta(days=3)
    hr.post(f"{url}left/", {"left_on": last_day.isoformat()})
    cast.employee.refresh_from_db()
    assert (cast.employee.department, cast.employee.left_on) == (cast.payroll, last_day)
    hr.post(f"{url}return/", {"on": (last_day + dt.timedelta(days=9)).isoformat(), "department": cast.sales.pk})
    cast.employee.refresh_from_db()
    assert (cast.employee.department, cast.employee.left_on) == (cast.sales, None)
    assert hr.get(url).status_code == 200


@pytest.mark.parametrize("size", [1, 40])
def test_the_tree_of_departments_costs_the_same_for_few_and_many(cast, hr, size, django_assert_num_queries):
    for number in range(size):
        make_person(make_department(f"Dział {number}", cast.sales))
    with django_assert_num_queries(4):
        content = hr.get("/departments/").content.decode()
    assert f"Dział {size - 1}" in content


def test_departments_are_created_renamed_and_moved_on_their_pages(cast, hr):
    hr.post("/departments/create/", {"name": "Online", "parent": cast.sales.pk})
    online = Department.objects.get(name="Online")
    hr.post(f"/departments/{online.pk}/", {"name": "Sklep"})
    hr.post(f"/departments/{online.pk}/move/", {"parent": cast.payroll.pk})
    online.refresh_from_db()
    assert online.path == "Firma / Payroll / Sklep"
    refused = hr.post(f"/departments/{cast.company.pk}/move/", {"parent": online.pk})
    assert "below itself" in refused.content.decode()


def test_hr_is_offered_only_the_role_it_may_give(cast, hr, sign_in):
    assert [role for role, _ in hr.get("/roles/").context["form"].fields["role"].choices] == ["manager"]
    choices = sign_in(cast.sysadmin).get("/roles/").context["form"].fields["role"].choices
    assert {role for role, _ in choices} == set(Role.values)
    hr.post("/roles/", {"person": cast.colleague.email, "role": "hr"})
    assert not RoleGrant.objects.filter(person=cast.colleague).exists()
    hr.post("/roles/", {"person": cast.colleague.email, "role": "manager", "department": cast.payroll.pk})
    assert RoleGrant.objects.get(person=cast.colleague).granted_by == cast.hr


def test_a_grant_that_is_not_yours_to_take_looks_like_none(cast, hr):
    editor = RoleGrant.objects.get(person=cast.editor)
    answers = []
    for pk in (editor.pk, 999999):
        response = hr.post(f"/roles/{pk}/revoke/")
        text = response.content.decode().replace(f"/roles/{pk}/", "/roles/PK/")
        answers.append((response.status_code, re.sub(r'value="\w{64}"', "", text)))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    assert RoleGrant.objects.filter(pk=editor.pk).exists()


def test_a_role_that_was_taken_opens_nothing_at_the_next_click(cast, hr, sign_in):
    RoleGrant.objects.filter(person=cast.hr).delete()
    for url in ("/people/", "/roles/", "/roster/", "/departments/", "/audit/", f"/people/{cast.employee.pk}/"):
        assert hr.get(url).status_code == 404


def send(browser, content, name="roster.csv", **more):
    return browser.post("/roster/", {"file": SimpleUploadedFile(name, content), **more})


def test_a_roster_goes_from_the_upload_over_the_dry_run_to_the_import(cast, hr):
    preview = send(hr, xlsx_file(*company_file(cast), line("nowa@example.com", "Firma / Nowy")), "kadry.xlsx")[
        "Location"
    ]
    page = hr.get(preview)
    assert "Firma / Nowy" in page.content.decode()
    assert not Person.objects.filter(email="nowa@example.com").exists()
    done = hr.post(preview, {"plan_hash": page.context["plan"].hash}, follow=True)
    assert done.context["counts"]["joined"] == 1
    assert Person.objects.filter(email="nowa@example.com").exists()


def test_bad_lines_are_listed_and_the_button_is_absent(cast, hr):
    preview = send(hr, csv_file(line("nowa@example.com", first="=cmd|1", last="<b>")))["Location"]
    page = hr.get(preview)
    content = page.content.decode()
    assert "=cmd|1" in content
    assert "<b>" not in content
    assert 'class="button primary"' not in content
    hr.post(preview, {"plan_hash": page.context["plan"].hash})
    assert not Person.objects.filter(email="nowa@example.com").exists()


def test_a_changed_company_shows_the_new_plan_instead_of_importing(cast, hr):
    preview = send(hr, csv_file(*company_file(cast), line("nowa@example.com", "Firma / Nowy")))["Location"]
    shown = hr.get(preview).context["plan"].hash
    create_department("Nowy", parent=cast.company, by=cast.hr, now=NOW)
    again = hr.post(preview, {"plan_hash": shown}, follow=True)
    assert "Look again" in again.content.decode()
    assert again.context["plan"].departments == []
    assert not Person.objects.filter(email="nowa@example.com").exists()


def test_a_mass_departure_asks_for_the_number(cast, hr):
    preview = send(hr, csv_file(*company_file(cast, employee=None, manager=None)), missing="on")["Location"]
    plan = hr.get(preview).context["plan"]
    hr.post(preview, {"plan_hash": plan.hash, "leaving": ""})
    assert not Person.objects.exclude(left_on=None).exists()
    hr.post(preview, {"plan_hash": plan.hash, "leaving": "2"})
    assert Person.objects.exclude(left_on=None).count() == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"x" * (10 * 1024 * 1024 + 1), "larger than 10 MB"), (b"PK\x03\x04", "made to harm"), (b"a;b\n1;2\n", "columns")],
)
def test_a_file_that_is_no_roster_is_refused_on_the_page(cast, hr, content, words):
    response = send(hr, content)
    assert response.status_code == 200
    assert words in response.content.decode()
    assert not RosterImport.objects.exists()


def test_the_audit_log_shows_hr_its_own_area_and_the_administrator_everything(cast, hr, sign_in):
    for action in (
        "people.invite",
        "roster.apply",
        "reminders.resend",
        "duties.waive",
        "courses.publish",
        "roles.grant",
    ):
        audit.record(action, subject=cast.employee, by=cast.hr, now=NOW)
    assert {event.action for event in hr.get("/audit/").context["page_obj"]} == {
        "people.invite", "roster.apply", "reminders.resend", "duties.waive",
    }  # fmt: skip
    assert len(sign_in(cast.sysadmin).get("/audit/").context["page_obj"]) == 6
    assert "courses.publish" not in hr.get("/audit/").content.decode()


def test_why_somebody_is_away_is_for_hr_only(cast, hr, sign_in):
    audit.record(
        "duties.leave", subject=cast.employee, by=cast.hr, now=NOW, reason="an operation", starts_on="2026-06-02"
    )
    for browser, told in ((hr, True), (sign_in(cast.sysadmin), False)):
        page = browser.get("/audit/").content.decode()
        assert "2026-06-02" in page
        assert ("an operation" in page) is told


def test_the_audit_log_is_filtered_by_action_person_and_local_day(cast, hr):
    late = dt.datetime(2026, 6, 1, 22, 30, tzinfo=dt.UTC)
    audit.record("people.invite", subject=cast.employee, by=cast.hr, now=NOW)
    audit.record("people.change", subject=cast.colleague, by=cast.hr, now=late)
    for query, actions in {
        "action=people.change": ["people.change"],
        "person=pracownicka": ["people.invite"],
        "until=2026-06-01": ["people.invite"],
        "since=2026-06-02": ["people.change"],
        "until=9999-12-31": ["people.change", "people.invite"],
    }.items():
        assert [event.action for event in hr.get(f"/audit/?{query}").context["page_obj"]] == actions


@pytest.mark.parametrize("size", [3, 49])
def test_the_audit_log_costs_the_same_for_few_and_many(cast, hr, size, django_assert_num_queries):
    for _ in range(size):
        audit.record("people.invite", subject=cast.employee, by=cast.hr, now=NOW, before="a", after="b")
    with django_assert_num_queries(5):
        assert len(hr.get("/audit/").context["page_obj"]) == size


def test_reading_any_page_changes_nothing(cast, hr):
    preview = send(hr, csv_file(*company_file(cast)))["Location"]
    before = list(RosterImport.objects.values()), AuditEvent.objects.count(), list(Person.objects.values("pk", "email"))
    for url in (
        "/people/",
        "/people/invite/",
        f"/people/{cast.employee.pk}/",
        "/departments/",
        "/roles/",
        "/roster/",
        preview,
        "/audit/",
    ):
        assert hr.get(url).status_code == 200
    assert before == (
        list(RosterImport.objects.values()), AuditEvent.objects.count(), list(Person.objects.values("pk", "email")),
    )  # fmt: skip


@pytest.mark.parametrize(
    "url", ["/people/invite/", "/roster/", "/roles/", "/departments/create/", "/language/", "/accounts/logout/"]
)
def test_a_post_without_a_token_is_refused(cast, url, settings):
    settings.CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.hr, backend="accounts.authentication.PersonBackend")
    assert browser.post(url).status_code == 403


def test_someone_elses_upload_looks_like_none(cast, hr, sign_in):
    preview = send(hr, csv_file(*company_file(cast)))["Location"]
    other = sign_in(cast.sysadmin)
    assert other.get(preview).status_code == 404


@pytest.mark.parametrize(
    ("detail", "facts"),
    [
        ({"before": {"name": "A"}, "after": {"name": "B"}}, [("name", "A → B")]),
        ({"before": None, "after": {"name": "B", "boss": ""}}, [("name", "B"), ("boss", "–")]),
        ({"before": "A", "after": "B", "roster": "7"}, [("", "A → B"), ("roster", "7")]),
        ({"before": "Firma", "after": ""}, [("", "Firma → –")]),
        ({"joined": 0}, [("joined", "0")]),
        ({"ends_on": None}, [("ends_on", "–")]),
        ({}, []),
    ],
)  # fmt: skip
def test_the_detail_of_an_event_reads_as_what_became_of_what(detail, facts):
    assert AuditEvent(detail=detail).facts == facts
