import re
import time

from django.core import mail
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language

import pytest
from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value

from accounts.authentication import ClosedDoorAdapter
from accounts.models import Person
from accounts.people import change_person, invite_person, mark_left
from tests.factories import NOW

LOGIN = "/accounts/login/"
CODE = "/accounts/login/code/"
CONFIRM = "/accounts/login/code/confirm/"
RESET = "/accounts/password/reset/"
PROFILE = "/profile/"
UNSAFE = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "https:evil.example",
    "https:///evil.example",
    "http://evil.example",
    "//testserver@evil.example",
    "http://testserver.evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "//%65vil.example",
    "//еvil.example",
    "ftp://testserver/",
]


@pytest.fixture(autouse=True)
def _home(settings):
    settings.LOGIN_REDIRECT_URL = PROFILE


def password_login(person, password="correct horse", browser=None, **more):
    return (browser or Client()).post(LOGIN, {"login": person.email, "password": password, **more})


def is_signed_in(browser) -> bool:
    return browser.get(PROFILE).status_code == 200


def code_of(message) -> str:
    return re.search(r"^([A-Z0-9]{3,5}-?[A-Z0-9]{3,5})$", message.body, re.MULTILINE).group(1)


def ask_for_code(address: str, browser=None) -> Client:
    browser = browser or Client()
    assert browser.post(CODE, {"email": address}).status_code == 302
    return browser


def test_a_password_opens_and_a_post_closes(cast):
    browser = Client()
    assert password_login(cast.employee, browser=browser)["Location"] == PROFILE
    browser.get("/accounts/logout/")
    assert is_signed_in(browser)
    browser.post("/accounts/logout/")
    assert not is_signed_in(browser)


def test_someone_invited_comes_in_with_a_code_and_no_password(cast):
    person = invite_person(
        email="nowa@example.com", first_name="Nowa", last_name="Osoba", department=cast.shops, by=cast.hr, now=NOW,
        today=NOW.date(),
    )  # fmt: skip
    browser = ask_for_code("NOWA@example.com")
    [message] = mail.outbox
    assert message.to == [person.email]
    assert browser.post(CONFIRM, {"code": code_of(message)})["Location"] == PROFILE
    assert is_signed_in(browser)


def test_a_code_works_once_and_a_wrong_one_not_at_all(cast):
    browser = ask_for_code(cast.employee.email)
    browser.post(CONFIRM, {"code": "AAAA-AAAA"})
    assert not is_signed_in(browser)
    browser.post(CONFIRM, {"code": code_of(mail.outbox[0])})
    browser.post("/accounts/logout/")
    browser.post(CONFIRM, {"code": code_of(mail.outbox[0])})
    assert not is_signed_in(browser)


@pytest.mark.parametrize("language", ["pl", "en"])
def test_mails_speak_the_language_of_the_person_not_of_the_browser(cast, monkeypatch, language):
    spoken = []
    render = ClosedDoorAdapter.render_mail

    def listen(*args, **options):
        spoken.append(get_language())
        return render(*args, **options)

    monkeypatch.setattr(ClosedDoorAdapter, "render_mail", listen)
    cast.employee.language = language
    cast.employee.save()
    ask_for_code(cast.employee.email, Client(HTTP_ACCEPT_LANGUAGE="en" if language == "pl" else "pl"))
    html, _ = mail.outbox[0].alternatives[0]
    assert spoken == [language]
    assert f'lang="{language}"' in html
    assert "<title></title>" not in html


def test_the_reset_link_has_the_configured_host_whatever_the_request_says(cast, settings):
    settings.ALLOWED_HOSTS = ["*"]
    Client().post(RESET, {"email": cast.employee.email}, headers={"host": "evil.example"})
    [link] = re.findall(r"https?://\S+", mail.outbox[0].body)
    assert link.startswith(settings.BASE_URL)
    browser = Client()
    page = browser.get(link.removeprefix(settings.BASE_URL), follow=True)
    target = page.redirect_chain[-1][0]
    browser.post(target, {"password1": "zupełnie nowe hasło", "password2": "zupełnie nowe hasło"})
    assert password_login(cast.employee, "zupełnie nowe hasło")["Location"] == PROFILE


def test_there_is_no_sign_up_and_no_address_page(client, db):
    assert client.get("/accounts/signup/").status_code == 404
    assert client.get("/accounts/email/").status_code == 404
    with pytest.raises(NoReverseMatch):
        reverse("account_email")


