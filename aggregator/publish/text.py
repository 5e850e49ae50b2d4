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


def after_title(text: str, title: str) -> str:
    """The text on one line, without the title that many sources write again as its beginning.

    A title that was cut from the text is continued; one that merely shares its first words with
    a sentence takes nothing away.

    >>> after_title("Le local est trouvé Cent soixante mètres carrés.", "Le local est trouvé")
    'Cent soixante mètres carrés.'
    >>> after_title("Qui veut apprendre à coudre ? Venez jeudi.", "Qui veut apprendre à…")
    '…coudre ? Venez jeudi.'
    >>> after_title("La friche devient un parc. Le conseil a voté.", "La friche devient un parc…")
    'Le conseil a voté.'
    >>> after_title("Le local est trouvé à Bondy.", "Le local est trouvé")
    'Le local est trouvé à Bondy.'
    """
    text = line(text)
    head = line(title)
    is_cut = head.endswith(("…", "..."))
    head = head.rstrip("….") if is_cut else head
    if not head or _plain(text[: len(head)]) != _plain(head):
        return text
    rest = text[len(head) :]
    if is_cut:
        left = rest.lstrip(" .…")
        is_whole = rest.lstrip().startswith((".", "…"))  # it was cut where its sentence ended
        return left if is_whole or not left else "…" + left
    if rest[:1].isalnum():
        return text
    rest = rest.lstrip(" .:–—-")
    return text if rest[:1].islower() else rest


def _plain(text: str) -> str:
    return text.replace("’", "'").casefold()


def cut(text: str, limit: int) -> str:
    """At most `limit` characters of the text on one line, ended at a word and by an ellipsis.

    >>> cut("Le jardin partagé ouvre ses portes.", 20)
    'Le jardin partagé…'
    >>> cut("Il ouvre. Venez samedi.", 12)
    'Il ouvre…'
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
    return head.rstrip(" .,;:–—-(«") + "…"
