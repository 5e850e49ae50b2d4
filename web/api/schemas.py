"""The shapes the API takes and gives, with what each field means; OpenAPI is made from them."""

from __future__ import annotations

from typing import Any

from apiflask import Schema
from apiflask.fields import URL, AwareDateTime, Boolean, Dict, Float, Integer, List, Nested, String
from apiflask.validators import Length, OneOf, Range

from aggregator.search.engine import DIMENSIONS


def _said(text: str, example: Any = None, **more: Any) -> dict[str, Any]:
    told = {"description": text, **more}
    return told if example is None else {**told, "example": example}


class Filters(Schema):
    """What every list of entries can be narrowed by; the same as on the portal's pages."""

    q = String(
        metadata=_said("Words, in the portal's query language.", "piste cyclable"),
        validate=Length(max=2000),
    )
    theme = List(String(), metadata=_said("Topics by slug; several mean any.", ["transports"]))
    objectif = List(String(), metadata=_said("Objectives by slug."))
    savoir_faire = List(String(), metadata=_said("Savoir-faire by slug."))
    territoire = List(
        String(), metadata=_said("Areas by slug, and what lies inside.", ["montreuil"])
    )
    groupe = List(String(), metadata=_said("Groups by slug."))
    forme = List(String(), metadata=_said("Platform kinds by slug."))
    type = List(String(), metadata=_said("What it is: article, event, discussion…"))
    ecrit_en = List(String(), metadata=_said("Languages by code: fr, en, ar…"))
    depuis = String(metadata=_said("First day: 2026-11-01, 2026-11 or 7j.", "2026-11-01"))
    jusqua = String(metadata=_said("Last day, inclusive.", "2026-11-24"))
    tri = String(
        validate=OneOf(["", "ancien", "pertinence"]),
        metadata=_said("Order: newest first, or `ancien`, or `pertinence`."),
    )
    recits = String(
        validate=OneOf(["", "plies", "deplies"]),
        metadata=_said(
            "`plies`: a story once, its other entries in `folded`; `deplies`, as usual here: "
            "every entry by itself. It changes no count."
        ),
    )


class Paged(Schema):
    """One page of a list."""

    limite = Integer(
        load_default=20, validate=Range(min=1, max=100), metadata=_said("How many, at most.", 20)
    )
    apres = String(
        validate=Length(max=60),
        metadata=_said("`next` of the page before; without it the first page."),
    )


class EntryQuestion(Filters, Paged):
    """A page of entries."""

    facettes = List(
        String(validate=OneOf([name for name in DIMENSIONS if name != "story"])),
        metadata=_said("Dimensions to count over all that is found."),
    )


class GroupQuestion(Paged):
    """A page of the directory."""

    theme = String(metadata=_said("A topic's slug."))
    objectif = String(metadata=_said("An objective's slug."))
    savoir_faire = String(metadata=_said("A savoir-faire's slug."))
    forme = String(metadata=_said("A platform kind's slug."))
    territoire = String(metadata=_said("An area's slug; what lies in it counts."))


class TagShape(Schema):
    """One term on one entry, and why."""

    dimension = String(
        required=True, metadata=_said("topic, objective, skill, kind or area.", "topic")
    )
    slug = String(required=True, metadata=_said("The term.", "transports"))
    origin = String(required=True, metadata=_said("source, text, moderator or learned.", "text"))
    weight = Float(required=True, metadata=_said("How sure, 0 to 1.", 0.94))


class GroupLink(Schema):
    """A group, in short."""

    slug = String(required=True, metadata=_said("Its identity here.", "lilas-a-velo"))
    name = String(required=True, metadata=_said("Its name.", "Les Lilas à vélo"))
    home = URL(allow_none=True, metadata=_said("Its site.", "https://lilas-a-velo.example/"))


