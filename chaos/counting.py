"""What became of each mail that was owed: the mail server's own log against the ledger."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Row:
    state: str
    message_id: str


@dataclass
class Count:
    """`wrong`: whoever is neither mailed once, nor shown as unclear or refused."""

    owed: int = 0
    sent_once: int = 0
    sent_twice: int = 0
    silently_lost: int = 0
    unknown_shown: int = 0
    refused_shown: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        shown = self.sent_once + self.unknown_shown + self.refused_shown
        return not self.wrong and self.sent_twice == self.silently_lost == 0 and shown == self.owed


def count(ledger: Mapping[str, Sequence[Row]], accepted: Mapping[str, int]) -> Count:
    """`ledger` has the rows of everybody who is owed a mail, `accepted` the copies that the server took, by address."""
    counted = Count(owed=len(ledger))
    for address, rows in ledger.items():
        outcome = outcome_of([row.state for row in rows], accepted.get(address, 0))
        if outcome:
            setattr(counted, outcome, getattr(counted, outcome) + 1)
        if outcome not in ("sent_once", "unknown_shown", "refused_shown"):
            counted.wrong.append(address)
    counted.wrong += sorted(set(accepted) - set(ledger))
    return counted


def outcome_of(states: Sequence[str], copies: int) -> str:
    """The figure that a person counts under; nothing where the ledger is wrong in another way: a second row, a mail
    that arrived and is called refused, or is still waiting to be sent."""
    if copies > 1:
        return "sent_twice"
    if len(states) > 1:
        return ""
    state = states[0] if states else ""
    if state == "unknown":
        return "unknown_shown"
    if copies:
        return "sent_once" if state == "sent" else ""
    return "refused_shown" if state == "failed" else "silently_lost"


def copies_by_address(log: Path) -> Counter[str]:
    return Counter(line.split()[1] for line in log.read_text().splitlines())


def stories(log: Path, wrong: Iterable[str], ledger: Mapping[str, Sequence[Row]]) -> list[str]:
    """For some of those that went wrong, what the server and the ledger say."""
    lines = log.read_text().splitlines()
    return [
        f"{address}: accepted {[line for line in lines if line.endswith(' ' + address)]}, ledger {ledger.get(address)}"
        for address in list(wrong)[:10]
    ]
