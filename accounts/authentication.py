"""How people come in: no open sign-up, and nobody who has left."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.stagekit import clear_login

from accounts.models import Person, normal_email

WITH_ROLES = """
SELECT person.*, ARRAY(SELECT role FROM accounts_rolegrant WHERE person_id = person.id) AS held
FROM accounts_person person WHERE person.id = %s
"""


class PersonBackend(AuthenticationBackend):
    """Sign-in by e-mail; someone who has left is refused at sign-in and on the next request of every open session."""

    def get_user(self, user_id: int) -> Person | None:
        """The person of a session with the roles held now. Every request begins with it, so it is one statement, and
        not one of the ORM, which takes longer to put it together than PostgreSQL to answer it."""
        person = next(iter(Person.objects.raw(WITH_ROLES, [user_id])), None)
        if person is None or not self.user_can_authenticate(person):
            return None
        person._roles = frozenset(vars(person)["held"])
        return person

    def user_can_authenticate(self, user: AbstractBaseUser | None) -> bool:
        return isinstance(user, Person) and user.is_active


class ClosedDoorAdapter(DefaultAccountAdapter):
    """People are invited or imported, never self-registered. Mails speak the language of the person they go to."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        """Only the password: the person of the request was read before it, and HR may have changed the rest since."""
        user.set_password(password)
        user.save(update_fields=["password"])

    def pre_login(
        self, request: HttpRequest, user: AbstractBaseUser, *, email: str | None, **how: Any
    ) -> HttpResponse | None:
        """A code that went to an address which is not theirs any more signs nobody in."""
        if email and isinstance(user, Person) and normal_email(email) != user.email:
            clear_login(request)
            return redirect("account_login")
        return super().pre_login(request, user, email=email, **how)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """`language` is for an address that nobody has any more."""
        person = Person.objects.filter(email=normal_email(email)).first()
        language = person.language if person else context.get("language") or translation.get_language()
        with translation.override(language):
            subject = render_to_string(f"{template_prefix}_subject.txt", context).strip()
            self.render_mail(template_prefix, email, context | {"language": language, "subject": subject}).send()

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Built on the configured address, never on the Host header of whoever asked for the mail."""
        uidb36, _, token = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uidb36, "key": token})
        return f"{settings.BASE_URL}{path}"

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:profile")
