"""Every error this program raises on purpose, as one tree.

FilcommunError                      shown as one sentence, never as a traceback
├── SettingsError                   a setting is wrong; the start ends
├── UnknownTerm                     a slug is not in the taxonomy; the nearest are named
├── LexiconError                    the lexicon's text is wrong; its line is named
├── InventoryError                  sources.yaml has faults; all of them are in it
├── Refused                         a person's wish cannot be granted; `.reason` is the code
├── DatabaseError                   the database cannot be used: newer version, read-only, full
├── FetchError                      an exchange failed; `.permanent`: trying again cannot help
│   └── ForbiddenAddress            the guard refused the address
├── ParseError                      these bytes hold no feed, page or calendar we can read
├── QueryError                      a search was not understood; `.position` is the character
├── BrokenIndex                     the index folder is foreign, corrupt or of another version
├── TooMany                         one place or person asked too often; later it may
├── UnwritableIndex                 the index is whole but cannot be written now; try again later
└── MailError                       a mail was not taken; `.permanent` says whether to try again
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class FilcommunError(Exception):
    """The root; `str(error)` is a sentence that names what to do."""


class SettingsError(FilcommunError):
    """A setting is missing or wrong."""


class UnknownTerm(FilcommunError):
    """A dimension or slug that the taxonomy does not have."""

    @classmethod
    def of(cls, dimension: str, slug: str, known: Iterable[str]) -> UnknownTerm:
        """The error for one slug, with the nearest known ones in its sentence."""
        nearest = get_close_matches(slug, list(known), n=3)
        hint = f" Did you mean {' or '.join(nearest)}?" if nearest else ""
        return cls(f"There is no {dimension} {slug!r} in the taxonomy.{hint}")


class LexiconError(FilcommunError):
    """The words that speak for tags cannot be read as written; the sentence names the line."""


class InventoryError(FilcommunError):
    """sources.yaml cannot be used as it is."""


class Refused(FilcommunError):
    """What a person asked for cannot be done, and why, for that person.

    `reason` is a code of `aggregator.registry.wording`, which has the sentence in French and
    English; `values` fill it in.
    """

    def __init__(self, reason: str, **values: object) -> None:
        told = ", ".join(f"{name}={value!r}" for name, value in values.items())
        super().__init__(f"Refused: {reason}{f' ({told})' if told else ''}.")
        self.reason = reason
        self.values = values


class DatabaseError(FilcommunError):
    """The database cannot be opened, read or written."""


class FetchError(FilcommunError):
    """One HTTP exchange did not give a usable answer.

    `reason` is one of the codes of `aggregator.collect.reasons`, the same in the database,
    on `/sante` and in the logs.
    """

    def __init__(self, message: str, *, reason: str, permanent: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.permanent = permanent


class ForbiddenAddress(FetchError):
    """The guarded fetcher refused a scheme, port, name or address."""

    def __init__(self, message: str) -> None:
        super().__init__(message, reason="forbidden_address", permanent=True)


class ParseError(FilcommunError):
    """These bytes are not what they claim to be."""


class QueryError(FilcommunError):
    """A search could not be understood."""

    def __init__(self, message: str, *, position: int) -> None:
        super().__init__(message)
        self.position = position


class BrokenIndex(FilcommunError):
    """The index cannot be read; it is derived and can be rebuilt with `filcommun reindex`."""


class UnwritableIndex(FilcommunError):
    """The disk is full or read-only, or another process is writing; nothing was changed."""


class MailError(FilcommunError):
    """A mail server did not take a message.

    `scope` says what it is about: `server` (nobody's mail can leave now, and this one is not to
    blame), `talk` (it broke off in the middle of this one: either may be), `mailbox` (this
    address), or `message`.
    """

    def __init__(self, message: str, *, permanent: bool, scope: str = "message") -> None:
        super().__init__(message)
        self.permanent = permanent
        self.scope = scope


class TooMany(FilcommunError):
    """One place or person asked for something too often; later it may again."""
