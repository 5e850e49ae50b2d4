"""The same entries as Atom, RSS, JSON Feed, calendar or table; their groups' feeds as OPML.

`aggregator.publish` writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice

from flask import Response, request, stream_with_context
from werkzeug.exceptions import NotFound

from aggregator.publish import atom, icalendar, jsonfeed, opml, publication, rss, table
from aggregator.publish.publication import Publication
from aggregator.registry import importing
from aggregator.search import whole
from aggregator.search.engine import Cursor
from aggregator.store import directory, entries
from aggregator.store.tables import Entry, Group
from web import current
from web.caching import FEED_SECONDS, keep_for
from web.languages import language
from web.places import Place
from web.security import allow_reading

ENTRIES = 50
"""Entries of one feed."""
_WRITERS = {"atom": atom, "rss": rss, "json": jsonfeed, "ics": icalendar}
_CHUNK = 500
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)
"""When an empty list last changed."""


def answer(place: Place, title: str, ending: str) -> Response:
    """The entries of `place` in the format of `ending`; 404 for a format we do not write."""
    if ending in {"csv", "ods"}:
        return export(place, ending)
    if ending == "ics":
        return _calendar(place, title)
    if ending == "opml":
        return outline(_groups(place), title, page_url=current.absolute(place.url()))
    if ending not in _WRITERS:
        raise NotFound
    view = place.view
    results = current.parts().engine.search(
        view.query(current.now()),
        limit=ENTRIES,
        after=Cursor.read(request.args.get("apres")),
        fold=view.folds(usually=False),
    )
    found = entries.in_order(current.session(), results.ids)
    following = None
    if results.next:
        own = place.feed(ending)
        following = current.absolute(f"{own}{'&' if '?' in own else '?'}apres={results.next}")
    return _written(place, title, ending, found, following)


def outline(groups: Sequence[Group], title: str, *, page_url: str) -> Response:
    """The feeds of these groups, for a feed reader to take in at once."""
    settings = current.parts().settings
    body = opml.write(
        groups,
        title=f"{publication.NAME} : {title}",
        page_url=page_url,
        made_at=max((group.updated_at for group in groups), default=current.now()),
        owner=settings.contact,
        base_url=settings.base_url,
        records=importing.brought(importing.records_of(current.session(), groups)),
    )
    response = Response(body, content_type=opml.MEDIA_TYPE)
    response.headers["Content-Disposition"] = 'attachment; filename="fil-commun.opml"'
    return keep_for(allow_reading(response), FEED_SECONDS)


def _groups(place: Place) -> list[Group]:
    """The groups that have an entry at `place`, by name."""
    engine, view = current.parts().engine, place.view
    results = engine.search(view.query(current.now()), limit=0, facets=("group",))
    slugs = results.facets["group"]
    return [group for group in directory.groups(current.session()) if group.slug in slugs]


def _calendar(place: Place, title: str) -> Response:
    """What takes place from now on, as far as the place’s filters find it."""
    found = coming(place, since=current.now())
    return _written(place, title, "ics", found, None)


def coming(place: Place, *, since: datetime, until: datetime | None = None) -> list[Entry]:
    """Entries of `place` that take place in a span of time, by their beginning."""
    candidates = entries.taking_place(current.session(), since, until)
    if place.view.is_everything or not candidates:
        return candidates
    ids = [entry.id for entry in candidates]
    query = place.view.query(current.now())
    kept = set(current.parts().engine.matching({0: query}, ids).get(0, ()))
    return [entry for entry in candidates if entry.id in kept]


def _written(
    place: Place, title: str, ending: str, found: list[Entry], following: str | None
) -> Response:
    settings = current.parts().settings
    updated = max(map(publication.changed, found), default=_NEVER)
    published = Publication(
        title=f"{publication.NAME} : {title}",
        self_url=current.absolute(place.feed(ending)),
        page_url=current.absolute(place.url()),
        base_url=settings.base_url,
        updated=updated,
        entries=found,
        language=language(),
        next_url=following,
        contact=settings.contact,
    )
    writer = _WRITERS[ending]
    response = Response(writer.write(published), content_type=writer.MEDIA_TYPE)
    return keep_for(allow_reading(response), FEED_SECONDS, changed=updated)


def export(place: Place, ending: str) -> Response:
    """All that was found, as many rows as the page counts; `csv`, `json` or `ods`."""
    made = table.of_entries(
        _all(place),
        base_url=current.parts().settings.base_url,
        query=place.url(),
        made_at=current.now(),
    )
    response = Response(
        stream_with_context(table.CHUNKS[ending](made)), content_type=table.MEDIA_TYPES[ending]
    )
    response.headers["Content-Disposition"] = f'attachment; filename="fil-commun.{ending}"'
    return keep_for(allow_reading(response), FEED_SECONDS)


def _all(place: Place) -> Iterator[Entry]:
    """Every entry of the place: as many as the page counts."""
    view = place.view
    every = whole.every_id(current.parts().engine, view.query(current.now()), order=view.order)
    while ids := list(islice(every, _CHUNK)):
        yield from entries.in_order(current.session(), ids)
        # Thousands of rows may pass; the session need not hold them.
        current.session().expunge_all()
