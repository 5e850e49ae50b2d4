"""All public data as files that anyone can take away: tables, and a description of them.

A Frictionless data package (`datapackage.json`, https://specs.frictionlessdata.io). What may be
shown of an entry is decided by `rights`, as on every page. Knows no request.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from aggregator.publish import table
from aggregator.registry import charter, importing
from aggregator.store import directory, entries, figures
from aggregator.taxonomy import areas, terms

QUERY = "tout"


def write(session: Session, folder: Path, *, base_url: str, now: datetime) -> list[Path]:
    """Write the package into `folder`, which is made; the files, the description last."""
    folder.mkdir(parents=True, exist_ok=True)
    found = directory.groups(session)
    groups = table.of_groups(
        found,
        base_url=base_url,
        query=QUERY,
        made_at=now,
        records=importing.brought(importing.records_of(session, found)),
    )
    news = table.of_entries(entries.every(session), base_url=base_url, query=QUERY, made_at=now)
    made = [
        _put(folder / "groupes.csv", table.csv_chunks(groups)),
        _put(folder / "nouvelles.csv", table.csv_chunks(news)),
        _rows(folder / "termes.csv", ("dimension", "id", "nom"), _terms()),
        _rows(folder / "chiffres.csv", ("jour", "chiffre", "valeur"), figures.every(session)),
    ]
    described = folder / "datapackage.json"
    described.write_text(
        json.dumps(_description(made, base_url, now), indent=1, ensure_ascii=False) + "\n", "utf-8"
    )
    return [*made, described]


def _put(file: Path, chunks: Iterable[bytes]) -> Path:
    with file.open("wb") as opened:
        opened.writelines(chunks)
    return file


def _rows(file: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(head)
        writer.writerows(rows)
    return file


def _terms() -> Iterator[tuple[str, str, str]]:
    for dimension in terms.DIMENSIONS:
        if dimension != "area":
            yield from ((dimension, term.slug, term.label_fr) for term in terms.terms(dimension))
    yield from (("area", area.slug, area.name) for area in areas.areas())


def _description(files: Sequence[Path], base_url: str, now: datetime) -> dict[str, object]:
    return {
        "profile": "data-package",
        "name": "fil-commun",
        "title": "Fil commun",
        "homepage": base_url,
        "created": now.isoformat(timespec="seconds"),
        "licenses": [{"name": charter.LICENCE, "path": charter.LICENCE_URL}],
        "resources": [
            {
                "name": file.stem,
                "path": file.name,
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "bytes": file.stat().st_size,
                "hash": f"sha256:{_digest(file)}",
            }
            for file in files
        ],
    }


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
