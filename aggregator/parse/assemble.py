"""Raw strings of any format to the two shapes: cleaned, resolved, dated, never without a uid.

Knows no format; each reader hands over what it found, in the source's own words.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from urllib.parse import unquote

from aggregator.parse.characters import one_line, tidy
from aggregator.parse.clean import LONGEST_TITLE, plain_text, safe_html
from aggregator.parse.dates import date_in_path, parse_date
from aggregator.parse.entries import Enclosure, ParsedEntry
from aggregator.parse.urls import page_url

MOST_ENTRIES: Final = 1000
"""Entries of one document that are kept, in document order; feeds put the newest first."""
MOST_CATEGORIES: Final = 50
MOST_ENCLOSURES: Final = 20
_LONGEST_UID: Final = 500
"""Characters; a longer one is kept as its digest."""
_DERIVED: Final = "urn:sha256:"
_SHORT_TITLE: Final = 100
_IMAGE: Final = re.compile(r'<img[^>]*\ssrc="([^"]+)"')
_ALTERNATIVE: Final = re.compile(r'<img[^>]*\salt="([^"]*\w[^"]*)"')
_PICTURE: Final = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)(?:\?|\Z)", re.IGNORECASE)
_MAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,5}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}\Z")
_LARGEST_LENGTH: Final = 10**13


@dataclass(slots=True)
class Found:
    """What a reader saw of one entry, before anything is made of it."""

    base: str
    """Where its relative addresses start."""
    content_base: str | None = None
    """The same for its content, where that is another place."""
    ids: list[str] = field(default_factory=list)
    """Declared identities, the best first."""
    links: list[str] = field(default_factory=list)
    """Candidate pages, the best first."""
    titles: list[str] = field(default_factory=list)
    summaries: list[str] = field(default_factory=list)
    contents: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    published: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    language: str | None = None
    categories: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    enclosures: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    """Address, media type and length as declared."""
    starts: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    type: str | None = None


def language_tag(*declared: str | None) -> str | None:
    """The first usable BCP 47 tag; `fr_FR` is written `fr-FR`."""
    for tag in declared:
        tag = (tag or "").strip()
        if _LANGUAGE.match(tag):
            return tag.replace("_", "-")
    return None


def is_french(language: str | None) -> bool:
    return language is not None and language.lower().startswith("fr")


def first_text(candidates: Iterable[str], limit: int) -> str:
    """The first that has words, as plain text."""
    return next((text for each in candidates if (text := plain_text(each, limit))), "")


def first_date(candidates: Iterable[str], *, french: bool) -> datetime | None:
    return next((date for each in candidates if (date := parse_date(each, french=french))), None)


def first_url(candidates: Iterable[str], base: str) -> str | None:
    return next((url for each in candidates if each and (url := page_url(each, base))), None)


def _length(declared: str | None) -> int | None:
    text = (declared or "").strip()
    # A length like "NaN", "-1" or forty nines says nothing.
    if not text.isascii() or not text.isdigit() or len(text) > 13:
        return None
    return int(text) if 0 < int(text) < _LARGEST_LENGTH else None


def _enclosures(found: Found) -> tuple[Enclosure, ...]:
    kept: dict[str, Enclosure] = {}
    for address, kind, length in found.enclosures:
        if len(kept) == MOST_ENCLOSURES:
            break
        url = page_url(address, found.base)
        if url and url not in kept:
            kept[url] = Enclosure(
                url, tidy((kind or "").lower().strip())[:100] or None, _length(length)
            )
    return tuple(kept.values())


def _categories(words: Sequence[str]) -> tuple[str, ...]:
    kept: dict[str, None] = {}
    for word in words:
        if len(kept) == MOST_CATEGORIES:
            break
        text = plain_text(word, 100)
        if text:
            kept[text] = None
    return tuple(kept)


def _author(found: Found) -> str | None:
    """A name, not an address: RSS puts `name@host (Name)` there."""
    for raw in found.authors:
        name = plain_text(raw, 120)
        inside = re.search(r"\(([^()]{2,100})\)", name)
        if inside and _MAIL.search(name):
            name = inside.group(1)
        name = _MAIL.sub("", name).strip(" <>(),;")
        if name:
            return name
    return None


def _digest(seed: str) -> str:
    return _DERIVED + hashlib.sha256(seed.encode("utf-8", "replace")).hexdigest()[:40]


def _derived_uid(found: Found, title: str, text: str, published: datetime | None) -> str:
    seed = "\n".join((title, str(published or ""), text or " ".join(found.summaries)))
    return _digest(seed)


def declared_uid(ids: Iterable[str]) -> str | None:
    """The first of the ids a source wrote, in one spelling; None when all are empty."""
    for raw in ids:
        if len(raw) > _LONGEST_UID:
            return _digest(raw)
        uid = " ".join(tidy(raw).split())
        if uid:
            return uid
    return None


def _image(found: Found, enclosures: Sequence[Enclosure], content: str) -> str | None:
    named = first_url(found.images, found.base)
    if named:
        return named
    for enclosure in enclosures:
        if (enclosure.type or "").startswith("image/"):
            return enclosure.url
    inside = _IMAGE.search(content)
    return inside.group(1).replace("&amp;", "&") if inside else None


def _type(found: Found, enclosures: Sequence[Enclosure], starts_at: datetime | None) -> str:
    if starts_at is not None:
        return "event"
    if found.type:
        return found.type
    kinds = {(enclosure.type or "").partition("/")[0] for enclosure in enclosures}
    return "video" if "video" in kinds else "audio" if "audio" in kinds else "article"


def _link(found: Found) -> str | None:
    """The page: a picture is none as long as there is anything else."""
    urls = [url for link in found.links if link and (url := page_url(link, found.base))]
    pages = [url for url in urls if not _PICTURE.search(url)]
    return next(iter(pages or urls), None)


def _title_of_file(found: Found, enclosures: Sequence[Enclosure], content: str) -> str:
    """For an entry without a word: what its picture shows, or the name of its file."""
    markup = "".join(safe_html(raw, found.base) for raw in found.titles) + content
    alternative = _ALTERNATIVE.search(markup)
    if alternative:
        return plain_text(alternative.group(1), _SHORT_TITLE)
    names = (file.url.partition("?")[0].rpartition("/")[2] for file in enclosures)
    return plain_text(unquote(next((name for name in names if "." in name), "")), _SHORT_TITLE)


def _recording(enclosures: Sequence[Enclosure]) -> str | None:
    """What to open for an episode that has no page: the recording itself."""
    kinds = ("audio/", "video/")
    return next((file.url for file in enclosures if (file.type or "").startswith(kinds)), None)


def entry(found: Found, *, language: str | None = None) -> ParsedEntry:
    """The entry of what was found; `language` is the feed's, for entries that say nothing."""
    language = language_tag(found.language, language)
    french = is_french(language)
    content = next(
        (
            html
            for raw in found.contents
            if (html := safe_html(raw, found.content_base or found.base))
        ),
        "",
    )
    if not content:
        content = next(
            (
                html
                for raw in found.summaries
                if "<" in raw and (html := safe_html(raw, found.base))
            ),
            "",
        )
    summary = first_text(found.summaries, 2000)
    title = first_text(found.titles, LONGEST_TITLE)
    if not title:
        title = one_line(summary or plain_text(content, 400), _SHORT_TITLE)
    url = _link(found)
    published = first_date(found.published, french=french)
    updated = first_date(found.updated, french=french)
    if published is None and updated is None and url:
        # Else everything old would look new on the day a source is added.
        published = date_in_path(url)
    starts_at = first_date(found.starts, french=french)
    enclosures = _enclosures(found)
    if not title:
        title = _title_of_file(found, enclosures, content)
    return ParsedEntry(
        uid=declared_uid(found.ids) or url or _derived_uid(found, title, summary, published),
        url=url or _recording(enclosures),
        title=title,
        summary=summary,
        content=content,
        author=_author(found),
        published=published or updated,
        updated=updated,
        language=language,
        categories=_categories(found.categories),
        image=_image(found, enclosures, content),
        enclosures=enclosures,
        starts_at=starts_at,
        ends_at=first_date(found.ends, french=french) if starts_at else None,
        place=first_text(found.places, 300) or None,
        type=_type(found, enclosures, starts_at),
    )


def distinct(entries: Iterable[ParsedEntry]) -> tuple[ParsedEntry, ...]:
    """No uid twice: a repetition is dropped, another entry under the same uid gets its own.

    The first keeps the uid, so that a source that mends its ids later loses nothing.
    """
    kept: dict[str, ParsedEntry] = {}
    for each in entries:
        uid, repeated = each.uid, 0
        while uid in kept and not _is_repetition(each, kept[uid]):
            repeated += 1
            uid = _own_uid(each, repeated)
        kept.setdefault(uid, each if uid == each.uid else replace(each, uid=uid))
    return tuple(kept.values())


def _is_repetition(each: ParsedEntry, first: ParsedEntry) -> bool:
    """Two entries that their source gave neither identity nor words are not known to be one."""
    same = (each.url, each.title, each.published) == (first.url, first.title, first.published)
    return same and bool(each.title) and not each.uid.startswith(_DERIVED)


def _own_uid(each: ParsedEntry, repeated: int) -> str:
    return _digest(f"{each.uid}\n{each.url}\n{each.title}\n{each.published}\n{repeated}")