class EntryShape(Schema):
    """One news item, as far as its source's rights let it be shown."""

    id = Integer(required=True, metadata=_said("Its number on this portal.", 42))
    uid = String(
        required=True,
        metadata=_said(
            "Its identity everywhere: urn:uuid.", "urn:uuid:6f1c0f4e-6c0b-5d0c-9d57-1f1a2f6b7c11"
        ),
    )
    title = String(required=True, metadata=_said("Plain text.", "La piste sera élargie"))
    url = String(
        allow_none=True,
        metadata=_said(
            "The original, which is the canonical page.", "https://lilas-a-velo.example/1"
        ),
    )
    page = String(
        required=True,
        metadata=_said("Its page on this portal.", "https://fil-commun.example/entrees/42"),
    )
    excerpt = String(
        required=True,
        metadata=_said(
            "At most 240 characters of its summary; empty where its source did not agree.",
            "Rue de Paris, la piste passe à deux mètres.",
        ),
    )
    rights = String(required=True, metadata=_said("link, excerpt or full.", "excerpt"))
    published = AwareDateTime(required=True, metadata=_said("UTC.", "2026-11-24T08:00:00Z"))
    updated = AwareDateTime(allow_none=True, metadata=_said("UTC; null when never."))
    language = String(required=True, metadata=_said("BCP 47.", "fr"))
    type = String(required=True, metadata=_said("What it is.", "article"))
    author = String(allow_none=True, metadata=_said("Who wrote it, if its source says so."))
    starts_at = AwareDateTime(allow_none=True, metadata=_said("Of an event, UTC."))
    ends_at = AwareDateTime(allow_none=True, metadata=_said("Of an event, UTC."))
    place = String(allow_none=True, metadata=_said("Of an event, in its source's words."))
    story = Integer(allow_none=True, metadata=_said("The story it belongs to."))
    folded = List(
        Integer(),
        required=True,
        metadata=_said("With `recits=plies`: the others found of its story, newest first.", [41]),
    )
    group = Nested(GroupLink, required=True)
    tags = List(Nested(TagShape), required=True)


class WarningShape(Schema):
    """Something in `q` that was not taken as it stands."""

    position = Integer(
        required=True,
        metadata=_said("The character of `q`, from 0; several blanks count as one.", 6),
    )
    length = Integer(required=True, metadata=_said("In characters.", 6))
    message = String(
        required=True,
        metadata=_said("A sentence for people.", "« demain » n’est pas une date."),
    )


class EntryPage(Schema):
    """A page of entries."""

    total = Integer(required=True, metadata=_said("Found in all.", 128))
    entries = List(Nested(EntryShape), required=True)
    facets = Dict(
        keys=String(),
        values=Dict(keys=String(), values=Integer()),
        metadata=_said(
            "Dimension → value → entries.", {"topic": {"transports": 12, "logement": 7}}
        ),
    )
    next = String(allow_none=True, metadata=_said("`apres` of the next page; null on the last."))
    understood = String(
        metadata=_said(
            "The question in words, without what could not be read, a date for example.",
            "« piste cyclable »",
        )
    )
    warnings = List(Nested(WarningShape), required=True)


class StoryShape(Schema):
    """Entries that tell the same thing, the first to tell it first."""

    id = Integer(required=True, metadata=_said("Its number on this portal.", 7))
    page = String(
        required=True,
        metadata=_said("Its page on this portal.", "https://fil-commun.example/recits/7"),
    )
    first = AwareDateTime(
        required=True, metadata=_said("When it was told first, UTC.", "2026-11-24T08:00:00Z")
    )
    last = AwareDateTime(
        required=True, metadata=_said("When it was told last, UTC.", "2026-11-24T08:00:00Z")
    )
    entries = List(Nested(EntryShape), required=True)


class StoryPage(Schema):
    """A page of stories, the newest first."""

    stories = List(Nested(StoryShape), required=True)
    next = String(allow_none=True, metadata=_said("`apres` of the next page; null on the last."))


