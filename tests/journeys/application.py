"""The running application of the journeys: `make run` on the test's own servers, with a company that nobody has filled
yet."""

import contextlib
import datetime as dt
import os
import re
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

import psycopg
import redis

from accounts.models import Person, Role
from accounts.people import invite_person
from accounts.roles import grant_role
from courses.models import Course, revision_content
from reminders.models import ReminderPlan
from tests.config.test_run import TESTS_OWN, free_port

PASSWORD = "a pass phrase of the journeys"
PATIENCE = 60
Found = TypeVar("Found")


def wait_for(look: Callable[[], Found | None], what: str, patience: float = PATIENCE) -> Found:
    """Looks again and again until there is something; fails with `what` when patience ends."""
    limit = time.monotonic() + patience
    while time.monotonic() < limit:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(f"after {patience} s still no {what}")


class Application:
    """Real gunicorn, Celery worker, beat and SMTP sink. Reminders go out at any hour and are looked for every
    second."""

    def __init__(self, folder: Path, unblock: Callable[[], Any]) -> None:
        self.folder = folder
        self.unblock = unblock
        self.name = f"journeys_{os.getpid()}"
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[str] | None = None

    def environment(self) -> dict[str, str]:
        parts = urllib.parse.urlsplit(os.environ["DATABASE_URL"])
        kept = {name: value for name, value in os.environ.items() if name not in TESTS_OWN}
        return kept | {
            "DATABASE_URL": parts._replace(path=f"/{self.name}").geturl(),
            "REDIS_URL": self.redis_url,
            "SECRET_KEY": settings.SECRET_KEY,
            "VAR_DIR": str(self.folder),
            "PORT": str(self.port),
            "HEARTBEAT_SECONDS": "1",
            "TICK_SECONDS": "1",
        }

    @property
    def redis_url(self) -> str:
        """One for each process: of the server's 16 databases those of the tests count from the first, these from the
        last."""
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        return re.sub(r"(\?db=|/)\d+$", rf"\g<1>{15 - worker}", os.environ["REDIS_URL"])

    def start(self) -> None:
        """With somebody in the database already, the first start loads the course and no demo company."""
        redis.Redis.from_url(self.redis_url).flushdb()
        self.administer(f'CREATE DATABASE "{self.name}"')
        with self.database():
            call_command("migrate", interactive=False, verbosity=0)
            ReminderPlan.objects.update(opens=dt.time(), closes=None, weekdays=list(range(7)), skips_holidays=False)
            self.staff("admin@example.com", Role.SYSADMIN)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.embedded.run"],
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        output = ""
        for line in self.process.stdout or ():
            output += line
            if "Ctrl-C stops everything" in line:
                return
        raise AssertionError(f"the application ended with {self.process.wait()}:\n{output}")

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.communicate(timeout=60)
        self.administer(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')

    def administer(self, statement: str) -> None:
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
            server.execute(statement)

    @contextlib.contextmanager
    def database(self) -> Iterator[None]:
        """Meanwhile this process's own Django stands on the application's database."""
        before = connection.settings_dict["NAME"]
        connection.close()
        revision_content.cache_clear()
        connection.settings_dict["NAME"] = self.name
        try:
            with self.unblock():
                yield
                connection.close()
        finally:
            revision_content.cache_clear()
            connection.settings_dict["NAME"] = before

    def staff(self, email: str, role: Role | None = None, *, language: str = "pl", first_name: str = "Hanna") -> Person:
        """Somebody with a password, as an installation begins: made by nobody."""
        now, today = timezone.now(), timezone.localdate()
        person = invite_person(
            email=email, first_name=first_name, last_name="Wierzbicka", department=None, language=language, by=None,
            now=now, today=today, employment_start=today - dt.timedelta(days=400),
        )  # fmt: skip
        person.password = make_password(PASSWORD, hasher="argon2")
        person.save(update_fields=["password"])
        if role:
            grant_role(person, role=role, by=None, now=now)
        return person

    @property
    def course(self) -> Course:
        return Course.objects.get(key="five-rules")

    def session_of(self, person: Person) -> dict[str, Any]:
        """The cookie of somebody who has signed in elsewhere."""
        session = SessionStore()
        session[SESSION_KEY] = str(person.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        session.create()
        return {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key or "", "url": self.base}

    def mails_to(self, address: str) -> list[EmailMessage]:
        """What the SMTP server has accepted for the address, oldest first."""
        read = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes
        mails = [read(path.read_bytes()) for path in sorted((self.folder / "mail").glob("*.eml"))]
        return [mail for mail in mails if mail["X-Envelope-To"] == address]

    def wait_for_mail(self, address: str, *, number: int = 1) -> EmailMessage:
        """The mail of that number to the address, counted from 1."""
        mails = wait_for(lambda: self.mails_to(address)[number - 1 :], f"mail {number} to {address}")
        return mails[0]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def button_of(mail: EmailMessage) -> str:
    """The address of the mail's one button, the same in both of its forms."""
    html = mail.get_body(("html",))
    assert html is not None
    (address,) = re.findall(r'<a class="button" href="([^"]+)"', str(html.get_content()))
    assert address in text_of(mail).splitlines()
    return str(address)


def code_of(mail: EmailMessage) -> str:
    """The sign-in code stands on a line of its own."""
    (code,) = re.findall(r"^\s*([A-Z0-9]{4,}(?:-[A-Z0-9]{4,})?)\s*$", text_of(mail), re.MULTILINE)
    return str(code)
