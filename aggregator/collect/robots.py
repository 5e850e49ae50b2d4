"""What a robots.txt lets us read, and how slowly (RFC 9309). Pure; fetches nothing."""

from __future__ import annotations

from dataclasses import dataclass

from protego import Protego

from aggregator.collect.wire import AGENT

LONGEST = 500 * 1024
"""Bytes that are read of a robots.txt (RFC 9309 §2.5)."""
LONGEST_DELAY = 300.0
"""Seconds; a longer Crawl-delay would mean that a host with ten sources is never through."""


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one host."""

    state: str
    """`none` (no such file: all is allowed), `allowed`, `partly` or `unreachable` (nothing is)."""
    text: str = ""
    """The file, for the next process."""
    delay: float | None = None
    """Seconds between requests."""
    rules: Protego | None = None

    def allows(self, url: str) -> bool:
        """Whether this page may be read."""
        if self.rules is None:
            return self.state != "unreachable"
        return bool(self.rules.can_fetch(url, AGENT))


NONE = Robots("none")
UNREACHABLE = Robots("unreachable")


def read(status: int, body: bytes) -> Robots:
    """The rules in an answer to `GET /robots.txt`, after redirects.

    No file (any 4xx) allows everything; a failing server (5xx) forbids everything until it
    answers again (RFC 9309 §2.3.1).
    """
    if status >= 500 or status == 429:
        return UNREACHABLE
    if status != 200:
        return NONE
    return of_text(body[:LONGEST].decode("utf-8", "replace").replace("\x00", ""))


def of_text(text: str) -> Robots:
    """The rules of a file's text; an HTML page in its place says nothing.

    >>> of_text("User-agent: *\\nDisallow: /prive").allows("https://a.example/prive/1")
    False
    """
    if not text.strip() or text.lstrip("\ufeff \r\n\t").startswith("<"):
        return NONE
    rules = Protego.parse(text)
    delay = rules.crawl_delay(AGENT)
    everything = not any(
        line.split(":", 1)[1].partition("#")[0].strip()
        for line in text.splitlines()
        if line.strip().lower().startswith("disallow") and ":" in line
    )
    return Robots(
        state="allowed" if everything else "partly",
        text=text,
        delay=min(float(delay), LONGEST_DELAY) if delay else None,
        rules=rules,
    )
