"""The writing half of an engine: what was noted waits for the commit. Knows no index."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from aggregator.search.engine import IndexedEntry


class Noting(ABC):
    """Notes entries to write and ids to take out; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._noted: dict[int, IndexedEntry] = {}
        self._removed: set[int] = set()

    def add(self, entries: Iterable[IndexedEntry]) -> None:
        with self._lock:
            for entry in entries:
                self._noted[entry.id] = entry
                self._removed.discard(entry.id)

    def remove(self, ids: Iterable[int]) -> None:
        with self._lock:
            for entry in ids:
                self._noted.pop(entry, None)
                self._removed.add(entry)

    def commit(self) -> None:
        """Write what was noted, if anything; where that fails all of it stays noted."""
        with self._lock:
            if not self._noted and not self._removed:
                return
            self._write(list(self._noted.values()), set(self._removed))
            self._noted.clear()
            self._removed.clear()

    @abstractmethod
    def _write(self, entries: Sequence[IndexedEntry], removed: set[int]) -> None:
        """Write these entries, in place of those with their ids, and take the others out."""
