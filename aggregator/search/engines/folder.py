"""Where an embedded index lies: numbered folders on a shelf, one of them current.

A rebuild fills a new folder beside the current one and then switches the name in `CURRENT` in one
step; readers notice and follow. Knows no engine's files.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aggregator.errors import BrokenIndex, FilcommunError, SettingsError, UnwritableIndex
from aggregator.search.engine import Engine

_CURRENT: Final = "CURRENT"
_LOCK: Final = ".lock"
_UNWRITABLE: Final = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
        errno.EMFILE,
    }
)
_PATIENCE: Final = 60.0
"""Seconds to wait while another process writes."""


@dataclass(frozen=True, slots=True)
class Format:
    """What one engine keeps in a folder."""

    name: str
    """`whoosh-3`: engine and version of what we keep in it; another one is not read."""
    create: Callable[[Path], None]
    """Makes an empty index in an empty folder."""
    open: Callable[[Shelf], Engine]


class Shelf:
    """The folder that the setting names, with the index folders of one format in it."""

    def __init__(self, root: Path, format_: Format) -> None:
        self.root = root
        self.format = format_

    def current(self) -> Path:
        """The folder that serves; made, empty, when the shelf is bare.

        Raises SettingsError when something else lies here, BrokenIndex for another version's.
        """
        with _readable(self.root):
            name = self._read_current()
            if name is None:
                with self.writing():
                    name = self._read_current() or self._first()
        if not (self.root / name).is_dir():
            if self.is_made() and self._read_current() != name:
                # Switched between the two looks.
                return self.current()
            raise BrokenIndex(
                f"The index {self.root} lacks its folder {name}: run `filcommun reindex`."
            )
        return self.root / name

    def is_made(self) -> bool:
        """Whether an index was made here. Raises SettingsError when something else lies here."""
        if self.stamp() != (0, 0):
            return True
        with _readable(self.root):
            self._refuse_strangers()
        return False

    def stamp(self) -> tuple[int, int]:
        """Changes whenever another folder becomes current; zeros when the index was deleted."""
        try:
            status = (self.root / _CURRENT).stat()
        except FileNotFoundError:
            return (0, 0)
        return status.st_mtime_ns, status.st_ino

    def moved(self, stamp: tuple[int, int], *, strict: bool) -> bool:
        """Whether another folder is current since that stamp.

        When the index was deleted, what is open goes on serving; with `strict` it is BrokenIndex.
        """
        now = self.stamp()
        if now == (0, 0) and stamp != now:
            if strict:
                raise BrokenIndex(f"The index {self.root} was deleted: run `filcommun reindex`.")
            return False
        return now != stamp

    def new(self) -> Path:
        """A new empty index in a folder that does not serve yet.

        Raises SettingsError when something else lies here.
        """
        with _readable(self.root):
            if self.stamp() == (0, 0):
                self._refuse_strangers()
            self.root.mkdir(parents=True, exist_ok=True)
            taken = [int(path.name.rpartition("-")[2]) for path in self._numbered()]
            path = self.root / f"{self.format.name}-{max(taken, default=0) + 1:04}"
            path.mkdir()
            self.format.create(path)
            return path

    def switch(self, path: Path) -> None:
        """Makes a folder current, at once for all, and throws the others away."""
        self._point_to(path)
        for old in self._numbered():
            if old != path:
                # Readers keep what they have open; the next look shows them the new folder.
                shutil.rmtree(old, ignore_errors=True)

    def _point_to(self, path: Path) -> None:
        with _readable(self.root):
            fresh = self.root / f".{_CURRENT}.{os.getpid()}"
            with fresh.open("w") as file:
                file.write(path.name)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.root / _CURRENT)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One writer at a time, over all processes; let go of when the process dies."""
        with _readable(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.root / _LOCK, os.O_CREAT | os.O_RDWR, 0o644)
        try:
            _lock(handle, self.root)
            yield
        finally:
            os.close(handle)

    def _read_current(self) -> str | None:
        try:
            name = (self.root / _CURRENT).read_text(encoding="utf-8").strip()
        except UnicodeDecodeError:
            name = "not a text"
        except FileNotFoundError:
            self._refuse_strangers()
            return None
        if not name.startswith(f"{self.format.name}-") or "/" in name:
            raise BrokenIndex(
                f"The index {self.root} was made by another engine or version ({name[:40]!r}, "
                f"here {self.format.name}): run `filcommun reindex`."
            )
        return name

    def _refuse_strangers(self) -> None:
        """A folder with anything else in it is a slip of the pen: nothing of it is touched."""
        if not self.root.exists():
            return
        ours = {*self._numbered(), self.root / "lost+found"}
        strangers = [p.name for p in self.root.iterdir() if p not in ours and p.name[0] != "."]
        if strangers:
            raise SettingsError(
                f"The folder {self.root} holds {min(strangers)!r}, which is no index of ours: "
                "set FILCOMMUN_INDEX_URL to an empty folder."
            )

    def _numbered(self) -> list[Path]:
        return [
            path
            for path in self.root.glob("*-[0-9]*-[0-9]*")
            if path.is_dir() and path.name.rpartition("-")[2].isdigit()
        ]

    def _first(self) -> str:
        # What lies beside it may be an index that another process is just building.
        path = self.new()
        self._point_to(path)
        return path.name


class Beside:
    """A new index being filled while the old one serves."""

    def __init__(
        self, engine: Engine, switch: Callable[[], None], drop: Callable[[], None]
    ) -> None:
        self.engine = engine
        self._switch = switch
        self._drop = drop

    def switch(self) -> None:
        """From now on all processes read and write the new index."""
        self.engine.close()
        self._switch()

    def drop(self) -> None:
        """Throws the new index away; the old one goes on."""
        self.engine.close()
        self._drop()


def beside(shelf: Shelf) -> Beside:
    """A new folder on the shelf, opened as a shelf of its own."""
    path = shelf.new()

    class Alone(Shelf):
        def current(self) -> Path:
            return path

        def stamp(self) -> tuple[int, int]:
            return (1, 1)

        @contextmanager
        def writing(self) -> Iterator[None]:
            yield

    engine = shelf.format.open(Alone(shelf.root, shelf.format))
    return Beside(engine, lambda: shelf.switch(path), lambda: shutil.rmtree(path))


def _lock(handle: int, root: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise UnwritableIndex(
                    f"Another process has been writing the index {root} for {_PATIENCE:.0f} s."
                ) from None
            time.sleep(0.05)
        else:
            return


@contextmanager
def _readable(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise trouble(root, error) from error


def trouble(root: Path, error: Exception) -> FilcommunError:
    """What went wrong with the index at `root`, as a sentence that names what to do."""
    reason = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    # Tantivy tells the number in words only.
    told = re.search(r"os error (\d+)", str(error))
    number = int(told.group(1)) if told else getattr(error, "errno", None)
    if number in _UNWRITABLE:
        return UnwritableIndex(
            f"The index {root} cannot be written ({reason}): make room on the disk or give this "
            "user the right to write there; nothing is lost."
        )
    return BrokenIndex(
        f"The index {root} cannot be read or written ({reason}): run `filcommun reindex`."
    )
