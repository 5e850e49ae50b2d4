"""One engine is shared by the threads of a portal while it also writes."""

from __future__ import annotations

import threading
from collections.abc import Callable

from aggregator.search.engine import Engine, IndexedEntry
from aggregator.search.query import EVERYTHING, Word

Make = Callable[..., IndexedEntry]


def test_threads_read_whole_commits_while_another_writes(index: Engine, make: Make) -> None:
    wrong: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            found = index.search(Word(("eau",)), limit=500, facets=["topic"])
            counted = found.facets["topic"].get("climat", 0)
            if not found.total == len(found.ids) == counted or found.total % 5:
                wrong.append(found)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for start in range(1, 76, 5):
        index.add(make(n, "eau", topics=("climat",)) for n in range(start, start + 5))
        index.commit()
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert index.search(EVERYTHING).total == 75