@pytest.mark.parametrize(("url", "field"), [(CODE, "email"), (RESET, "email")])
def test_a_known_and_an_unknown_address_get_the_same_answer(cast, url, field):
    answers = []
    for address in (cast.employee.email, "nobody@example.com"):
        browser = Client()
        response = browser.post(url, {field: address})
        after = browser.get(response["Location"])
        text = after.content.decode().replace(address, "ADDRESS")
        answers.append((response.status_code, response["Location"], re.sub(r'value="\w{64}"', "", text)))
    assert answers[0] == answers[1]
    assert [message.to for message in mail.outbox] == [[cast.employee.email], ["nobody@example.com"]]


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(cast):
    answers = []
    for address in (cast.employee.email, "nobody@example.com"):
        response = Client().post(LOGIN, {"login": address, "password": "wrong"})
        text = response.content.decode().replace(address, "ADDRESS")
        answers.append((response.status_code, re.sub(r'value="\w{64}"', "", text)))
    assert answers[0] == answers[1]


def test_someone_who_left_comes_in_by_no_way_and_is_out_at_the_next_click(cast):
    browser = Client()
    password_login(cast.employee, browser=browser)
    asked = ask_for_code(cast.employee.email)
    code = code_of(mail.outbox[0])
    mark_left(cast.employee, left_on=NOW.date(), by=cast.hr, now=NOW, today=NOW.date())
    assert not is_signed_in(browser)
    password_login(cast.employee, browser=browser)
    assert not is_signed_in(browser)
    asked.post(CONFIRM, {"code": code})
    assert not is_signed_in(asked)
    for url in (CODE, RESET):
        Client().post(url, {"email": cast.employee.email})
    assert len(mail.outbox) == 3
    assert all("/password/reset/key/" not in message.body for message in mail.outbox)
    assert all(not re.search(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$", message.body, re.MULTILINE) for message in mail.outbox[1:])


def test_a_code_that_went_to_the_old_address_signs_nobody_in(cast):
    asked = ask_for_code(cast.employee.email)
    code = code_of(mail.outbox[0])
    change_person(cast.employee, email="ewa.nowa@example.com", by=cast.hr, now=NOW)
    asked.post(CONFIRM, {"code": code})
    assert not is_signed_in(asked)
    asked = ask_for_code("ewa.nowa@example.com")
    asked.post(CONFIRM, {"code": code_of(mail.outbox[1])})
    assert is_signed_in(asked)


def test_a_new_password_undoes_nothing_that_hr_changed_meanwhile(cast):
    """The person of a request is read at its beginning; a roster may be written before the new password is."""
    stale = Person.objects.get(pk=cast.employee.pk)
    mark_left(cast.employee, left_on=NOW.date(), by=cast.hr, now=NOW, today=NOW.date())
    get_adapter().set_password(stale, "a brand new horse")
    kept = Person.objects.get(pk=cast.employee.pk)
    assert (kept.left_on, kept.check_password("a brand new horse")) == (NOW.date(), True)


def test_the_sixth_failure_is_refused_even_with_the_right_password(cast):
    for _attempt in range(5):
        password_login(cast.employee, "wrong")
    browser = Client()
    password_login(cast.employee, browser=browser)
    assert not is_signed_in(browser)
    password_login(cast.colleague, browser=browser)
    assert is_signed_in(browser)


def test_a_forged_forwarding_header_does_not_make_a_new_address(cast):
    for attempt in range(10):
        Client().post(
            LOGIN,
            {"login": f"x{attempt}@example.com", "password": "wrong"},
            headers={"x-forwarded-for": f"10.0.0.{attempt}"},
        )
    browser = Client(headers={"x-forwarded-for": "10.1.1.1"})
    password_login(cast.employee, browser=browser)
    assert not is_signed_in(browser)


def test_asking_for_codes_without_end_is_refused(cast):
    statuses = [Client().post(CODE, {"email": cast.employee.email}).status_code for _ in range(5)]
    assert statuses[:3] == [302, 302, 302]
    assert len(mail.outbox) == 3


def totp_code(secret: str) -> str:
    """As the app shows it now, or in a moment: a code is good for the half minute in which it is checked."""
    if time.time() % 30 > 25:
        time.sleep(30.1 - time.time() % 30)
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.mark.parametrize("first_step", ["password", "code"])
def test_with_an_authenticator_app_the_first_step_alone_opens_nothing(cast, first_step):
    secret = generate_totp_secret()
    TOTP.activate(cast.employee, secret)
    browser = Client()
    if first_step == "password":
        response = password_login(cast.employee, browser=browser)
    else:
        ask_for_code(cast.employee.email, browser)
        response = browser.post(CONFIRM, {"code": code_of(mail.outbox[0])})
    assert response["Location"].startswith("/accounts/2fa/authenticate/")
    assert not is_signed_in(browser)
    browser.post("/accounts/2fa/authenticate/", {"code": totp_code(secret)})
    assert is_signed_in(browser)


def test_a_recovery_code_replaces_the_app_once(cast):
    TOTP.activate(cast.employee, generate_totp_secret())
    code = RecoveryCodes.activate(cast.employee).get_unused_codes()[0]
    for works in (True, False):
        browser = Client()
        password_login(cast.employee, browser=browser)
        browser.post("/accounts/2fa/authenticate/", {"code": code})
        assert is_signed_in(browser) is works


def test_someone_without_a_password_can_add_an_authenticator_app_after_a_code(cast):
    cast.employee.set_unusable_password()
    cast.employee.save()
    browser = ask_for_code(cast.employee.email)
    browser.post(CONFIRM, {"code": code_of(mail.outbox[0])})
    page = browser.get("/accounts/2fa/totp/activate/")
    assert page.status_code == 200
    browser.post("/accounts/2fa/totp/activate/", {"code": totp_code(page.context["form"].secret)})
    assert Authenticator.objects.filter(user=cast.employee, type="totp").exists()


def test_a_passkey_sign_in_offers_a_challenge_that_names_nobody(cast):
    challenge = Client().get("/accounts/2fa/webauthn/login/", headers={"x-requested-with": "XMLHttpRequest"}).json()
    assert not challenge["request_options"]["publicKey"].get("allowCredentials")
    page = Client().get(LOGIN).content.decode()
    assert "mfa_login" in page


def test_the_session_has_a_new_name_after_sign_in_and_the_old_one_is_dead(cast):
    browser = Client()
    browser.get(LOGIN)
    ask_for_code(cast.employee.email, browser)
    before = browser.cookies["session"].value
    browser.post(CONFIRM, {"code": code_of(mail.outbox[0])})
    after = browser.cookies["session"].value
    assert before != after
    browser.cookies["session"] = before
    assert not is_signed_in(browser)


@pytest.mark.parametrize("payload", UNSAFE)
def test_no_next_leads_elsewhere(cast, payload):
    signed_in = password_login(cast.employee, next=payload)
    assert signed_in["Location"] == PROFILE
    language = Client().post("/language/", {"language": "en", "next": payload})
    assert language["Location"] == "/"
    browser = Client()
    password_login(cast.colleague, browser=browser)
    out = browser.post("/accounts/logout/", {"next": payload})
    assert out["Location"] == LOGIN


def test_a_next_of_ours_is_followed_through_the_code(cast):
    browser = Client()
    browser.post(CODE, {"email": cast.employee.email, "next": "/profile/?from=mail"})
    response = browser.post(CONFIRM, {"code": code_of(mail.outbox[0]), "next": "/profile/?from=mail"})
    assert response["Location"] == "/profile/?from=mail"


def test_the_language_is_remembered_before_and_after_sign_in(cast):
    browser = Client(HTTP_ACCEPT_LANGUAGE="pl")
    assert browser.get(LOGIN)["Content-Language"] == "pl"
    browser.post("/language/", {"language": "en", "next": LOGIN})
    assert browser.get(LOGIN)["Content-Language"] == "en"
    password_login(cast.employee, browser=browser)
    assert browser.get(PROFILE)["Content-Language"] == "pl"
    browser.post("/language/", {"language": "en", "next": PROFILE})
    cast.employee.refresh_from_db()
    assert cast.employee.language == "en"
    elsewhere = Client(HTTP_ACCEPT_LANGUAGE="pl")
    password_login(cast.employee, browser=elsewhere)
    assert elsewhere.get(PROFILE)["Content-Language"] == "en"


def test_an_unknown_language_changes_nothing(cast, sign_in):
    sign_in(cast.employee).post("/language/", {"language": "xx", "next": "/"})
    cast.employee.refresh_from_db()
    assert cast.employee.language == "pl"


def test_pages_of_a_signed_in_person_are_never_kept(cast, sign_in):
    assert "no-store" in sign_in(cast.employee).get(PROFILE)["Cache-Control"]


def test_every_page_offers_the_other_language_and_the_own_account(cast, sign_in):
    for browser, url in ((Client(), LOGIN), (sign_in(cast.employee), PROFILE), (sign_in(cast.hr), "/people/")):
        assert 'action="/language/"' in browser.get(url).content.decode()
    assert 'href="/profile/"' in sign_in(cast.hr).get("/people/").content.decode()


def test_the_own_account_shows_what_is_known_and_how_one_signs_in(cast, sign_in):
    page = sign_in(cast.employee).get(PROFILE).content.decode()
    for shown in (
        cast.employee.email,
        "Firma / Sales / Shops",
        "Michał Kierownicki",
        reverse("account_change_password"),
    ):
        assert shown in page
    cast.employee.set_unusable_password()
    cast.employee.save()
    assert reverse("account_set_password") in sign_in(cast.employee).get(PROFILE).content.decode()
