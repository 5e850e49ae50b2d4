"""Whether a database can be searched: everything indexed in a scratch place, and found there."""

from __future__ import annotations

from tempfile import TemporaryDirectory

from sqlalchemy.orm import Session, sessionmaker

from aggregator.errors import BrokenIndex
from aggregator.search import indexing
from aggregator.search.engines import open_engine
from aggregator.search.query import EVERYTHING


def search_once(sessions: sessionmaker[Session]) -> None:
    """Raise BrokenIndex unless a new index over this database finds all that may be found."""
    with TemporaryDirectory() as folder:
        address = f"tantivy:{folder}/index"
        held = indexing.reindex(sessions, address, lambda _done, _all: None)
        engine = open_engine(address)
        found = engine.search(EVERYTHING, limit=1).total
        engine.close()
    if found != held:
        raise BrokenIndex(f"Of {held} entries the search finds {found}.")
