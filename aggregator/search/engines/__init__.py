"""The engines, and which of them an address names."""

from __future__ import annotations

from pathlib import Path

from aggregator.errors import SettingsError
from aggregator.search.engine import Engine
from aggregator.search.engines import folder, opensearch_engine, tantivy_engine, whoosh_engine
from aggregator.search.engines.folder import Beside


def open_engine(index_url: str) -> Engine:
    """The engine that `FILCOMMUN_INDEX_URL` names; its index is made when there is none.

    Raises SettingsError for an address of none of ours, BrokenIndex for an index that cannot be
    read: foreign, corrupt, or of another version; UnwritableIndex when it cannot be made or
    reached now.
    """
    scheme, where = _split(index_url)
    if scheme.startswith("opensearch+"):
        return opensearch_engine.open_index(index_url)
    return _FORMATS[scheme].open(folder.Shelf(Path(where), _FORMATS[scheme]))


def beside(index_url: str) -> Beside:
    """A new empty index beside the one that serves, to be filled and then switched to."""
    scheme, where = _split(index_url)
    if scheme.startswith("opensearch+"):
        return opensearch_engine.beside(index_url)
    return folder.beside(folder.Shelf(Path(where), _FORMATS[scheme]))


_FORMATS = {"whoosh": whoosh_engine.FORMAT, "tantivy": tantivy_engine.FORMAT}
_CLUSTERS = ("opensearch+http", "opensearch+https")


def _split(index_url: str) -> tuple[str, str]:
    scheme, _, where = index_url.partition(":")
    if scheme not in (*_FORMATS, *_CLUSTERS) or not where:
        raise SettingsError(
            f"FILCOMMUN_INDEX_URL is {index_url!r}: write it as whoosh:FOLDER, tantivy:FOLDER "
            "or opensearch+https://host:9200/index."
        )
    return scheme, where
