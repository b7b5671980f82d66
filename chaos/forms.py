"""How much of everything: the short form runs in `make test`, the long one by hand."""

from dataclasses import dataclass

# Seconds. As in production (docs/operations.md) the quarantine is longer than the mail server's idle timeout plus its
# slowest answer to the final dot, and that answer is slower than the sender's patience.
TICK, LEASE, QUARANTINE = 1.5, 3, 17
COMMAND, VERDICT = 1.5, 2
BACKOFF_FIRST, BACKOFF_MOST, DRAIN = 0.5, 3, 4
IDLE, SLOWEST_ANSWER = 12, 3.5
# A kill comes after so many seconds, and only when so many mails went out since the last, because it proves nothing
# while nobody sends; on a machine that is too busy for that, after the longest time.
SECONDS_A_KILL, MAILS_A_KILL, LONGEST_WITHOUT_KILL = (0.6, 1.6), 12, 4
# How long the count waits, after the faults, for anything more to be settled.
PATIENCE = 60


@dataclass(frozen=True)
class Form:
    """Everything is spread over the time that the kills take. `freezes` hit any process of the pool, `sleepers` freeze
    at the worst moment. Duties are opened as the kills go on, so that there is always something to lose."""

    mails: int
    kills: int
    wipes: int
    restarts: int
    freezes: int
    sleepers: int
    report_every: float


SHORT = Form(mails=600, kills=24, wipes=2, restarts=1, freezes=4, sleepers=3, report_every=5)
LONG = Form(mails=20_000, kills=1_010, wipes=52, restarts=52, freezes=120, sleepers=80, report_every=30)


def environment() -> dict[str, str]:
    """The variables that scale the pipeline's waits down to these."""
    return {
        "TICK_SECONDS": str(TICK),
        "REMINDER_LEASE_SECONDS": str(LEASE),
        "REMINDER_QUARANTINE_SECONDS": str(QUARANTINE),
        "SMTP_COMMAND_SECONDS": str(COMMAND),
        "SMTP_VERDICT_SECONDS": str(VERDICT),
        "REMINDER_BACKOFF_FIRST_SECONDS": str(BACKOFF_FIRST),
        "REMINDER_BACKOFF_MOST_SECONDS": str(BACKOFF_MOST),
        "REMINDER_DRAIN_SECONDS": str(DRAIN),
        "MAIL_RATE": "0",
        "MAIL_CIRCUIT_SECONDS": "1",
    }
