"""A logo for each group and a picture for each text, drawn from their names.

Stripes and discs in the group's colours, written as PNG by hand: no file to ship, no library.
"""

from __future__ import annotations

import random
import re
import struct
import zlib
from functools import lru_cache

from aggregator.demo.sites.pages import colour
from aggregator.demo.sites.site import Site
from aggregator.demo.wire import Answer

_PICTURE = re.compile(r"/image/(\d{1,6})\.png")


def at(site: Site, path: str) -> Answer | None:
    """The logo or picture of that path; None: there is none."""
    if path in {"/logo.png", "/favicon.ico", "/apple-touch-icon.png"}:
        return Answer(drawn(site.group.slug, 0, 144, 144), "image/png", etag="strong")
    found = _PICTURE.fullmatch(path)
    if found and any(post.number == int(found[1]) for post in site.posts):
        return Answer(drawn(site.group.slug, int(found[1]), 640, 360), "image/png", etag="strong")
    return None


@lru_cache(maxsize=64)
def drawn(slug: str, number: int, width: int, height: int) -> bytes:
    """A PNG of three discs on a gradient, always the same for the same names."""
    chance = random.Random(f"{slug} {number}")
    ground = [_rgb(colour(f"{slug}{number}", light)) for light in (0.72, 0.86)]
    discs = [
        (
            chance.uniform(0, width),
            chance.uniform(0, height),
            chance.uniform(0.15, 0.45) * height,
            _rgb(colour(slug, chance.uniform(0.25, 0.6))),
        )
        for _ in range(3)
    ]
    rows = bytearray()
    for y in range(height):
        share = y / height
        shade = bytes(round(a + (b - a) * share) for a, b in zip(*ground, strict=True))
        row = bytearray(shade * width)
        for x, centre, radius, paint in discs:
            half = radius**2 - (y - centre) ** 2
            if half > 0:
                left, right = max(0, round(x - half**0.5)), min(width, round(x + half**0.5))
                row[left * 3 : right * 3] = paint * max(0, right - left)
        rows += b"\0" + row
    return _png(width, height, bytes(rows))


def _rgb(hexadecimal: str) -> bytes:
    return bytes.fromhex(hexadecimal.removeprefix("#"))


def _png(width: int, height: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )
