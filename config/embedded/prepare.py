"""What must be true before the processes start, in one interpreter: `python -m config.embedded.prepare`.

Translations compiled, database migrated, static files collected, course and demo company loaded (by `manage.py setup`,
which does so on the first run only). The demo accounts are printed as lines of role, e-mail and password.
"""

import hashlib
import io
import sys
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands

from config import messages


def collect_static() -> None:
    """Skipped while no static file has changed: hashing and compressing them takes seconds."""
    root = Path(settings.STATIC_ROOT)
    mark = root.with_name(root.name + ".sum")
    digest = hashlib.sha256(repr((settings.STORAGES, django.__version__)).encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            digest.update(f"{name} {storage.size(name)} {storage.get_modified_time(name).timestamp()}\n".encode())
    if root.exists() and mark.exists() and mark.read_text() == digest.hexdigest():
        return
    root.mkdir(parents=True, exist_ok=True)
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    mark.write_text(digest.hexdigest())


def accounts() -> str:
    output = io.StringIO()
    call_command("setup", print_accounts=True, stdout=output)
    return output.getvalue()


def main() -> int:
    wrong = messages.compile_all()
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    collect_static()
    if "setup" in get_commands():
        call_command("setup", stdout=sys.stderr)
        print(accounts(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
