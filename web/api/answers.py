"""Each route of the API: one question, one answer of `schemas`. No rule of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apiflask import APIBlueprint, abort
from flask import Response, jsonify, render_template, request, url_for

from aggregator.publish import provenance, publication, rights
from aggregator.registry import importing
from aggregator.search.engine import Cursor
from aggregator.search.view import View
from aggregator.store import directory, entries, stories
from aggregator.store.tables import Entry, Group, Record, Source
from aggregator.taxonomy import areas, terms
from aggregator.taxonomy.terms import Term
from web import current, health, limits
from web.api import schemas
from web.api.description import description
from web.groups import CHOOSERS
from web.languages import spoken
from web.routing import ID
from web.security import allow_reading

blueprint = APIBlueprint("api", __name__, url_prefix="/api/v1", tag="Fil commun")
limits.guard(blueprint)


@blueprint.get("/entries")
@blueprint.input(schemas.EntryQuestion, location="query", arg_name="question")
@blueprint.output(schemas.EntryPage)
def entry_page(question: dict[str, Any]) -> dict[str, Any]:
    """Entries, newest first.

    The filters are the portal's own; `apres` pages on steadily while entries arrive.
    """
    return _found(question)


@blueprint.get("/search")
@blueprint.input(schemas.EntryQuestion, location="query", arg_name="question")
@blueprint.output(schemas.EntryPage)
def search(question: dict[str, Any]) -> dict[str, Any]:
    """The same as `/entries`, by relevance unless `tri` says otherwise."""
    return _found({"tri": "pertinence", **question})


def _found(question: dict[str, Any]) -> dict[str, Any]:
    view = View.from_args(question)
    now = current.now()
    results = current.parts().engine.search(
        view.query(now),
        limit=question["limite"],
        after=Cursor.read(question.get("apres")),
        facets=question.get("facettes", ()),
        order=view.order,
        fold=view.folds(usually=False),
    )
    found = entries.in_order(current.session(), results.ids)
    return {
        "total": results.total,
        "entries": [_entry(entry, results.folded.get(entry.id, ())) for entry in found],
        "facets": {name: dict(counts) for name, counts in results.facets.items()},
        "next": str(results.next) if results.next else None,
        "understood": view.words(spoken(), now=now),
        "warnings": [
            {"position": one.position, "length": one.length, "message": one.say(spoken())}
            for one in view.understood(now).warnings
        ],
    }


@blueprint.get(f"/entries/{ID}")
@blueprint.output(schemas.EntryShape)
@blueprint.doc(responses={404: "There is no such entry."})
def entry(id: int) -> dict[str, Any]:
    """One entry."""
    found = entries.in_order(current.session(), [id])
    if not found:
        abort(404, "There is no such entry.")
    return _entry(found[0])


@blueprint.get("/stories")
@blueprint.input(schemas.Paged, location="query", arg_name="question")
@blueprint.output(schemas.StoryPage)
def story_page(question: dict[str, Any]) -> dict[str, Any]:
    """Stories told by several groups, the newest first."""
    before = question.get("apres", "")
    found = stories.newest(
        current.session(),
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None,
        limit=question["limite"] + 1,
    )
    shown = found[: question["limite"]]
    return {
        "stories": [_story(id, entries.of_story(current.session(), id)) for id in shown],
        "next": str(shown[-1]) if len(found) > len(shown) else None,
    }


@blueprint.get(f"/stories/{ID}")
@blueprint.output(schemas.StoryShape)
@blueprint.doc(responses={404: "There is no such story."})
def story(id: int) -> dict[str, Any]:
    """One story."""
    told = entries.of_story(current.session(), id)
    if not told:
        abort(404, "There is no such story.")
    return _story(id, told)


@blueprint.get("/groups")
@blueprint.input(schemas.GroupQuestion, location="query", arg_name="question")
@blueprint.output(schemas.GroupPage)
def group_page(question: dict[str, Any]) -> dict[str, Any]:
    """Groups of the directory, by slug."""
    wanted = {}
    for dimension, name in CHOOSERS.items():
        slug = question.get(name)
        if slug and terms.is_term(dimension, slug):
            inside = areas.descendants(slug) if dimension == "area" else ()
            wanted[dimension] = (slug, *inside)
        elif slug:
            wanted[dimension] = (slug,)
    found = sorted(directory.groups(current.session(), wanted), key=lambda group: group.slug)
    page, following = _page(found, question)
    records = importing.brought(importing.records_of(current.session(), page))
    shown = [_group(one, records.get(one.id)) for one in page]
    return {"groups": shown, "total": len(found), "next": following}


@blueprint.get("/groups/<slug>")
@blueprint.output(schemas.GroupShape)
@blueprint.doc(responses={404: "There is no such group."})
def group(slug: str) -> dict[str, Any]:
    """One group."""
    found = directory.by_slug(current.session(), slug)
    if found is None or not found.is_public:
        abort(404, "There is no such group.")
    records = importing.brought(importing.records_of(current.session(), [found]))
    return _group(found, records.get(found.id))


@blueprint.get("/sources")
@blueprint.input(schemas.Paged, location="query", arg_name="question")
@blueprint.output(schemas.SourcePage)
def source_page(question: dict[str, Any]) -> dict[str, Any]:
    """Sources with their health, by slug."""
    found = [
        source for source in directory.sources(current.session()) if not source.left_inventory_at
    ]
    page, following = _page(sorted(found, key=lambda source: source.slug), question)
    return {"sources": [_source(source) for source in page], "next": following}


@blueprint.get("/taxonomy")
@blueprint.output(schemas.TaxonomyShape)
def taxonomy() -> dict[str, Any]:
    """Topics, objectives, savoir-faire, kinds and areas."""
    return {
        "version": terms.version(),
        **{
            f"{dimension}s": [_term(term) for term in terms.terms(dimension)]
            for dimension in terms.DIMENSIONS
        },
    }


@blueprint.get("/openapi.json")
@blueprint.doc(hide=True)
def openapi() -> Response:
    """The API's description of itself."""
    return jsonify(description())


