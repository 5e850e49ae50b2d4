"""The tree of areas: quartier → arrondissement or commune → territory → metropolis → region.

Pure data, loaded once. Knows nothing of texts; `understand.places` finds areas in them.
"""

from __future__ import annotations

import csv
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

from aggregator.errors import UnknownTerm

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = (
    "country",
    "region",
    "department",
    "metropolis",
    "territory",
    "commune",
    "arrondissement",
    "quartier",
)
"""What an area can be, from wide to narrow."""


@dataclass(frozen=True, slots=True)
class Area:
    """One place of the tree."""

    slug: str
    """`saint-denis`, `paris-18e`, `plaine-commune`: stable, in addresses."""
    kind: str
    """One of KINDS."""
    name: str
    """As people write it: `L'Île-Saint-Denis`, `Paris 18e`."""
    parent: str | None
    """Slug of the next wider area; None for the country only."""
    also_in: tuple[str, ...]
    """Slugs of wider areas beside the parent: a commune's department."""
    insee: str | None
    """INSEE code of a commune, arrondissement, department or region, SIREN of a territory; None
    for quartiers."""
    former_codes: tuple[str, ...]
    """Codes that meant this area, or a part of it, before (93059) or elsewhere (T6)."""
    postcodes: tuple[str, ...]
    """Empty except for communes and arrondissements; several communes may share one."""
    latitude: float
    """Degrees, WGS 84; a quartier has its parent's."""
    longitude: float
    population: int | None
    """Inhabitants; None where not counted."""
    aliases: tuple[str, ...]
    """Other ways to write the name."""


def areas(kind: str | None = None) -> tuple[Area, ...]:
    """Every area, a parent always before its children; those of one kind if it is given."""
    everything = _tree().areas.values()
    return tuple(area for area in everything if kind is None or area.kind == kind)


def area(slug: str) -> Area:
    """The area of that slug; raises UnknownTerm with the nearest slugs."""
    tree = _tree()
    try:
        return tree.areas[slug]
    except KeyError:
        raise UnknownTerm.of("area", slug, tree.areas) from None


def ancestors(slug: str) -> tuple[str, ...]:
    """Slugs of all wider areas, the nearest first, departments included; raises UnknownTerm.

    >>> ancestors("paris-18e")
    ('paris', 'metropole-du-grand-paris', 'ile-de-france', 'france')
    """
    found: dict[str, None] = {}
    waiting = [area(slug)]
    while waiting:
        here = waiting.pop(0)
        for wider in (*filter(None, (here.parent,)), *here.also_in):
            if wider not in found:
                waiting.append(area(wider))
                found[wider] = None
    return tuple(sorted(found, key=lambda wider: -KINDS.index(area(wider).kind)))


def descendants(slug: str) -> tuple[str, ...]:
    """Slugs of all areas inside, in the tree's order, itself not included; raises UnknownTerm."""
    area(slug)
    return _tree().inside.get(slug, ())


def territories() -> tuple[Area, ...]:
    """The twelve territories of the metropolis, Paris first (it is its own, T1)."""
    return (area("paris"), *areas("territory"))


def by_code(code: str) -> Area | None:
    """The area of an INSEE or SIREN code, present or former; None when there is none.

    >>> by_code("93059").slug
    'saint-denis'
    """
    return _tree().codes.get(code.strip().upper())


def by_postcode(postcode: str) -> tuple[Area, ...]:
    """Communes or arrondissements of a postcode, the largest first; empty when there is none.

    >>> [area.slug for area in by_postcode("75018")]
    ['paris-18e']
    """
    return _tree().postcodes.get(postcode.strip(), ())


def by_name(name: str) -> Area | None:
    """The area so called, whatever the case, accents, hyphens and saint/st; None if none is.

    A name that several areas bear means the widest of them.

    >>> by_name("ST OUEN").slug, by_name("ile saint denis").slug
    ('saint-ouen-sur-seine', 'l-ile-saint-denis')
    """
    return _tree().names.get(folded_name(name))


