"""Bytes to text: which encoding a body really has, whatever it declares. Knows no format."""

from __future__ import annotations

import codecs
import re
import zlib
from typing import Final

from aggregator.errors import ParseError
from aggregator.parse.characters import mend_double_utf8

LARGEST_BODY: Final = 24 * 1024 * 1024
"""Bytes after decompression; more than any honest feed has."""

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FIRST_BYTES: Final = (
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
    (b"{\x00", "utf-16-le"),
    (b"\x00{", "utf-16-be"),
    (b"Lo\xa7\x94", "cp037"),  # "<?xm" in EBCDIC
)
_DECLARED: Final = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']?\s*([A-Za-z0-9_.:-]{1,40})|"""
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{1,40})""",
    re.IGNORECASE,
)
_IN_HEADER: Final = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
# People write the small set and mean the large one (WHATWG Encoding Standard does the same).
_WIDER: Final = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
}
_NOT_FOR_TEXT: Final = frozenset(
    {"utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs"}
)
_ESCAPING: Final = frozenset({"iso2022_jp", "iso2022_jp_2", "iso2022_kr", "hz", "cp037"})


def _cp1252_or_nothing(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    # Three bytes of an encoded surrogate are no windows-1252 letters; nor is a cut sequence.
    if wrong[:1] == b"\xed" or error.end == len(error.object):
        return "", error.end
    return wrong.decode("cp1252", "ignore"), error.end


codecs.register_error("filcommun.cp1252", _cp1252_or_nothing)


def _codec(name: str | None) -> str | None:
    """Python's own name of a text encoding, widened; None when there is no such encoding."""
    if not name:
        return None
    try:
        found = codecs.lookup(name).name
        b"".decode(found)
    except (LookupError, UnicodeError):
        return None
    return None if found in _NOT_FOR_TEXT else _WIDER.get(found, found)


def inflate(body: bytes) -> bytes:
    """A gzip or zlib body that came without Content-Encoding, opened; others unchanged.

    Raises ParseError when it is broken or would grow beyond LARGEST_BODY.
    """
    if not body.startswith((b"\x1f\x8b", b"\x78\x01", b"\x78\x9c", b"\x78\xda")):
        return body
    opened, left = b"", body
    try:
        # A gzip file may have several members.
        while left and len(opened) <= LARGEST_BODY:
            opener = zlib.decompressobj(wbits=47)
            opened += opener.decompress(left, LARGEST_BODY + 1 - len(opened))
            left = opener.unused_data
    except zlib.error as error:
        if not opened:
            raise ParseError(f"The answer is a broken gzip file ({error}).") from error
    if len(opened) > LARGEST_BODY:
        raise ParseError(f"The answer is a gzip file of more than {LARGEST_BODY >> 20} MB.")
    return opened


def _by_first_bytes(body: bytes) -> tuple[str, int] | None:
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return encoding, len(mark)
    for mark, encoding in _FIRST_BYTES:
        if body.startswith(mark):
            return encoding, 0
    return None


def _declared(body: bytes, content_type: str | None) -> list[str]:
    """Encodings the document, then the server, claim; the document's author knows better."""
    inside = _DECLARED.search(body[:2048])
    outside = _IN_HEADER.search(content_type or "")
    names = [
        inside and (inside.group(1) or inside.group(2)).decode("ascii"),
        outside and outside.group(1),
    ]
    return [codec for name in names if (codec := _codec(name))]


def _decode(body: bytes, content_type: str | None) -> str:
    first = _by_first_bytes(body)
    if first is not None:
        encoding, skip = first
        return body[skip:].decode(encoding, "filcommun.cp1252" if encoding == "utf-8" else "ignore")
    declared = _declared(body, content_type)
    for encoding in declared:
        if encoding in _ESCAPING:
            return body.decode(encoding, "replace")
    try:
        # Text that is valid UTF-8 and holds accents is UTF-8, whatever was declared.
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    for encoding in declared:
        if encoding.startswith("utf"):
            continue
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            if encoding != "cp1252":
                return body.decode(encoding, "replace")
    return body.decode("utf-8", "filcommun.cp1252")


def decode(body: bytes, content_type: str | None = None) -> str:
    """The text of a body, from its marks, its declaration and what it really holds.

    UTF-8 encoded twice is mended. Raises ParseError for an empty or an oversized body.
    """
    if len(body) > LARGEST_BODY:
        raise ParseError(f"The answer has {len(body) >> 20} MB; we read {LARGEST_BODY >> 20} MB.")
    text = mend_double_utf8(_decode(inflate(body).lstrip(b" \t\r\n"), content_type))
    text = text.lstrip("\ufeff \t\r\n")
    if not text.strip("\x00"):
        raise ParseError("The answer is empty.")
    return text
