"""What signs somebody in besides a code to their address: password, authenticator app, passkeys."""

from collections.abc import Collection

from django.contrib.auth.hashers import make_password
from django.db import transaction

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator

from accounts.models import Person


def withdraw(person_ids: Collection[int]) -> None:
    """Nothing that signed these people in does so any longer, and open sessions end; they come in by a code sent to the
    address they have now, which may be read by somebody else than before."""
    Authenticator.objects.filter(user__in=person_ids).delete()
    EmailAddress.objects.filter(user__in=person_ids).delete()
    Person.objects.filter(pk__in=person_ids).update(password=make_password(None))


def tell_of_new_address(person: Person, *, old: str) -> None:
    """To the old address and to the new one, once it is written: whoever changes where the codes go is never unseen.
    A mail server that is away or refuses one of them undoes nothing."""
    context = {"old": old, "new": person.email, "language": person.language}
    tell = get_adapter().send_mail
    for address in (old, person.email):
        transaction.on_commit(lambda to=address: tell("account/email/address_changed", to, context), robust=True)  # type: ignore[misc]
