"""A portal with many entries to measure, and the addresses that its readers ask for."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1])]

from sqlalchemy import insert  # noqa: E402

from aggregator.parts import Parts, open_parts, utc_now  # noqa: E402
from aggregator.search.indexing import reindex  # noqa: E402
from aggregator.settings import read_settings  # noqa: E402
from aggregator.store import database  # noqa: E402
from aggregator.store.tables import Entry, EntryTag, Group, GroupTag, Source, Story  # noqa: E402
from aggregator.taxonomy import areas, terms  # noqa: E402

GROUPS = 1000
WORDS = (
    "quartier logement vélo piste jardin école loyer budget participatif mairie conseil arbres "
    "canicule compost atelier réparation permanence enquête publique concertation gare tramway "
    "bibliothèque fête mémoire cantine marché centre santé habitants locataires association "
    "collectif projet réunion place rue commune métropole coopérative friche données carte"
).split()


def filled(folder: Path, size: int, index: str) -> Parts:
    """The parts over `size` entries in `folder`, filled and indexed once; settings as set."""
    settings = read_settings()
    engine = database.open_database(settings.database_url)
    database.upgrade(engine)
    sessions = database.sessions(engine)
    begun = time.perf_counter()
    if not (folder / "filled").exists():
        with sessions.begin() as session:
            _fill(session.execute, size)
        (folder / "filled").touch()
        print(f"filled with {size:,} entries of {GROUPS:,} groups in {_since(begun)}")
    begun = time.perf_counter()
    if not (folder / f"indexed-{index}").exists():
        reindex(sessions, settings.index_url, lambda done, total: None)
        (folder / f"indexed-{index}").touch()
        print(f"indexed by {index} in {_since(begun)}")
    engine.dispose()
    return open_parts(settings)


def _fill(execute: Callable[..., object], size: int) -> None:
    """Rows in bulk: what matters here is how many there are, not how they came."""
    chance, now = random.Random(20261124), utc_now()
    topics = [term.slug for term in terms.terms("topic")]
    places = [area.slug for area in areas.areas() if area.kind in {"commune", "arrondissement"}]
    home = [chance.choice(places) for _ in range(GROUPS)]
    group_rows = [
        {"id": n + 1, "slug": f"groupe-{n}", "name": f"Groupe {_title(chance)} {n}",
         "home": f"https://groupe-{n}.example/", "created_at": now, "updated_at": now}
        for n in range(GROUPS)
    ]  # fmt: skip
    execute(insert(Group), group_rows)
    execute(insert(GroupTag), [
        {"group_id": n + 1, "dimension": dimension, "slug": slug}
        for n in range(GROUPS)
        for dimension, slug in (("topic", topics[n % 12]), ("area", home[n]),
                                ("objective", "rendre-visible"), ("skill", "gouvernance"))
    ])  # fmt: skip
    execute(insert(Source), [
        {"id": n + 1, "slug": f"groupe-{n}", "group_id": n + 1, "state": "ok",
         "url": f"https://groupe-{n}.example/feed", "created_at": now, "next_crawl_at": now}
        for n in range(GROUPS)
    ])  # fmt: skip
    execute(insert(Story), [{"id": n + 1, "created_at": now} for n in range(size // 20)])
    for start in range(0, size, 5000):
        numbers = range(start, min(start + 5000, size))
        execute(insert(Entry), [_entry(n, chance, now) for n in numbers])
        execute(insert(EntryTag), [
            {"entry_id": n + 1, "dimension": dimension, "slug": slug, "origin": "text"}
            for n in numbers
            for dimension, slug in (("topic", chance.choice(topics)), ("area", home[n % GROUPS]),
                                    ("objective", "rendre-visible"))
        ])  # fmt: skip


def _entry(number: int, chance: random.Random, now: object) -> dict[str, object]:
    published = utc_now() - timedelta(minutes=7 * number + 1)
    summary = " ".join(chance.choices(WORDS, k=45))
    return {
        "id": number + 1, "source_id": number % GROUPS + 1, "uid": str(number),
        "url": f"https://groupe-{number % GROUPS}.example/{number}", "title": _title(chance),
        "summary": summary, "text": summary, "published": published, "first_seen_at": published,
        "last_seen_at": now, "indexed_at": now, "content_hash": f"{number:064x}", "type": "article",
        "story_id": number // 20 + 1 if number % 20 < 3 and number // 20 < 10**6 else None,
    }  # fmt: skip


def _title(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=8)).capitalize()


def path(kind: str, chance: random.Random) -> str:
    """An address of one kind, another each time."""
    topic = chance.choice([term.slug for term in terms.terms("topic")])
    area = chance.choice([area.slug for area in areas.areas("commune")])
    return {
        "accueil": "/",
        "trois filtres": f"/?theme={topic}&territoire={area}&objectif=rendre-visible",
        "recherche": f"/recherche?q={chance.choice(WORDS)}+{chance.choice(WORDS)}",
        "nouvelle": f"/entrees/{chance.randint(1, 5000)}",
        "groupe": f"/groupes/groupe-{chance.randint(0, GROUPS - 1)}",
        "territoire": f"/territoires/{area}",
        "flux": f"/fil.atom?theme={topic}",
    }[kind]


def _since(begun: float) -> str:
    return f"{time.perf_counter() - begun:.0f} s"
