"""What the words of a mail server say about an address, as opposed to the mail or whoever sent it. Pure.

The difference matters: a server that refuses everything for a reason of its own (a policy, a blocked sender, a relay
that is set up wrongly) must not make a whole company look as if nobody's address worked.
"""

import re

ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
OF_THE_ADDRESS = re.compile(
    r"5\.1\.(?!7$|8$)\d+"  # the address; 7 and 8 are about the sender's
    r"|5\.2\.(?!3$)\d+"  # the mailbox: gone, disabled, full; 3 is about the size of the mail
    r"|5\.4\.[14]"  # nobody answers for that domain, or (Exchange Online) no such recipient there
)
OF_SOMETHING_ELSE = re.compile(
    r"relay|polic|block|black|spam|reputation|authenticat|denied|\bips?\b|\brate\b|too many", re.IGNORECASE
)
MAILBOX_CODES = re.compile(r"\b55[0123]\b")


def status_in(words: str) -> str:
    """The first enhanced status code (RFC 3463), such as 5.1.1; empty without one."""
    found = ENHANCED.search(words)
    return found[1] if found else ""


def is_about_the_address(words: str, *, status: str = "", in_doubt: bool) -> bool:
    """Does a server that says `words`, such as `550 5.1.1 no such user`, refuse the recipient's address for good?

    `status` is what a notification adds to them. The enhanced code tells. Where it says no more than “for good”
    (5.0.0), or is missing, `in_doubt` says whether the words may be about the address at all; then they are, with a
    code for mailboxes and unless they speak of something else, as servers do that refuse a sender in answers to RCPT.
    """
    told = [code for code in (status, status_in(words)) if code and not code.endswith(".0.0")]
    if told:
        return bool(OF_THE_ADDRESS.fullmatch(told[0]))
    for_good = status.startswith("5") or MAILBOX_CODES.search(words) is not None
    return in_doubt and for_good and not OF_SOMETHING_ELSE.search(words)
