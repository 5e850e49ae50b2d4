"""The mail server, and what receivers ask DNS about our letters. Sends nothing."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from email.utils import parseaddr
from urllib.parse import unquote, urlsplit

import dns.exception
import dns.resolver

from aggregator.doctor.finding import Finding
from aggregator.settings import Settings


def server(settings: Settings) -> Iterator[Finding]:
    """Whether the mail server lets us in, and what DNS says of the sender's domain."""
    if settings.smtp_url is None:
        yield Finding(
            "mail", "advice", "No mail server is set: no letter leaves, nobody can sign in.",
            "Set FILCOMMUN_SMTP_URL.",
        )  # fmt: skip
        return
    try:
        _sign_in(settings.smtp_url)
    except (OSError, smtplib.SMTPException) as error:
        yield Finding(
            "mail", "fault", f"The mail server refuses us: {error}",
            "Check host, port, user and password in FILCOMMUN_SMTP_URL.",
        )  # fmt: skip
        return
    yield Finding("mail", "good", "The mail server takes our letters.")
    yield from _sender(parseaddr(settings.mail_from)[1].rpartition("@")[2])


def _sign_in(url: str) -> None:
    """Open a session with the mail server and close it."""
    address = urlsplit(url)
    assert address.hostname is not None
    kind = smtplib.SMTP_SSL if address.scheme == "smtps" else smtplib.SMTP
    with kind(address.hostname, address.port or 0, timeout=10) as server:
        if address.scheme == "smtp+starttls":
            server.starttls()
        if address.username:
            server.login(unquote(address.username), unquote(address.password or ""))
        server.noop()


def _sender(domain: str) -> Iterator[Finding]:
    """What receivers ask DNS about the sender's domain (RFC 7208 SPF, RFC 7489 DMARC)."""
    if "." not in domain:
        yield Finding(
            "sender", "fault", f"Nobody takes mail from {domain or 'nowhere'}.",
            "Set FILCOMMUN_MAIL_FROM to an address of your own domain.",
        )  # fmt: skip
        return
    for name, mark, remedy in (
        (domain, "v=spf1", "Publish a TXT record with the servers that may send for you."),
        (
            f"_dmarc.{domain}",
            "v=DMARC1",
            "Publish a TXT record, `v=DMARC1; p=quarantine` to begin.",
        ),
    ):
        if any(record.startswith(mark) for record in _texts(name)):
            yield Finding("sender", "good", f"{name} has a {mark} record.")
        else:
            yield Finding("sender", "advice", f"{name} has no {mark} record.", remedy)


def _texts(name: str) -> list[str]:
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=5)
    except (dns.exception.DNSException, OSError):
        return []
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
