"""Undoing Content-Encoding within a limit. Pure; knows no exchange.

Servers lie about it: a body that is not packed as announced is taken as it is when it looks
like text, and refused otherwise.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import brotli

from aggregator.errors import FetchError

MAX_UNPACKED = 24 * 1024 * 1024
"""Bytes of a body once unpacked; a real feed of 500 long articles has 5 MiB."""

ACCEPTED = "gzip, deflate, br"


def unpack(body: bytes, encodings: str, *, limit: int = MAX_UNPACKED) -> bytes:
    """The body without its content codings, outermost last in `encodings` (RFC 9110 §8.4).

    Raises FetchError `too_large_unpacked` beyond `limit` bytes, `bad_encoding` when it cannot
    be read. At most two codings are undone; more is an attack.

    >>> unpack(b"<rss/>", "gzip")
    b'<rss/>'
    """
    names = [name.strip().lower() for name in encodings.split(",") if name.strip()]
    names = [name for name in names if name != "identity"]
    if len(names) > 2:
        raise FetchError(f"The body is packed {len(names)} times.", reason="bad_encoding")
    for name in reversed(names):
        body = _undo(body, name, limit)
    return body


def _undo(body: bytes, name: str, limit: int) -> bytes:
    known: dict[str, Callable[[bytes, int], bytes]] = {
        "gzip": _gunzip,
        "x-gzip": _gunzip,
        "deflate": _inflate,
        "br": _unbrotli,
    }
    if name not in known:
        raise FetchError(f"The coding {name[:30]!r} is unknown.", reason="bad_encoding")
    try:
        return known[name](body, limit)
    except (zlib.error, brotli.error, EOFError) as error:
        if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"<", b"{", b"["}:
            return body
        raise FetchError(f"The body is not {name}: {error}.", reason="bad_encoding") from error


def _too_large(limit: int) -> FetchError:
    return FetchError(
        f"The body unpacks to more than {limit} bytes.",
        reason="too_large_unpacked",
        permanent=True,
    )


def _gunzip(body: bytes, limit: int) -> bytes:
    return _zlib(body, zlib.MAX_WBITS | 16, limit)


def _inflate(body: bytes, limit: int) -> bytes:
    try:
        return _zlib(body, zlib.MAX_WBITS, limit)
    except zlib.error:
        # Many servers send the raw stream under this name.
        return _zlib(body, -zlib.MAX_WBITS, limit)


def _zlib(body: bytes, window: int, limit: int) -> bytes:
    worker = zlib.decompressobj(window)
    unpacked = worker.decompress(body, limit + 1)
    if len(unpacked) > limit:
        raise _too_large(limit)
    if not worker.eof and not unpacked:
        raise EOFError("it ends at once")
    return unpacked


def _unbrotli(body: bytes, limit: int) -> bytes:
    worker = brotli.Decompressor()
    unpacked = worker.process(body, output_buffer_limit=limit + 1)
    if len(unpacked) > limit or not worker.can_accept_more_data():
        raise _too_large(limit)
    if not worker.is_finished() and not unpacked:
        raise EOFError("it ends at once")
    return bytes(unpacked)
