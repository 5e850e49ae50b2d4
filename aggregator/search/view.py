"""What can be followed: one selection of entries, the same for page, feed, API, alert and digest.

It lives in the query string, in French words, and means the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from aggregator.search import saying
from aggregator.search.dates import bounds, period
from aggregator.search.engine import Order
from aggregator.search.fields import label
from aggregator.search.parser import Understood, parse
from aggregator.search.query import Between, Query, Tag, both
from aggregator.search.saying import Language

DIMENSION_OF: Final[Mapping[str, str]] = {
    "theme": "topic",
    "objectif": "objective",
    "savoir_faire": "skill",
    "territoire": "area",
    "groupe": "group",
    "forme": "kind",
    "type": "type",
    "ecrit_en": "language",
}
"""Argument → dimension of the engine; `langue` is the page's own language."""

ORDERS: Final[Mapping[str, Order]] = {
    "": "newest",
    "ancien": "oldest",
    "pertinence": "relevance",
}
TOLD: Final[Mapping[str, bool | None]] = {"": None, "plies": True, "deplies": False}
"""How stories are told: once, each entry by itself, or as usual where the list is shown."""
_MOST: Final = 40
"""Values of one argument; more are left out."""
_LONGEST: Final = 100
"""Characters of one value; a query may be longer, see `parser.MOST_CHARACTERS`."""


