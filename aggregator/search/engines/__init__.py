"""The engines, and which of them an address names."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

import structlog

from aggregator.errors import BrokenIndex, FilcommunError, SettingsError, UnwritableIndex
from aggregator.search.engine import Engine
from aggregator.search.engines import folder, opensearch_engine, tantivy_engine, whoosh_engine
from aggregator.search.engines.folder import Beside

log = structlog.get_logger()

_AGAIN: Final = 0.5
"""Seconds between two tries to open an index that could not be opened."""


def open_engine(index_url: str) -> Engine:
    """The engine that `FILCOMMUN_INDEX_URL` names; its index is made when there is none.

    Raises SettingsError for an address of none of ours or a folder of somebody else's,
    BrokenIndex for an index that cannot be read: corrupt, or of another engine or version;
    UnwritableIndex when it cannot be made or reached now.
    """
    scheme, where = _split(index_url)
    if scheme.startswith("opensearch+"):
        return opensearch_engine.open_index(index_url)
    return _FORMATS[scheme].open(folder.Shelf(Path(where), _FORMATS[scheme]))


def is_made(index_url: str) -> bool:
    """Whether an index was made there, be it readable or not; makes none.

    Raises SettingsError for an address of none of ours or a folder of somebody else's,
    UnwritableIndex when no cluster answers.
    """
    scheme, where = _split(index_url)
    if scheme.startswith("opensearch+"):
        return opensearch_engine.is_made(index_url)
    return folder.Shelf(Path(where), _FORMATS[scheme]).is_made()


def open_patiently(opening: Callable[[], Engine]) -> Engine:
    """What `opening` gives; when it cannot now, it is tried again each time the engine is asked.

    So a portal of a new version starts beside an index of the old one, says that it is not ready,
    and serves as soon as the worker has built it anew. Raises SettingsError.
    """
    try:
        return opening()
    except (BrokenIndex, UnwritableIndex) as error:
        log.warning("index cannot be opened yet", error=str(error))
        return cast(Engine, _Later(opening, error))


class _Later:
    """Stands for an engine until its index can be opened; what is asked before raises why not."""

    def __init__(self, opening: Callable[[], Engine], error: FilcommunError) -> None:
        self._opening = opening
        self._error = error
        self._tried = time.monotonic()
        self._lock = threading.Lock()
        self._engine: Engine | None = None

    def __getattr__(self, verb: str) -> Any:
        with self._lock:
            if self._engine is None:
                self._open()
            return getattr(self._engine, verb)

    def _open(self) -> None:
        # A damaged index is read in whole before it is refused: not for every reader.
        if time.monotonic() - self._tried < _AGAIN:
            raise self._error
        self._tried = time.monotonic()
        try:
            self._engine = self._opening()
        except (BrokenIndex, UnwritableIndex) as error:
            self._error = error
            raise

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()


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
