"""What sends a mail: the contract that SMTP and the tests' outbox keep. Knows no server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from aggregator.mail.message import Outgoing


class Mailer(Protocol):
    """Hands mails to a server, one at a time; not shared between threads."""

    def send(self, mail: Outgoing, *, handing_over: Callable[[], None]) -> str:
        """Hand one mail over; returns the server's answer.

        `handing_over` is called once everything but the last line was taken: before it, the
        server has promised nothing and the mail may be sent again; after it, it may have been
        taken. Raises MailError.
        """
        ...

    def close(self) -> None:
        """End the connection, if there is one; the next `send` opens another."""
        ...
