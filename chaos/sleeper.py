"""A sender that freezes at the worst moment, once: `python -m chaos.sleeper offered | committed`.

`offered`: it has the server's 354 and is about to ask whether it still holds the mail. `committed`: it has recorded the
point of no return and is about to send the body. It says which mail it holds and stops itself.
"""

import datetime as dt
import json
import os
import signal
import sys
from typing import Any

import django

django.setup()

from reminders import sending  # noqa: E402
from reminders.clock import database_now  # noqa: E402
from reminders.smtp import MailServer  # noqa: E402

AWAKE = dt.timedelta(seconds=30)
deliver, offer, hand_over = sending.deliver, MailServer.offer, MailServer.hand_over


class Sleeper:
    def __init__(self) -> None:
        self.held: sending.Claim | None = None
        self.has_slept = False

    def deliver(self, held: sending.Claim, *given: Any, **more: Any) -> bool:
        self.held = held
        return deliver(held, *given, **more)

    def freeze(self) -> None:
        if not self.has_slept and self.held:
            self.has_slept = True
            print(json.dumps({"reminder": self.held.reminder_id, "token": str(self.held.token)}), flush=True)
            os.kill(os.getpid(), signal.SIGSTOP)


def main(moment: str) -> None:
    sleeper = Sleeper()

    def offer_then_freeze(server: MailServer, **addresses: str) -> None:
        offer(server, **addresses)
        sleeper.freeze()

    def freeze_then_hand_over(server: MailServer, content: bytes) -> str:
        sleeper.freeze()
        return hand_over(server, content)

    sending.deliver = sleeper.deliver
    if moment == "offered":
        MailServer.offer = offer_then_freeze  # type: ignore[assignment, method-assign]
    else:
        MailServer.hand_over = freeze_then_hand_over  # type: ignore[assignment, method-assign]
    until = database_now() + AWAKE
    sending.drain(clock=database_now, until=until, server=MailServer.from_settings())


if __name__ == "__main__":
    main(sys.argv[1])
