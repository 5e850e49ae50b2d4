"""E-mail addresses as people type them, made fit to be written to. Pure."""

from __future__ import annotations

import re
import unicodedata

from aggregator.errors import MailError

_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def read(text: str) -> str:
    """The one address in the text, its domain in lower-case ASCII (IDNA).

    Raises MailError (permanent) with a sentence for anything else: several addresses, a name
    beside it, quotes, comments, line breaks, a domain without a dot.

    >>> read(" Alice@Exämple.org ")
    'Alice@xn--exmple-cua.org'
    """
    address = unicodedata.normalize("NFC", text.strip(" "))
    local, at, domain = address.rpartition("@")
    if not at or len(address) > 254 or not _is_local(local):
        raise _refused(text)
    try:
        ascii_domain = domain.lower().encode("idna").decode("ascii")
    except UnicodeError as error:
        raise _refused(text) from error
    labels = ascii_domain.split(".")
    if len(labels) < 2 or len(ascii_domain) > 253 or labels[-1].isdigit():
        raise _refused(text)
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused(text)
    return f"{local}@{ascii_domain}"


def key(address: str) -> str:
    """One spelling per mailbox: hardly any server tells `Alice` from `alice`."""
    return address.casefold()


def domain(address: str) -> str:
    """What stands behind the @, in lower case."""
    return address.rpartition("@")[2].lower()


def _is_local(local: str) -> bool:
    if not 1 <= len(local.encode("utf-8", "replace")) <= 64:
        return False
    if local.startswith(".") or local.endswith(".") or ".." in local:
        return False
    # RFC 6531 lets letters of all scripts stand there; blanks, quotes and controls stay out.
    plain = "".join(
        "a" if ord(character) > 127 and unicodedata.category(character)[0] in "LMN" else character
        for character in local
    )
    return _ATOM.fullmatch(plain) is not None


def _refused(text: str) -> MailError:
    return MailError(
        f"{text[:80]!r} is not an address we can write to: use the form name@domain.example.",
        permanent=True,
    )
