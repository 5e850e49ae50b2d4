"""Other tools' lists of groups as records, by what the bytes hold: one door for all formats. Pure.

`kumu_map`, `places_listed` and `outlines` know the formats, `listed` what their fields mean.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aggregator.errors import ParseError, Refused
from aggregator.registry import kumu_map, outlines, places_listed
from aggregator.registry.listed import Bounds, Listed
from aggregator.registry.sheets import columns_of, read_sheet

LARGEST: Final = 20_000_000
"""Bytes of JSON."""
MOST: Final = 10_000
"""Records of one list."""
_MOST_PARTS: Final = 2_000_000
"""Commas and brackets of one file: what its values would take in memory."""
_DEEPEST: Final = 60


@dataclass(frozen=True, slots=True)
class Read:
    """A list that was read."""

    records: list[Listed]
    map: kumu_map.Document | None = None
    """The whole map, where it is one of Kumu's, without what it calls private."""
    licence: str = ""
    """Of the whole list, where it names one."""


def read(
    body: bytes, *, within: Sequence[Bounds] = (), names: Mapping[str, str] | None = None
) -> list[Listed]:
    """The groups of a file, by what it holds; the last of one id or label wins.

    With boxes, of placed ones only those inside. Raises Refused: `list_unknown`, `list_large`,
    `list_long`, `list_broken`, or what is wrong with a table.
    """
    return read_whole(body, within=within, names=names).records


def read_whole(
    body: bytes,
    *,
    ties: bytes = b"",
    within: Sequence[Bounds] = (),
    names: Mapping[str, str] | None = None,
) -> Read:
    """The same with all that the file holds besides; `ties` is Kumu's sheet of connections."""
    start = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"<":
        return Read(_bounded(_from_outlines(body)))
    if start not in {b"{", b"["}:
        return _from_sheets(body, ties)
    value = parsed(body)
    if kumu_map.is_map(value):
        document = kumu_map.without_private(value)
        return Read(_bounded(kumu_map.records(document)), document)
    if not isinstance(value, dict):
        value = {"data": value}
    licence = value.get("licence")
    return Read(
        _bounded(_from_places(value, within, names)),
        licence=licence[:100] if isinstance(licence, str) else "",
    )


def parsed(body: bytes) -> Any:
    """JSON of bounded size; raises Refused."""
    if len(body) > LARGEST:
        raise Refused("list_large", most=LARGEST // 1_000_000)
    if sum(map(body.count, (b",", b"[", b"{"))) > _MOST_PARTS:
        raise Refused("list_long", most=MOST)
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Refused("list_broken") from error
    if _is_deep(value):
        raise Refused("list_broken")
    return value


def _no_number(name: str) -> None:
    """NaN and the infinities are no JSON (RFC 8259 §6), and no database takes them."""
    raise ValueError(f"{name} is no number.")


def _is_deep(value: Any) -> bool:
    """Whether lists and objects lie in each other deeper than any map's do."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            child
            for one in level
            if isinstance(one, list | dict)
            for child in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return True


def _from_places(
    value: Mapping[str, Any], within: Sequence[Bounds], names: Mapping[str, str] | None
) -> Iterable[Listed]:
    if isinstance(value.get("groupes"), list):
        return places_listed.from_inventory(
            one for one in value["groupes"] if isinstance(one, dict)
        )
    if isinstance(value.get("features"), list):
        return places_listed.from_geojson(value["features"], within)
    if isinstance(value.get("data"), list):
        mapping = value.get("mapping")
        return places_listed.from_gogocarto(
            value["data"],
            within,
            names=names,
            mapping=mapping if isinstance(mapping, list) else (),
        )
    raise Refused("list_unknown")


def _from_sheets(body: bytes, ties: bytes) -> Read:
    if {"nom", "exporte_le"} <= set(columns_of(body)):
        cells = (row.cells for row in read_sheet(body))
        return Read(_bounded(places_listed.from_inventory(cells)))
    document = kumu_map.from_sheets(body, ties)
    return Read(_bounded(kumu_map.records(document)), document)


def _from_outlines(body: bytes) -> Iterable[Listed]:
    try:
        return outlines.listed(outlines.read(body))
    except ParseError as error:
        raise Refused("list_unknown") from error


def _bounded(found: Iterable[Listed]) -> list[Listed]:
    records: dict[str, Listed] = {}
    for record in found:
        records[record.external_id] = record
        if len(records) > MOST:
            raise Refused("list_long", most=MOST)
    return list(records.values())
