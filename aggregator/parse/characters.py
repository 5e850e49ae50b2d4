"""Which characters a text may hold, and how damaged ones are mended. Knows no markup.

Everything foreign passes `tidy` once: control, invisible and direction-changing characters go,
UTF-8 that was encoded twice is decoded, accents are composed (NFC).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_UNWANTED: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"  # control characters, save tab, newline, NEL
    "\ud800-\udfff\ufffe\uffff\ufffd"  # surrogates, non-characters, "replacement character"
    "\u00ad\u200b\u2060-\u2064\ufeff"  # soft hyphen, zero width space, joiners that show nothing
    "\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction marks, overrides and isolates
    "\U000e0000-\U000e007f]"  # invisible tag characters
)
_NON_JOINER: Final = re.compile("(?<=[a-zA-Z\u00c0-\u024f])\u200c|\u200c(?=[a-zA-Z\u00c0-\u024f])")
"""Persian needs the zero width non-joiner; between Latin letters it only hides a word."""
_MANY_MARKS: Final = re.compile("[\u0300-\u036f]{5,}")

# What the 32 bytes 0x80-0x9f become when they are read as windows-1252; five are undefined.
_CP1252: Final = bytes(range(0x80, 0xA0)).decode("cp1252", "ignore")
_CONTINUATION: Final = f"[\x80-\xbf{re.escape(_CP1252)}]"
# Alone, only the lead bytes of Latin text, of signs and of emoji: "É »" is good French.
_TWICE: Final = {
    lead: re.compile(f"{lead}{rest}")
    for lead, rest in {
        "Â": _CONTINUATION,
        "Ã": _CONTINUATION,
        "Å": _CONTINUATION,
        "â": f"{_CONTINUATION}{{2}}",
        "ð": f"{_CONTINUATION}{{3}}",
        "ï": f"[»¸¿]{_CONTINUATION}",
    }.items()
}
"""By lead letter, so that a text without it costs next to nothing."""
_TWICE_GREEK_CYRILLIC: Final = re.compile(f"[ÎÏÐÑ]{_CONTINUATION}")
_GREEK_CYRILLIC_WORD: Final = re.compile(f"(?:[ÎÏÐÑ]{_CONTINUATION}){{3}}")
_TO_BYTE: Final = {
    **{code: bytes([code]) for code in range(0x100)},
    **{
        ord(bytes([code]).decode("cp1252")): bytes([code])
        for code in range(0x80, 0xA0)
        if code not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}
    },
}


def _decode_once(match: re.Match[str]) -> str:
    run = match.group()
    try:
        return b"".join(_TO_BYTE[ord(letter)] for letter in run).decode("utf-8")
    except (UnicodeDecodeError, KeyError):
        return run


def mend_double_utf8(text: str) -> str:
    """Text that went through UTF-8 twice or more, by way of latin-1 or windows-1252.

    >>> mend_double_utf8("lâ€™avenir de CrÃ©teil")
    'l’avenir de Créteil'
    """
    for _time in range(3):
        before, text = text, _mend_once(text)
        if text == before:
            break
    return text


def _mend_once(text: str) -> str:
    if sum(map(text.count, "ÎÏÐÑ")) >= 3 and _GREEK_CYRILLIC_WORD.search(text):
        text = _TWICE_GREEK_CYRILLIC.sub(_decode_once, text)
    for lead, pattern in _TWICE.items():
        if lead in text:
            text = pattern.sub(_decode_once, text)
    return text


def _four_marks(match: re.Match[str]) -> str:
    return match.group()[:4]


def tidy(text: str) -> str:
    """The same words without what a reader cannot see; twice is once.

    >>> tidy("Pa\\u200bri\\u200cs \\u202efdp.exe")
    'Paris fdp.exe'
    """
    if text.isascii():
        return _UNWANTED.sub("", text) if not text.isprintable() else text
    text = _UNWANTED.sub("", text)
    if "\u200c" in text:
        text = _NON_JOINER.sub("", text)
    return _MANY_MARKS.sub(_four_marks, unicodedata.normalize("NFC", text))


def one_line(text: str, limit: int) -> str:
    """At most `limit` characters on one line, cut at a word where possible, with an ellipsis.

    >>> one_line("  Réunion\\n  publique ", 40)
    'Réunion publique'
    >>> one_line("Réunion publique", 12)
    'Réunion…'
    """
    # Ten times the limit holds the words wanted unless the text is nearly all spaces.
    line = " ".join(text[: limit * 10].split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    if not line[limit - 1].isspace() and " " in cut[limit // 2 :]:
        cut = cut[: cut.rindex(" ")]
    return cut.rstrip(" ,;:.–-") + "…"
