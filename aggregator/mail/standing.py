"""What the DNS says of those who send: SPF, DKIM and DMARC, as receivers ask it.

Knows no server and no letter: names and texts in, verdicts out.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import parseaddr

import dns.exception
import dns.resolver

from aggregator.settings import Settings

Lookup = Callable[[str], Sequence[str] | None]
"""Name → its TXT records, empty when it has none; None when nobody could be asked."""

_RSA_2048 = 290
"""Bytes that a public RSA key of 2048 bits takes at the least (it is 294 in the usual form)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One record looked for."""

    is_good: bool
    says: str
    remedy: str = ""


def verdicts(settings: Settings, lookup: Lookup | None = None) -> Iterator[Verdict]:
    """SPF of the envelope's domain, DKIM and DMARC of the sender's; nothing is raised."""
    ask = lookup or texts
    domain = _domain(settings.mail_from)
    envelope = _domain(settings.mail_bounces or settings.mail_from)
    if "." not in domain:
        yield Verdict(
            False,
            f"Nobody takes mail from {domain or 'nowhere'}.",
            "Set FILCOMMUN_MAIL_FROM to an address of your own domain.",
        )
        return
    yield _spf(envelope, ask)
    yield _dkim(domain, settings.dkim_selector, ask)
    yield _dmarc(domain, ask)


def texts(name: str) -> Sequence[str] | None:
    """The TXT records of a name, asked of the system's resolver for five seconds at the most."""
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=5)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError, ValueError):
        return None
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


def _spf(domain: str, ask: Lookup) -> Verdict:
    """RFC 7208."""
    records = ask(domain)
    if records is None:
        return _unasked(domain)
    found = [record for record in records if re.match(r"v=spf1( |$)", record, re.IGNORECASE)]
    if not found:
        return Verdict(
            False,
            f"{domain} has no SPF record.",
            "Publish a TXT record `v=spf1 … -all` with the servers that may send for you.",
        )
    if len(found) > 1:
        return Verdict(
            False,
            f"{domain} has {len(found)} SPF records: receivers then believe none (RFC 7208 §4.5).",
            "Keep one, with all servers in it.",
        )
    if re.search(r"(^| )\+?all\b", found[0], re.IGNORECASE):
        return Verdict(
            False,
            f"The SPF record of {domain} lets everybody send in your name.",
            "Let it end in `-all` or `~all`.",
        )
    return Verdict(True, f"{domain} has an SPF record.")


def _dkim(domain: str, selector: str | None, ask: Lookup) -> Verdict:
    """RFC 6376 §3.6.1, and the key sizes of RFC 8301."""
    if selector is None:
        return Verdict(
            False,
            "Whether your mail server signs (DKIM) cannot be looked up without its selector.",
            "Set FILCOMMUN_DKIM_SELECTOR to the `s=` of a DKIM-Signature in a mail you sent.",
        )
    name = f"{selector}._domainkey.{domain}"
    records = ask(name)
    if records is None:
        return _unasked(name)
    if len(records) != 1:
        count = "no record" if not records else f"{len(records)} records"
        return Verdict(
            False,
            f"{name} has {count}; one DKIM key belongs there.",
            "Publish there the TXT record that your mail server or provider gives you.",
        )
    fault = _fault_of_key(records[0])
    if fault:
        return Verdict(
            False,
            f"The DKIM key at {name} {fault}.",
            "Copy the record again from your mail server or provider.",
        )
    return Verdict(True, f"{name} has a DKIM key.")


def _fault_of_key(record: str) -> str:
    """What is wrong with a key record, as the end of a sentence; empty when nothing is.

    >>> _fault_of_key("v=DKIM1; p=")
    'was revoked: its p= is empty'
    """
    tags = _tags(record)
    if tags.get("v", "DKIM1") != "DKIM1" or "p" not in tags:
        return "is none: `v=DKIM1; p=…` is expected (RFC 6376 §3.6.1)"
    if not tags["p"]:
        return "was revoked: its p= is empty"
    try:
        key = base64.b64decode(re.sub(r"\s", "", tags["p"]), validate=True)
    except (binascii.Error, ValueError):
        return "cannot be read: its p= is no base64"
    kind = tags.get("k", "rsa")
    if kind == "rsa" and len(key) < _RSA_2048:
        return "is shorter than 2048 bits (RFC 8301 §3.2)"
    if kind == "ed25519" and len(key) != 32:
        return "is no Ed25519 key: 32 bytes are expected"
    if kind not in {"rsa", "ed25519"}:
        return f"is of a kind that nobody reads: k={kind[:40]}"
    if not {"*", "email"} & {part.strip() for part in tags.get("s", "*").split(":")}:
        return "is not for e-mail: its s= says so"
    if "y" in {part.strip() for part in tags.get("t", "").split(":")}:
        return "is marked as a test (t=y): receivers treat signed mail as unsigned"
    return ""


def _dmarc(domain: str, ask: Lookup) -> Verdict:
    """RFC 7489: at the domain itself, or at one above it."""
    labels = domain.split(".")
    for start in range(len(labels) - 1):
        name = "_dmarc." + ".".join(labels[start:])
        records = ask(name)
        if records is None:
            return _unasked(name)
        found = [record for record in records if re.match(r"v=DMARC1\s*(;|$)", record)]
        if len(found) == 1 and _tags(found[0]).get("p") in {"none", "quarantine", "reject"}:
            return Verdict(True, f"{name} has a DMARC record.")
        if found:
            return Verdict(
                False,
                f"The DMARC record at {name} says no p= that counts, or there are several.",
                "Keep one, `v=DMARC1; p=quarantine` to begin.",
            )
    return Verdict(
        False,
        f"_dmarc.{domain} has no DMARC record.",
        "Publish a TXT record there, `v=DMARC1; p=quarantine` to begin.",
    )


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}


def _unasked(name: str) -> Verdict:
    return Verdict(
        False, f"The DNS could not be asked for {name}.", "Check /etc/resolv.conf and the network."
    )


def _domain(address: str) -> str:
    """The domain of an address as the DNS knows it; what IDNA cannot write stays as it is."""
    domain = parseaddr(address)[1].rpartition("@")[2].lower().rstrip(".")
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain
