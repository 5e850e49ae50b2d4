"""One group as another tool has it: which of its fields mean what here. Pure.

Fields that we have no word for are kept as they came; persons' addresses never. Knows no format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aggregator.taxonomy import areas, terms
from aggregator.taxonomy.terms import DIMENSIONS

TOOLS: Final = ("kumu", "gogocarto", "table", "opml", "filcommun")
"""What writes lists that we read."""

Bounds = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""

NAMES: Final = ("label", "name", "nom", "title")
TEXTS: Final = {
    "home": ("website", "site", "url", "site web", "home", "page", "siteweb"),
    "description": ("description", "présentation", "abstract"),
    "category": ("type", "element type", "catégorie", "category"),
    "language": ("language", "langue"),
}
"""Our texts and what others call them, the surest word first."""
TERMS: Final = {
    "topic": ("thèmes", "thème", "themes", "topics", "topic"),
    "objective": ("objectifs", "objectif", "objectives", "objective"),
    "skill": ("savoir-faire", "savoir faire", "skills", "skill"),
    "kind": ("plateforme", "plateformes", "forme", "kinds", "kind"),
    "area": ("territoires", "territoire", "areas", "area", "lieu", "lieux"),
}
_PROVENANCE: Final = {
    "source_key": ("sourcekey",),
    "licence": ("licence", "license"),
    "page": ("fiche",),
}
_PRIVATE: Final = ("email", "e-mail", "mail", "telephone", "téléphone", "phone", "subscriberemails")
"""Never kept: they are persons', and nothing we show needs them."""
_TREACHEROUS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
"""Controls, marks that turn the rest of a page around, and halves of letters."""
_SITE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[^\s/?#]+\.[^\s/?#]")
"""What names a site; an address within the map (`/annuaire?id=7`) does not."""
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(slots=True)
class Listed:
    """One group as another tool has it."""

    external_id: str
    """Its id there, else its label."""
    name: str
    texts: dict[str, str] = field(default_factory=dict)
    """`home`, `description`, `category`, `language`, where given."""
    terms: dict[str, set[str]] = field(default_factory=dict)
    """Dimension → slugs; only terms that we know."""
    kept: dict[str, Any] = field(default_factory=dict)
    tool: str = ""
    """One of TOOLS."""
    source_key: str = ""
    """Whom the list names as the record's own source."""
    licence: str = ""
    page: str | None = None
    """Its page there, http(s)."""


def listed(
    fields: Mapping[str, Any],
    external_id: str,
    *,
    tool: str,
    private: frozenset[str] = frozenset(),
    left_out: frozenset[str] = frozenset(),
) -> Listed | None:
    """A record of what we have words for; None without a name.

    `private` and `left_out` are names in lower case: of fields nobody may see, and of those that
    only say how the tool shows the group.
    """
    name = text(label(fields))
    if not name:
        return None
    record = Listed(external_id=(external_id or name)[:300], name=name[:500], tool=tool)
    # A map's own field "Licence" or "Langue" goes back to it as it came.
    is_map = tool in {"kumu", "table"}
    chosen = _chosen_texts(fields, without="language" if is_map else "")
    for key, value in fields.items():
        low = key.casefold().strip()
        if low in private or low in left_out or low in _PRIVATE or low in NAMES or low in _IDS:
            continue
        dimension = _meaning(TERMS, low)
        if key in chosen:
            record.texts[chosen[key]] = _as_said(chosen[key], str(value))
        elif not is_map and _meaning(_PROVENANCE, low) is not None and isinstance(value, str):
            _provenance(record, low, value)
        elif dimension is not None:
            _add_terms(record, key, dimension, value)
        elif value not in (None, "", [], {}):
            record.kept[key] = value
    return record


def label(fields: Mapping[str, Any]) -> Any:
    """What the tool calls it; empty when it does not."""
    low = {key.casefold(): value for key, value in fields.items()}
    return next((low[name] for name in NAMES if low.get(name)), "")


def has_home(fields: Mapping[str, Any]) -> bool:
    """Whether it names a site."""
    return any(key.casefold() in TEXTS["home"] and value for key, value in fields.items())


def labels(value: Any) -> list[str]:
    """Several values, however they are given: a list, or one text with `|`."""
    values = value if isinstance(value, list) else text(value).split("|")
    names = [one.get("name") if isinstance(one, dict) else one for one in values]
    return [label for label in (text(name) for name in names) if label]


def term_of(label: str) -> tuple[str, str] | None:
    """(dimension, slug) of a label or slug, places left out: many groups are called like one."""
    for dimension in DIMENSIONS:
        slug = None if dimension == "area" else slug_of(dimension, label)
        if slug is not None:
            return dimension, slug
    return None


def slug_of(dimension: str, label: str) -> str | None:
    """The term that a label or slug means in one dimension, whatever the case and accents.

    None when it means none.
    """
    if terms.is_term(dimension, label):
        return label
    if dimension == "area":
        place = areas.by_name(label)
        return place.slug if place else None
    wanted = areas.folded_name(label)
    found = (
        term.slug
        for term in terms.terms(dimension)
        if wanted in {areas.folded_name(term.label_fr), areas.folded_name(term.label_en)}
    )
    return next(found, None)


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of a list; none of what is no list."""
    for one in value if isinstance(value, list) else ():
        if isinstance(one, dict):
            yield one


def text(value: Any) -> str:
    """A text or number on one line; empty for anything else."""
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return " ".join(_TREACHEROUS.sub(" ", str(value)).split())
    return ""


_IDS: Final = ("id", "_id")


def _meaning(words: Mapping[str, tuple[str, ...]], low: str) -> str | None:
    return next((ours for ours, theirs in words.items() if low in theirs), None)


def _chosen_texts(fields: Mapping[str, Any], *, without: str) -> dict[str, str]:
    """Field → our text it gives: of several that mean one, the surest word's."""
    found: dict[str, tuple[int, str]] = {}
    for key, value in fields.items():
        ours = _meaning(TEXTS, key.casefold().strip())
        if ours in {None, without} or not isinstance(value, str) or not value.strip():
            continue
        assert ours is not None
        if ours == "language" and not _LANGUAGE.fullmatch(value.strip()):
            continue
        if ours == "home" and not _SITE.match(value.strip()):
            continue
        rank = TEXTS[ours].index(key.casefold().strip())
        if ours not in found or rank < found[ours][0]:
            found[ours] = (rank, key)
    return {key: ours for ours, (_, key) in found.items()}


def _as_said(ours: str, value: str) -> str:
    value = text(value)
    # As people write addresses: `monasso.fr` is one too.
    return f"https://{value}" if ours == "home" and "://" not in value else value


def _provenance(record: Listed, low: str, value: str) -> None:
    value = text(value)
    if low in _PROVENANCE["source_key"]:
        record.source_key = value[:300]
    elif low in _PROVENANCE["licence"]:
        record.licence = value[:100]
    elif value.startswith(("https://", "http://")):
        record.page = value[:2000]


def _add_terms(record: Listed, key: str, dimension: str, value: Any) -> None:
    unknown = []
    for one in labels(value):
        slug = slug_of(dimension, one)
        if slug is None:
            unknown.append(one)
        else:
            record.terms.setdefault(dimension, set()).add(slug)
    if unknown:
        record.kept[key] = unknown
