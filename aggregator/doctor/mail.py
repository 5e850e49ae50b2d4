"""The mail server, and what receivers ask DNS about our letters. Sends nothing."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.doctor.finding import Finding
from aggregator.errors import MailError
from aggregator.mail import addresses, outbox, standing
from aggregator.mail.smtp import SmtpMailer
from aggregator.settings import Settings


def server(settings: Settings) -> Iterator[Finding]:
    """Whether the mail server lets us in, and what DNS says of the sender's domain."""
    if settings.smtp_url is None:
        yield Finding(
            "mail", "advice", "No mail server is set: no letter leaves, nobody can sign in.",
            "Set FILCOMMUN_SMTP_URL.",
        )  # fmt: skip
        return
    mailer = SmtpMailer(settings.smtp_url, timeout=10, total=30)
    try:
        mailer.connect()
        if _is_address(settings.contact):
            mailer.offer(outbox.bounce_address(settings, 0), settings.contact)
    except MailError as error:
        yield Finding(
            "mail", "fault", str(error),
            "Check host, port, user and password in FILCOMMUN_SMTP_URL, and that the server lets "
            "that user send as FILCOMMUN_MAIL_FROM and FILCOMMUN_MAIL_BOUNCES, also to "
            "FILCOMMUN_CONTACT.",
        )  # fmt: skip
        return
    finally:
        mailer.close()
    yield Finding("mail", "good", "The mail server takes our letters.")
    for verdict in standing.verdicts(settings):
        level = "good" if verdict.is_good else "advice"
        yield Finding("sender", level, verdict.says, verdict.remedy)


def _is_address(text: str) -> bool:
    try:
        addresses.read(text)
    except MailError:
        return False
    return True
