"""Reading settings from environment variables: a missing or malformed value stops the start and says what to do."""

import datetime as dt
import math
import os
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from reminders.calendar import Hours


class Environment:
    """Typed access to `os.environ`. A `default` of None means that the variable is required."""

    def text(self, name: str, default: str | None = None) -> str:
        value = os.environ.get(name, "").strip()
        if value:
            return value
        if default is None:
            raise ImproperlyConfigured(f"Set the environment variable {name}; docs/operations.md describes it.")
        return default

    def secret(self, name: str, default: str | None = None) -> str:
        value = self.text(name, default)
        if len(value) < 50 or len(set(value)) < 5:
            raise ImproperlyConfigured(
                f"{name} must be at least 50 random characters, for example the output of "
                "python -c 'import secrets; print(secrets.token_urlsafe(50))'."
            )
        return value

    def choice(self, name: str, allowed: Sequence[str], default: str) -> str:
        value = self.text(name, default)
        if value not in allowed:
            raise ImproperlyConfigured(f"{name} is {value!r}; it must be one of: {', '.join(allowed)}.")
        return value

    def integer(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        if not value.isdecimal():
            raise ImproperlyConfigured(f"{name} is {value!r}; it must be a whole number, zero or more.")
        return int(value)

    def seconds(self, name: str, default: float) -> dt.timedelta:
        value = self.text(name, str(default))
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not 0 < number < math.inf:
            raise ImproperlyConfigured(f"{name} is {value!r}; it must be a number of seconds above zero.")
        return dt.timedelta(seconds=number)

    def words(self, name: str, default: list[str] | None = None) -> list[str]:
        """A comma-separated list."""
        value = self.text(name, ",".join(default) if default else None)
        words = [word.strip() for word in value.split(",") if word.strip()]
        if "*" in words:
            raise ImproperlyConfigured(f"{name} must list host names; '*' would accept forged Host headers.")
        return words

    def paths(self, name: str, default: str) -> list[str]:
        """Paths or patterns, separated by colons or commas."""
        return [path.strip() for path in re.split("[:,]", self.text(name, default)) if path.strip()]

    def url(self, name: str, schemes: Sequence[str], default: str | None = None) -> str:
        """An address; empty only where the default is."""
        value = self.text(name, default)
        if value and urlsplit(value).scheme not in schemes:
            raise ImproperlyConfigured(f"{name} must start with {' or '.join(s + '://' for s in schemes)}.")
        return value.rstrip("/")

    def sending_window(self, name: str, default: str) -> Hours:
        """When reminders may go out, in the company's time zone: `always`, or hours and days."""
        value = self.text(name, default)
        try:
            return Hours.parse(value)
        except ValueError:
            raise ImproperlyConfigured(
                f"{name} is {value!r}; it must be `always`, or hours and days such as 08:00-18:00 mon-fri."
            ) from None

    def database(self, name: str) -> dict[str, Any]:
        """A PostgreSQL address: postgresql://user:password@host:port/name?sslmode=…, or ?host=/socket/folder."""
        parts = urlsplit(self.url(name, schemes=("postgres", "postgresql")))
        options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": options.pop("host", parts.hostname or ""),
            "PORT": options.pop("port", str(parts.port or "")),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"connect_timeout": 10, **options},
        }

    def mail_server(self, address: str) -> dict[str, Any]:
        """Django's EMAIL_* settings from smtp:// (plain), smtp+tls:// (STARTTLS) or smtps:// (TLS from the start)."""
        parts = urlsplit(address)
        return {
            "EMAIL_HOST": parts.hostname or "localhost",
            "EMAIL_PORT": parts.port or {"smtp": 25, "smtp+tls": 587, "smtps": 465}[parts.scheme],
            "EMAIL_HOST_USER": unquote(parts.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
            "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
            "EMAIL_USE_SSL": parts.scheme == "smtps",
        }
