"""The engines, and which of them an address names."""

from __future__ import annotations

from pathlib import Path

from aggregator.errors import SettingsError
from aggregator.search.engine import Engine
from aggregator.search.engines import folder, tantivy_engine, whoosh_engine
from aggregator.search.engines.folder import Beside


def open_engine(index_url: str) -> Engine:
    """The engine that `FILCOMMUN_INDEX_URL` names; its folder is made when there is none.

    Raises SettingsError for an address of none of ours, BrokenIndex for an index that cannot be
    read: foreign, corrupt, or of another version.
    """
    scheme, where = _split(index_url)
    return _FORMATS[scheme].open(folder.Shelf(where, _FORMATS[scheme]))


def beside(index_url: str) -> Beside:
    """A new empty index beside the one that serves, to be filled and then switched to."""
    scheme, where = _split(index_url)
    return folder.beside(folder.Shelf(where, _FORMATS[scheme]))


_FORMATS = {"whoosh": whoosh_engine.FORMAT, "tantivy": tantivy_engine.FORMAT}


def _split(index_url: str) -> tuple[str, Path]:
    scheme, _, where = index_url.partition(":")
    if scheme not in _FORMATS or not where:
        raise SettingsError(
            f"FILCOMMUN_INDEX_URL is {index_url!r}: write it as whoosh:FOLDER, tantivy:FOLDER "
            "or opensearch+https://host:9200/index."
        )
    return scheme, Path(where)