@dataclass(frozen=True, slots=True)
class View:
    """A selection of entries and their order; without any argument, everything, newest first."""

    q: str = ""
    """In the query language."""
    theme: tuple[str, ...] = ()
    """Slugs; several mean any of them. So do the other filters."""
    objectif: tuple[str, ...] = ()
    savoir_faire: tuple[str, ...] = ()
    territoire: tuple[str, ...] = ()
    """An area includes all that lies in it."""
    groupe: tuple[str, ...] = ()
    forme: tuple[str, ...] = ()
    """Platform kinds."""
    type: tuple[str, ...] = ()
    """What an entry is: article, event…"""
    ecrit_en: tuple[str, ...] = ()
    """Languages, `fr`."""
    depuis: str = ""
    """As `dates.period` reads it; kept as written, so that `7j` stays the last seven days."""
    jusqua: str = ""
    """Inclusive: `2026-01` goes to the end of January; `7j` to what it was a week ago."""
    tri: str = ""
    """A key of ORDERS."""
    recits: str = ""
    """A key of TOLD. It changes no count: what is folded is found all the same."""

    @staticmethod
    def from_args(args: Mapping[str, Any]) -> View:
        """Reads a query string's arguments (str, list, or a MultiDict); never fails.

        Unknown arguments, empty values, unknown orders and ways to tell stories are left out.

        >>> View.from_args({"theme": "logement,transports", "tri": "au hasard"}).theme
        ('logement', 'transports')
        """
        values: dict[str, Any] = {
            name: _several(_all_of(args, name)) for name in DIMENSION_OF if name in args
        }
        for name in ("q", "depuis", "jusqua", "tri", "recits"):
            given = _all_of(args, name)
            values[name] = " ".join(given[0].split()) if given else ""
        for name, known in (("tri", ORDERS), ("recits", TOLD)):
            if values[name] not in known:
                values[name] = ""
        values["q"] = values["q"][:120_000]
        for name in ("depuis", "jusqua"):
            values[name] = values[name][:_LONGEST]
        return View(**values)

    def to_args(self) -> str:
        """The query string, always the same for the same view: without `?`, empty for everything.

        >>> View(q="eau", theme=("logement",)).to_args()
        'q=eau&theme=logement'
        """
        pairs: list[tuple[str, str]] = []
        for field in fields(self):
            value = getattr(self, field.name)
            pairs.extend(
                (field.name, one) for one in ((value,) if isinstance(value, str) else value)
            )
        return urlencode([pair for pair in pairs if pair[1]], errors="replace")

    def query(self, now: datetime) -> Query:
        """What the engine looks for; dates that cannot be read narrow nothing down."""
        return both(self.understood(now).query, *self._tags(), self._between(now))

    def understood(self, now: datetime) -> Understood:
        """How the words of `q` were understood, with warnings."""
        return parse(self.q, now=now)

    @property
    def order(self) -> Order:
        """The order asked for."""
        return ORDERS[self.tri]

    def folds(self, *, usually: bool) -> bool:
        """Whether a story told several times is shown once; `usually` where nothing is said.

        Pages and letters, which people read, usually fold; feeds and the API, which programs
        read, usually list every entry.
        """
        told = TOLD[self.recits]
        return usually if told is None else told

    @property
    def is_everything(self) -> bool:
        """Whether nothing narrows it down."""
        return self == replace(View(), tri=self.tri, recits=self.recits)

    def _tags(self) -> Iterable[Query]:
        for name, dimension in DIMENSION_OF.items():
            if values := getattr(self, name):
                yield Tag(dimension, values)

    def _between(self, now: datetime) -> Query:
        since, until = self.dates(now)
        return both() if since is None and until is None else Between(since, until)

    def dates(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """The first instant and the first one after, in UTC; None where it is open."""
        first = bounds("since", self.depuis, now) if self.depuis else None
        last = bounds("until", self.jusqua, now) if self.jusqua else None
        return first and first[0], last and last[1]

    def during(self, span: str, now: datetime) -> View:
        """This view within a period, without leaving the dates it has.

        >>> from datetime import UTC
        >>> View(depuis="2025-12-24").during("2025-12", datetime(2026, 1, 1, tzinfo=UTC)).to_args()
        'depuis=2025-12-24&jusqua=2025-12'
        """
        inside, (since, until) = period(span, now), self.dates(now)
        if inside is None:
            return self
        return replace(
            self,
            depuis=self.depuis if since is not None and since > inside[0] else span,
            jusqua=self.jusqua if until is not None and until < inside[1] else span,
        )

    def with_value(self, name: str, value: str) -> View:
        """This view with one more value of a filter, or with this text; the same if it is there.

        >>> View().with_value("theme", "logement").to_args()
        'theme=logement'
        """
        if name not in DIMENSION_OF:
            return _changed(self, name, value)
        there = getattr(self, name)
        return self if value in there else _changed(self, name, _several((*there, value)))

    def without_value(self, name: str, value: str = "") -> View:
        """This view without one value of a filter, without any of them, or without this text.

        >>> View(theme=("logement", "culture")).without_value("theme", "culture").theme
        ('logement',)
        """
        if name not in DIMENSION_OF:
            return _changed(self, name, "")
        kept = tuple(v for v in getattr(self, name) if v != value) if value else ()
        return _changed(self, name, kept)

    def words(
        self, language: Language = "fr", *, now: datetime, names: Mapping[str, str] | None = None
    ) -> str:
        """What it selects, for people; `names` tells the groups' names by slug.

        Neither order nor folding is told: they select nothing.

        >>> from datetime import UTC
        >>> View(q="eau", theme=("logement",)).words(now=datetime(2026, 11, 24, tzinfo=UTC))
        '« eau » · thème : Logement et habitat'
        """
        told = [self.understood(now).say(language)]
        for name, dimension in DIMENSION_OF.items():
            if values := getattr(self, name):
                labels = [(names or {}).get(v) or label(dimension, v, language) for v in values]
                joined = (" or " if language == "en" else " ou ").join(labels)
                told.append(saying.chosen(dimension, joined, language))
        told.append(saying.span(*self.dates(now), language))
        told = [part for part in told if part]
        return " · ".join(told) or ("All news" if language == "en" else "Toutes les nouvelles")


def _changed(view: View, name: str, value: str | tuple[str, ...]) -> View:
    changed: dict[str, Any] = {name: value}
    return replace(view, **changed)


def _all_of(args: Mapping[str, Any], name: str) -> list[str]:
    if hasattr(args, "getlist"):
        values: Sequence[Any] = args.getlist(name)
    else:
        value = args.get(name, ())
        values = [value] if isinstance(value, str) else list(value)
    return [str(value) for value in values]


def _several(values: Iterable[str]) -> tuple[str, ...]:
    """The values in alphabetical order, each once; also where they share one argument."""
    pieces = (piece.strip() for value in values for piece in value[:4000].split(","))
    kept = sorted({piece for piece in pieces if piece and len(piece) <= _LONGEST})
    return tuple(kept[:_MOST])
