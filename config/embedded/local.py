"""The environment of a local run: what `make run` fills in where nothing was given."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from config.embedded.problem import Problem

ROOT = Path(__file__).resolve().parent.parent.parent
DEFAULT_PORT = 8000


def var_folder(given: Mapping[str, str]) -> Path:
    return Path(given.get("VAR_DIR") or ROOT / "var").absolute()


def chosen_port(given: Mapping[str, str]) -> int:
    text = given.get("PORT") or str(DEFAULT_PORT)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Problem(f"PORT is {text!r}: it must be a number from 1 to 65535, for example PORT=8001 make run.")
    return int(text)


def secret_key(var: Path) -> str:
    """Made once and readable by its owner only: a new one at every start would sign everybody out."""
    path = var / "secret_key"
    if not path.exists():
        draft = path.with_suffix(".part")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(64))
        draft.rename(path)
    return path.read_text().strip()


def environment(given: Mapping[str, str], var: Path, port: int, mail_port: int | None) -> dict[str, str]:
    """`given` completed; what was set by hand always wins. Without `mail_port` mail goes to the given EMAIL_URL."""
    filled = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "FIVE_RULES_MODE": "local",
        "VAR_DIR": str(var),
        "PORT": str(port),
        "BASE_URL": f"http://127.0.0.1:{port}",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "DEFAULT_FROM_EMAIL": "Five Rules <five-rules@localhost>",
        "PYTHONUNBUFFERED": "1",
    }
    if not given.get("SECRET_KEY"):
        filled["SECRET_KEY"] = secret_key(var)
    if mail_port is not None:
        filled |= {"EMAIL_URL": f"smtp://127.0.0.1:{mail_port}", "MAIL_SINK_DIR": str(var / "mail")}
    return filled | {name: value for name, value in given.items() if value}