def folded_name(name: str) -> str:
    """One spelling for all ways to write a place's name, to compare by.

    >>> folded_name("Le Pré St-Gervais")
    'pre saint gervais'
    """
    plain = unicodedata.normalize("NFKD", name.casefold().replace("œ", "oe"))
    letters = "".join(
        character if character.isalnum() else " "
        for character in plain
        if not unicodedata.combining(character)
    )
    words = [{"st": "saint", "ste": "sainte"}.get(word, word) for word in letters.split()]
    if len(words) > 1 and words[0] in {"le", "la", "les", "l"}:
        del words[0]
    return " ".join(words)


@dataclass(frozen=True, slots=True)
class _Tree:
    areas: Mapping[str, Area]
    inside: Mapping[str, tuple[str, ...]]
    codes: Mapping[str, Area]
    postcodes: Mapping[str, tuple[Area, ...]]
    names: Mapping[str, Area]


@lru_cache(maxsize=1)
def _tree() -> _Tree:
    text = files("aggregator.taxonomy").joinpath("data/areas.csv").read_text("utf-8")
    found: dict[str, Area] = {}
    for row in csv.DictReader(text.splitlines()):
        found[row["slug"]] = _area(row, found)
    return _Tree(
        areas=MappingProxyType(found),
        inside=MappingProxyType(_inside(found)),
        codes=MappingProxyType(_codes(found)),
        postcodes=MappingProxyType(_postcodes(found)),
        names=MappingProxyType(_names(found)),
    )


def _area(row: Mapping[str, str], above: Mapping[str, Area]) -> Area:
    parent = row["parent"] or None
    centre = (float(row["lat"]), float(row["lon"])) if row["lat"] else None
    if centre is None:
        assert parent is not None
        centre = (above[parent].latitude, above[parent].longitude)
    return Area(
        slug=row["slug"],
        kind=row["kind"],
        name=row["name"],
        parent=parent,
        also_in=_several(row["also_in"]),
        insee=row["insee"] or None,
        former_codes=_several(row["former_codes"]),
        postcodes=_several(row["postcodes"]),
        latitude=centre[0],
        longitude=centre[1],
        population=int(row["population"]) if row["population"] else None,
        aliases=_several(row["aliases"]),
    )


def _several(cell: str) -> tuple[str, ...]:
    return tuple(cell.split("|")) if cell else ()


def _inside(found: Mapping[str, Area]) -> dict[str, tuple[str, ...]]:
    inside: dict[str, list[str]] = {}
    for here in found.values():
        above, waiting = set(), [here]
        while waiting:
            for wider in (waiting[-1].parent, *waiting.pop().also_in):
                if wider is not None and wider not in above:
                    above.add(wider)
                    waiting.append(found[wider])
        for wider in above:
            inside.setdefault(wider, []).append(here.slug)
    return {slug: tuple(slugs) for slug, slugs in inside.items()}


def _codes(found: Mapping[str, Area]) -> dict[str, Area]:
    codes = {code: area for area in found.values() for code in area.former_codes}
    return codes | {area.insee: area for area in found.values() if area.insee}


def _postcodes(found: Mapping[str, Area]) -> dict[str, tuple[Area, ...]]:
    by_code: dict[str, list[Area]] = {}
    for here in found.values():
        # Paris bears the postcodes of all its arrondissements, which say more.
        if here.slug != "paris":
            for postcode in here.postcodes:
                by_code.setdefault(postcode, []).append(here)
    return {
        postcode: tuple(sorted(sharing, key=lambda area: -(area.population or 0)))
        for postcode, sharing in by_code.items()
    }


def _names(found: Mapping[str, Area]) -> dict[str, Area]:
    names: dict[str, Area] = {}
    for here in found.values():
        names.setdefault(folded_name(here.name), here)
    for here in found.values():
        for alias in here.aliases:
            names.setdefault(folded_name(alias), here)
    return names
