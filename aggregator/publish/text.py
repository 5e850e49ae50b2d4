"""Plain text made fit for where it goes: XML, one line, at most so many characters. Pure."""

from __future__ import annotations

import re
import unicodedata

# XML 1.0 §2.2 has no way to write these, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# C1 controls, and marks that turn the rest of a page around: nobody writes them on purpose.
_TREACHEROUS = re.compile("[\u007f-\u0084\u0086-\u009f\u202a-\u202e\u2066-\u2069]")


def safe(text: str) -> str:
    """The text without characters that XML forbids, C1 controls and direction overrides.

    >>> safe("a\\x00b\\u202ec")
    'abc'
    """
    return _TREACHEROUS.sub("", _FORBIDDEN.sub("", text))


def line(text: str) -> str:
    """The text safe and on one line, runs of blanks as one space.

    >>> line(" Fête \\r\\n du  vélo ")
    'Fête du vélo'
    """
    return " ".join(safe(text).split())


def cut(text: str, limit: int) -> str:
    """At most `limit` characters of the text on one line, ended at a word and by an ellipsis.

    >>> cut("Le jardin partagé ouvre ses portes.", 20)
    'Le jardin partagé…'
    >>> cut("Court", 20)
    'Court'
    """
    text = line(text)
    if len(text) <= limit:
        return text
    end = limit - 1
    while end and unicodedata.combining(text[end]):
        end -= 1  # never between a letter and its accents
    head = text[:end]
    if not text[end].isspace() and " " in head:
        head = head[: head.rindex(" ")]
    return head.rstrip(" ,;:–—-(«") + "…"
