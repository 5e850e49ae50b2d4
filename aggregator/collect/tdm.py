"""Whether a site reserves its texts against mining (W3C TDMRep, directive 2019/790 art. 4).

Pure: reads what was fetched. Three places may say it: /.well-known/tdmrep.json, a response
header, a page's meta element; the most precise one counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

LONGEST = 200_000
"""Characters of a tdmrep.json that are read."""
_META = re.compile(
    rb"<meta\b(?=[^>]*\bname\s*=\s*[\"']?tdm-reservation\b)[^>]*\bcontent\s*=\s*[\"']?\s*([01])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reservations:
    """The rules of one host's tdmrep.json, in its order."""

    rules: tuple[tuple[str, bool], ...] = ()
    """Path pattern and whether it is reserved; the first that fits counts."""

    @property
    def any(self) -> bool:
        """Whether anything on the host is reserved."""
        return any(reserved for _, reserved in self.rules)

    def reserves(self, url: str) -> bool:
        """Whether this page is reserved; False where no rule speaks of it."""
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        for pattern, reserved in self.rules:
            if _fits(pattern, path):
                return reserved
        return False


def _fits(pattern: str, path: str) -> bool:
    """Like robots.txt: a prefix, `*` for anything, `$` for the end."""
    expression = re.escape(pattern).replace(r"\*", ".*")
    if expression.endswith(r"\$"):
        expression = expression[:-2] + r"\Z"
    return re.match(expression, path) is not None


def read(text: str) -> Reservations:
    """The rules in a tdmrep.json; none where it is not what it should be.

    >>> read('[{"location": "/", "tdm-reservation": 1}]').reserves("https://a.example/flux")
    True
    """
    try:
        rules = json.loads(text[:LONGEST])
    except (ValueError, RecursionError):
        return Reservations()
    found = []
    for rule in rules if isinstance(rules, list) else [rules]:
        if not isinstance(rule, dict):
            continue
        location = rule.get("location")
        if isinstance(location, str) and location.count("*") < 10:
            found.append((location[:500], rule.get("tdm-reservation") in {1, "1"}))
    return Reservations(tuple(found[:100]))


def reserved_here(headers: Mapping[str, str], body: bytes) -> bool | None:
    """What the answer itself says (header, then meta element); None when it says nothing."""
    header = headers.get("tdm-reservation", "").strip()
    if header in {"0", "1"}:
        return header == "1"
    found = _META.search(body[:20_000])
    return found[1] == b"1" if found else None