@blueprint.get("/")
@blueprint.doc(hide=True)
def documentation() -> str:
    """How to use it; works offline, made from the same schemas."""
    return render_template("api/documentation.html", spec=description())


@blueprint.after_request
def _open_to_all(response: Response) -> Response:
    """Let any page read (CORS)."""
    allow_reading(response)
    response.headers["Access-Control-Expose-Headers"] = (
        "ETag, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After"
    )
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = "If-None-Match, If-Modified-Since"
        response.headers["Access-Control-Max-Age"] = "86400"
    return response


def _page(rows: list[Any], question: dict[str, Any]) -> tuple[list[Any], str | None]:
    """Rows sorted by slug, from the one after `apres` on, and the next page's `apres`."""
    after = question.get("apres", "")
    left = [row for row in rows if row.slug > after]
    page = left[: question["limite"]]
    return page, page[-1].slug if len(left) > len(page) else None


def _entry(entry: Entry, folded: Sequence[int] = ()) -> dict[str, Any]:
    shown = rights.shown(entry)
    base_url = current.parts().settings.base_url
    return {
        "id": entry.id,
        "uid": publication.identity(entry),
        "title": shown.title,
        "url": entry.url,
        "page": publication.page(entry, base_url),
        "excerpt": shown.excerpt,
        "rights": entry.source.rights,
        "published": entry.published,
        "updated": entry.updated,
        "language": entry.language,
        "type": entry.type,
        "author": entry.author,
        "starts_at": entry.starts_at,
        "ends_at": entry.ends_at,
        "place": entry.place,
        "story": entry.story_id,
        "folded": folded,
        "group": entry.source.group,
        "tags": entry.tags,
    }


def _story(id: int, told: list[Entry]) -> dict[str, Any]:
    return {
        "id": id,
        "page": current.absolute(url_for("stories.page", id=id)),
        "first": told[0].published,
        "last": told[-1].published,
        "entries": [_entry(entry) for entry in told],
    }


def _group(group: Group, record: Record | None) -> dict[str, Any]:
    of = provenance.of(group, record, current.parts().settings.base_url)
    return {
        "slug": group.slug,
        "name": group.name,
        "home": group.home,
        "description": group.description,
        "category": group.category,
        "provisional": group.provisional,
        "page": current.absolute(url_for("groups.page", slug=group.slug)),
        **{f"{dimension}s": group.terms(dimension) for dimension in terms.DIMENSIONS},
        "sources": [_source(one) for one in group.sources if not one.left_inventory_at],
        "provenance": {
            "source": of.source,
            "licence": of.licence,
            "page": of.page,
            "charter_version": of.charter_version,
            "charter_accepted_at": of.charter_accepted_at,
        },
    }


def _source(source: Source) -> dict[str, Any]:
    told = health.told(source)
    return {
        "slug": source.slug,
        "group": source.group.slug,
        "url": source.address,
        "title": source.title,
        "rights": source.rights,
        "state": told.code,
        "state_words": told.label,
        "ill": told.ill,
        "last_read": source.last_crawled_at,
        "last_new": source.last_new_at,
        "interval": source.interval,
    }


def _term(term: Term) -> dict[str, Any]:
    return {
        "slug": term.slug,
        "label_fr": term.label_fr,
        "label_en": term.label_en,
        "parent": areas.area(term.slug).parent if term.dimension == "area" else None,
    }
