"""What sends a mail: the contract that SMTP and the tests' outbox keep. Knows no server."""

from __future__ import annotations

from collections.abc import Generator
from enum import Enum
from typing import Protocol

from aggregator.mail.message import Outgoing


class Step(Enum):
    """Where a talk about one mail stands."""

    WAITING = "the server has been asked something"
    HANDING_OVER = "the server has everything but the last line"


Talk = Generator[Step, None, str]
"""One mail being handed over: goes on with `next`, returns the server's answer.

A talk that waits costs nothing, so that one thread can lead several, on a connection each.
After HANDING_OVER `next` says the last line at once. Until then the server has promised nothing
and the mail may be sent again; afterwards it may have been taken. Raises MailError.
"""


class Mailer(Protocol):
    """One connection to a server; not shared between threads."""

    def connect(self) -> None:
        """Make sure that the server listens, so that no mail is begun in vain.

        Raises MailError (`server`). Costs nothing while the connection of the last mail holds.
        """
        ...

    def talk(self, mail: Outgoing) -> Talk:
        """Hand one mail over, step by step; the next only when this one has ended."""
        ...

    def close(self) -> None:
        """End the connection, if there is one; the next talk opens another."""
        ...
