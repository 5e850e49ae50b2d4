"""Lead pictures: fetched once, re-encoded, sized and served by us, so that no reader is told on.

Only where the source's rights allow showing them. Re-encoding drops what a picture hides
(places, cameras, code); what is no picture, too small or too large is refused with a reason.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from pathlib import Path

import structlog
from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from aggregator.collect.readings import fetch_allowed, one_per_host
from aggregator.collect.wire import Wire
from aggregator.errors import FetchError
from aggregator.parse import reservations
from aggregator.settings import Settings
from aggregator.store import visits
from aggregator.store.tables import Entry, Picture

log = structlog.get_logger()
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
LARGE, SMALL = 1200, 480
"""Pixels of the longer side at most."""
SMALLEST = 120
"""Pixels of either side; below are counters, icons and lines."""
MOST_PIXELS = 40_000_000
"""A picture of more would fill the memory once unpacked."""
_FOLDER = "pictures"


@dataclass(frozen=True, slots=True)
class Encoded:
    """One picture in its two sizes, as WebP."""

    large: bytes
    small: bytes
    width: int
    height: int


def fetch_due(
    sessions: sessionmaker[Session],
    settings: Settings,
    clock: Callable[[], datetime],
    *,
    limit: int = 10,
) -> int:
    """Fetch the lead pictures of new entries, one per host; how many were asked for."""
    with sessions() as session:
        due = visits.unpictured(session, clock(), limit=30)
    chosen = one_per_host(due, lambda entry: entry.image, limit)
    if chosen:
        asyncio.run(_fetch_all(sessions, settings, clock, chosen))
    return len(chosen)


async def _fetch_all(
    sessions: sessionmaker[Session],
    settings: Settings,
    clock: Callable[[], datetime],
    entries: Sequence[Entry],
) -> None:
    async with Wire(settings) as wire:
        for entry in entries:
            assert entry.image is not None
            with sessions() as session:
                if not visits.claim_picture(session, entry.id, entry.image, clock()):
                    continue
            encoded, reason = None, None
            try:
                encoded = await _fetch(sessions, wire, clock, entry)
            except FetchError as error:
                reason = error.reason
            _keep(sessions, settings, entry, encoded, reason, clock())


async def _fetch(
    sessions: sessionmaker[Session], wire: Wire, clock: Callable[[], datetime], entry: Entry
) -> Encoded:
    assert entry.image is not None
    trusted = entry.source.group.status == "participating"
    body, headers, _ = await fetch_allowed(sessions, wire, clock, entry.image, trusted=trusted)
    if reservations.from_headers(headers).no_image and not trusted:
        raise FetchError("The site asks for no pictures.", reason="robots", permanent=True)
    return await asyncio.to_thread(encode, body)


def encode(body: bytes) -> Encoded:
    """A foreign picture in our two sizes, upright, without anything hidden in it.

    Only the first frame of a moving one. Raises FetchError `not_a_picture`.
    """
    try:
        with Image.open(io.BytesIO(body), formats=FORMATS) as opened:
            width, height = opened.size
            if width * height > MOST_PIXELS:
                raise _refused(f"{width} × {height} pixels are too many")
            if min(width, height) < SMALLEST:
                raise _refused(f"{width} × {height} pixels are too few")
            # JPEG is unpacked at a fraction of its size where that is enough.
            opened.draft("RGB", (LARGE, LARGE))
            picture = ImageOps.exif_transpose(opened)
            picture = _flat(picture)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise _refused(str(error)) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _refused("it unpacks to too much") from error
    picture.thumbnail((LARGE, LARGE))
    small = picture.copy()
    small.thumbnail((SMALL, SMALL))
    return Encoded(_webp(picture), _webp(small), *picture.size)


def _refused(why: str) -> FetchError:
    return FetchError(f"No picture to show: {why[:200]}.", reason="not_a_picture", permanent=True)


def _flat(picture: Image.Image) -> Image.Image:
    """In RGB, on white where it was transparent."""
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        ground = Image.new("RGB", picture.size, "white")
        ground.paste(picture, mask=picture.getchannel("A"))
        return ground
    return picture.convert("RGB")


def _webp(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=78, method=4)
    return out.getvalue()


def _keep(
    sessions: sessionmaker[Session],
    settings: Settings,
    entry: Entry,
    encoded: Encoded | None,
    reason: str | None,
    now: datetime,
) -> None:
    with sessions.begin() as session:
        row = session.get(Picture, entry.id)
        if row is None:
            return
        row.tried_at, row.reason = now, reason
        if encoded is not None:
            name = hashlib.sha256(encoded.large).hexdigest()[:40]
            row.file = _write(settings.media_folder, name, encoded.large)
            row.small = _write(settings.media_folder, f"{name}-s", encoded.small)
            row.width, row.height = encoded.width, encoded.height
            row.alt = alternative(entry.content, row.url)
    log.info("picture fetched", entry=entry.id, reason=reason)


def _write(folder: Path, name: str, content: bytes) -> str:
    """Write a file whole or not at all; its path below `folder`."""
    path = Path(_FOLDER) / name[:2] / f"{name}.webp"
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(f".{os.getpid()}.part")
    unfinished.write_bytes(content)
    unfinished.replace(target)
    return path.as_posix()


_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r'\b(src|alt)="([^"]*)"', re.IGNORECASE)


def alternative(content: str, url: str) -> str:
    """The alternative text that the entry's own HTML gives this picture; empty for none.

    >>> alternative('<p><img src="https://a.example/1.jpg" alt="Un jardin"></p>',
    ...             "https://a.example/1.jpg")
    'Un jardin'
    """
    for element in _IMAGE.findall(content):
        said = {name.lower(): unescape(value) for name, value in _ATTRIBUTE.findall(element)}
        if said.get("src", "").partition("?")[0] == url.partition("?")[0]:
            return said.get("alt", "").strip()[:300]
    return ""


def sweep(session: Session, settings: Settings) -> int:
    """Delete the files that no entry shows any more (it is gone, or its group left); how many.

    The caller commits.
    """
    shown = select(Picture).join(Entry, Entry.id == Picture.entry_id)
    for row in session.scalars(shown.where(Entry.deleted_at.is_not(None))):
        session.delete(row)
    session.flush()
    kept = {name for pair in session.execute(select(Picture.file, Picture.small)) for name in pair}
    deleted = 0
    for path in (settings.media_folder / _FOLDER).glob("*/*.webp"):
        if path.relative_to(settings.media_folder).as_posix() not in kept:
            path.unlink(missing_ok=True)
            deleted += 1
    return deleted