class SourceShape(Schema):
    """One feed or page that is read."""

    slug = String(required=True, metadata=_said("Its identity here.", "lilas-a-velo"))
    group = String(required=True, metadata=_said("Its group's slug.", "lilas-a-velo"))
    url = String(
        required=True, metadata=_said("What is read.", "https://lilas-a-velo.example/feed")
    )
    title = String(required=True, metadata=_said("As it calls itself.", "Les Lilas à vélo"))
    rights = String(required=True, metadata=_said("link, excerpt or full.", "excerpt"))
    state = String(required=True, metadata=_said("How it is.", "ok"))
    state_words = String(required=True, metadata=_said("The same in words.", "en forme"))
    ill = Boolean(required=True, metadata=_said("Whether it brings no news for now.", False))
    last_read = AwareDateTime(allow_none=True, metadata=_said("UTC."))
    last_new = AwareDateTime(allow_none=True, metadata=_said("When it last brought news, UTC."))
    interval = Integer(required=True, metadata=_said("Seconds between visits.", 3600))


class SourcePage(Schema):
    """A page of sources, by slug."""

    sources = List(Nested(SourceShape), required=True)
    next = String(allow_none=True, metadata=_said("`apres` of the next page; null on the last."))


class ProvenanceShape(Schema):
    """Whose record it is, and on which terms."""

    source = String(
        required=True,
        metadata=_said("The instance or list that keeps the record.", "https://fil-commun.example"),
    )
    licence = String(required=True, metadata=_said("SPDX where there is one.", "ODbL-1.0"))
    page = String(allow_none=True, metadata=_said("Its page there; null for our own."))
    charter_version = String(
        required=True, metadata=_said("Empty where none was accepted.", "2026-11")
    )
    charter_accepted_at = AwareDateTime(allow_none=True, metadata=_said("UTC."))


class GroupShape(GroupLink):
    """A group of the directory."""

    description = String(required=True, metadata=_said("In its own words.", "À vélo, à tout âge."))
    category = String(required=True, metadata=_said("What it is.", "association"))
    provisional = Boolean(required=True, metadata=_said("It has not proved its site.", False))
    page = String(
        required=True,
        metadata=_said(
            "Its page on this portal.", "https://fil-commun.example/groupes/lilas-a-velo"
        ),
    )
    topics = List(String(), required=True, metadata=_said("Slugs.", ["transports"]))
    objectives = List(String(), required=True, metadata=_said("Slugs.", ["rendre-visible"]))
    skills = List(String(), required=True, metadata=_said("Slugs.", ["participation-large"]))
    kinds = List(String(), required=True, metadata=_said("Slugs.", ["contenu-actualites"]))
    areas = List(String(), required=True, metadata=_said("Slugs.", ["les-lilas"]))
    sources = List(Nested(SourceShape), required=True)
    provenance = Nested(ProvenanceShape, required=True)


class GroupPage(Schema):
    """A page of groups, by slug."""

    groups = List(Nested(GroupShape), required=True)
    total = Integer(required=True, metadata=_said("In all.", 187))
    next = String(allow_none=True, metadata=_said("`apres` of the next page; null on the last."))


class TermShape(Schema):
    """One term of the taxonomy."""

    slug = String(required=True, metadata=_said("Its identity.", "transports"))
    label_fr = String(required=True, metadata=_said("In French.", "Transports et mobilités"))
    label_en = String(required=True, metadata=_said("In English.", "Transport and mobility"))
    parent = String(allow_none=True, metadata=_said("Of an area: the next wider one."))


class TaxonomyShape(Schema):
    """All terms."""

    version = String(required=True, metadata=_said("Its date.", "2026-11-23"))
    topics = List(Nested(TermShape), required=True)
    objectives = List(Nested(TermShape), required=True)
    skills = List(Nested(TermShape), required=True)
    kinds = List(Nested(TermShape), required=True)
    areas = List(Nested(TermShape), required=True)


class Fault(Schema):
    """What went wrong; the same shape for every error."""

    code = Integer(required=True, metadata=_said("The HTTP status.", 404))
    message = String(required=True, metadata=_said("A sentence.", "There is no such entry."))
    details = Dict(metadata=_said("Of a 422: parameter → what is wrong with it."))
