"""The query language: text to a tree, forgiving, with warnings that point at characters.

    logement social          both words, in any form
    "budget participatif"    these words one after the other
    vélo OU tramway          either; also OR and |
    -expulsion, SAUF métro   without; also NOT
    (a OU b) c               groups
    aménag*                  words that begin so
    titre:mairie             fields, see `fields.NAMES`
    depuis:2026-01 7j        dates, see `dates.period`

Any text is understood somehow: nothing here raises. Time and size are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeGuard

from aggregator.search import fields, saying
from aggregator.search.analysis import STOP_WORDS, fold, tokens
from aggregator.search.dates import bounds
from aggregator.search.meaning import is_code, meaning
from aggregator.search.nodes import All, Choice, Dates, Node, Some, Start, Text, Without
from aggregator.search.query import EVERYTHING, Query

MOST_CHARACTERS: Final = 10_000
"""A longer text is cut."""
MOST_WORDS: Final = 400
"""Later words are left out: ten thousand of them would keep the engine busy for seconds."""
MOST_COSTLY: Final = 100
"""Phrases and beginnings of words; each reads a hundred times what a word does."""
DEEPEST: Final = 40
"""Parentheses nested deeper are read as if they were not there."""

_LEXEME: Final = re.compile(
    r"""
    (?P<space>[\s\x00-\x1f\x7f]+)
  | (?P<open>\() | (?P<close>\))
  | (?P<or>\|+)
  | (?P<quote>["“”„«»])
  | (?P<field>(?:jusqu['’]à|jusqu['’]a|[^\W\d][\w-]{1,14}):(?!//)[^\S\n]?)
  | (?P<minus>[-−–](?=[^\s\-−–]))
  | (?P<chunk>[^\s\x00-\x1f\x7f()|"“”„«»]+)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CLOSING: Final = {'"': '"”“', "“": '”"', "”": '”"', "„": '“”"', "«": "»", "»": "»«"}
_OR: Final = frozenset({"OU", "OR"})
_AND: Final = frozenset({"ET", "AND"})
_NOT: Final = frozenset({"SAUF", "NOT"})
_NAME: Final = re.compile(r"""[^\s()|"“”„«»]+(?:[^\S\n]+(?![-−–])[^\s():|"“”„«»]+){0,5}""")
"""A place or a date written without quotes, of six words at most."""
_DAYS: Final = re.compile(r"^\d{1,4}(?:j|sem)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Warning:
    """Something in the text that was not taken as it stands."""

    position: int
    """The character it is about, from 0."""
    length: int
    code: str
    """One of `saying.WARNINGS`."""
    word: str = ""

    def say(self, language: saying.Language = "fr") -> str:
        """A sentence for people."""
        return saying.warning(self.code, self.word, language)


@dataclass(frozen=True, slots=True)
class Understood:
    """A text as it was understood."""

    query: Query
    node: Node | None
    """None when nothing was asked: everything is found."""
    warnings: tuple[Warning, ...] = ()

    def say(self, language: saying.Language = "fr") -> str:
        """What was understood, in words; empty when nothing was asked."""
        return saying.node(self.node, language) if self.node else ""


def parse(text: str, *, now: datetime) -> Understood:
    """Understands any text; `now` is an aware instant that relative dates count from.

    >>> from datetime import UTC
    >>> parse('vélo OU "piste cyclable"', now=datetime(2026, 11, 24, tzinfo=UTC)).say()
    '« vélo » ou « piste cyclable » (mot pour mot)'
    """
    reading = _Reading(text[:MOST_CHARACTERS], now)
    if len(text) > MOST_CHARACTERS:
        reading.warn(MOST_CHARACTERS, len(text) - MOST_CHARACTERS, "too_long")
    node = reading.read()
    query = EVERYTHING if node is None else meaning(node)
    if query == EVERYTHING and text.strip() and not reading.warnings:
        reading.warn(0, len(text), "nothing")
    node = None if query == EVERYTHING else node
    return Understood(query, node, tuple(sorted(reading.warnings, key=lambda w: w.position)))


@dataclass(slots=True)
class _Level:
    """One pair of parentheses being read, the whole text being the outermost."""

    position: int
    name: str | None
    """The field that its words belong to."""
    without: bool
    alternatives: list[list[Node]] = field(default_factory=lambda: [[]])
    operator: tuple[int, str] | None = None
    """An OU that still waits for its right side."""


class _Reading:
    """One text being read, left to right, once."""

    def __init__(self, text: str, now: datetime) -> None:
        self.text = text
        self.at = 0
        """The first character not read yet."""
        self.now = now
        self.warnings: list[Warning] = []
        self.levels = [_Level(0, None, without=False)]
        self.ignored = 0
        """Opening parentheses beyond DEEPEST whose closing ones are still to come."""
        self.field: tuple[int, str, str] | None = None
        """A field that still waits for its value: position, as written, field."""
        self.without: tuple[int, str] | None = None
        """A minus or SAUF that still waits for what to leave out."""
        self.words = 0
        self.costly = 0

    def warn(self, position: int, length: int, code: str, word: str = "") -> None:
        """At most twenty: a hostile text could make thousands."""
        if len(self.warnings) < 20:
            self.warnings.append(Warning(position, length, code, word[:60]))

    def read(self) -> Node | None:
        """The whole text; None when it asks for nothing."""
        for kind, at, written in self._lexemes():
            if kind == "open":
                self._open(at)
            elif kind == "close":
                self._close(at)
            elif kind == "or":
                self._or(at, written)
            elif kind == "minus":
                self.without = (at, written)
            elif kind == "field":
                self._field(at, written)
            elif kind == "phrase":
                self._value(at, written, exact=True)
            else:
                self._chunk(at, written)
            if self.words >= MOST_WORDS or self.costly >= MOST_COSTLY:
                self.warn(at, len(self.text) - at, "too_many")
                break
        self._no_value()
        while len(self.levels) > 1:
            self.warn(self.levels[-1].position, 1, "open_parenthesis")
            self._end_level()
        return self._node_of(self.levels[0])

    def _lexemes(self) -> Iterator[tuple[str, int, str]]:
        while self.at < len(self.text):
            at = self.at
            found = _LEXEME.match(self.text, at)
            if found is None:
                self.at += 1
                continue
            kind, written = str(found.lastgroup), found.group()
            if kind == "quote":
                end = self._quote_end(at, written)
                self.at = end + 1
                yield "phrase", at, self.text[at + 1 : end]
                continue
            if kind == "field" and fold(written.rstrip().rstrip(":")) not in fields.NAMES:
                # Paris: or 10:30 is no field but a word.
                written = written.rstrip()
                kind = "chunk"
                if self.text[at + len(written) :][:1].isalnum():
                    self.warn(at, len(written), "unknown_field", written)
            self.at += len(written)
            if kind != "space":
                yield kind, at, written

    def _quote_end(self, at: int, mark: str) -> int:
        for end in range(at + 1, len(self.text)):
            if self.text[end] in _CLOSING[mark]:
                return end
        self.warn(at, 1, "open_quote")
        return len(self.text)

    def _open(self, at: int) -> None:
        if len(self.levels) > DEEPEST:
            self.ignored += 1
            self.warn(at, 1, "too_deep")
            return
        name = self.field[2] if self.field else self.levels[-1].name
        self.levels.append(_Level(at, name, without=self.without is not None))
        self.field = self.without = None

    def _close(self, at: int) -> None:
        self._no_value()
        if self.ignored:
            self.ignored -= 1
        elif len(self.levels) == 1:
            self.warn(at, 1, "stray_parenthesis")
        else:
            self._end_level()

    def _end_level(self) -> None:
        level = self.levels.pop()
        node = self._node_of(level)
        if node is not None:
            self._put(Without(node) if level.without else node)

    def _node_of(self, level: _Level) -> Node | None:
        if level.operator is not None:
            self.warn(
                level.operator[0], len(level.operator[1]), "stray_operator", level.operator[1]
            )
        alternatives, filters = _shared([_telling(nodes) for nodes in level.alternatives if nodes])
        parts = [_together(nodes) for nodes in alternatives]
        if not parts:
            return None
        found = parts[0] if len(parts) == 1 else Some(tuple(parts))
        return _together([found, *filters])

    def _or(self, at: int, written: str) -> None:
        self._no_value()
        level = self.levels[-1]
        if level.alternatives[-1] and level.operator is None:
            level.alternatives.append([])
            level.operator = (at, written)
        else:
            self.warn(at, len(written), "stray_operator", written)

    def _field(self, at: int, written: str) -> None:
        self._no_value(keep_without=True)
        name = fields.NAMES[fold(written.strip().removesuffix(":"))]
        self.field = (at, written.strip(), name)

    def _no_value(self, *, keep_without: bool = False) -> None:
        """A field or a minus that nothing came after."""
        if self.field:
            self.warn(self.field[0], len(self.field[1]), "empty_field", self.field[1])
        if self.without and not keep_without:
            self.warn(self.without[0], len(self.without[1]), "stray_operator", self.without[1])
            self.without = None
        self.field = None

    def _chunk(self, at: int, written: str) -> None:
        if self.field is None and written in _OR:
            self._or(at, written)
        elif self.field is None and written in _NOT and self._more_follows(at + len(written)):
            self.without = (at, written)
        elif self.field is None and (written in _AND or written in {"&", "&&", "+"}):
            return
        elif self.field is None and self.levels[-1].name is None and _DAYS.match(written):
            self._date("since", at, written)
        else:
            self._value(at, written, exact=False)

    def _more_follows(self, at: int) -> bool:
        rest = self.text[at:].lstrip()
        return bool(rest) and rest[0] not in ")|"

    def _value(self, at: int, written: str, *, exact: bool) -> None:
        name = self.field[2] if self.field else self.levels[-1].name
        if self.field and not exact:
            written = self._whole_name(at, written, self.field[2])
        if name in fields.DATES:
            self._date(name, at, written)
        elif name is None or name in fields.TEXTS:
            self._text(at, written, name or "text", exact=exact)
        elif written.strip(" *"):
            chosen, known = fields.choice(name, written)
            if not known:
                self.warn(at, len(written), "unknown_value", written)
            self._put(chosen)

    def _whole_name(self, at: int, written: str, name: str) -> str:
        """The value with the words after it that belong to it: `territoire:saint denis`."""
        if name in fields.TEXTS:
            return written
        found = _NAME.match(self.text, at)
        several = found.group() if found else written
        while len(several) > len(written):
            if _is_name(name, several, self.now):
                self.at = at + len(several)
                return several
            several = several.rpartition(" ")[0].rstrip()
        return written

    def _text(self, at: int, written: str, name: str, *, exact: bool) -> None:
        if not exact and "*" in written:
            self._start(at, written, name)
        elif next(tokens(written), None) is not None:
            self._put(Text(" ".join(written.split()), exact, name))
        elif self.field is None:
            # A lone dash or smiley asks for nothing.
            self.without = None

    def _start(self, at: int, written: str, name: str) -> None:
        *before, last = [piece for piece in re.split(r"\*+", written) if piece] or [""]
        for piece in before if written.endswith("*") else [*before, last]:
            if next(tokens(piece), None) is not None:
                self._put(Text(piece, field=name))
        if not written.endswith("*"):
            return
        forms = [token.form for token in tokens(last)]
        if forms and len(forms[-1]) >= 2:
            self._put(Start(last, name))
        else:
            self.warn(at, len(written), "short_prefix", written)
            self.field = self.without = None

    def _date(self, name: str, at: int, written: str) -> None:
        found = bounds(name, written, self.now)
        if found is None:
            self.warn(at, len(written), "no_date", written)
            self.field = None
            return
        self._put(Dates(*found, written))

    def _put(self, node: Node) -> None:
        level = self.levels[-1]
        level.alternatives[-1].append(Without(node) if self.without else node)
        level.operator = None
        self.field = self.without = None
        length = sum(1 for _ in tokens(node.words)) if isinstance(node, Text) else 1
        self.words += max(1, length)
        self.costly += length > 1 or isinstance(node, Start) or is_code(node)


def _is_name(field: str, text: str, now: datetime) -> bool:
    if field in fields.DATES:
        return bounds(field, text, now) is not None
    return fields.exactly(field, text) is not None


def _telling(nodes: list[Node]) -> list[Node]:
    """Without small words, where others of the same field say more."""
    telling = {node.field for node in nodes if isinstance(node, Text | Start) if not _small(node)}
    if any(isinstance(node, Some | All) for node in nodes):
        telling.add("text")
    return [node for node in nodes if not (_small(node) and node.field in telling)]


def _small(node: Node) -> TypeGuard[Text]:
    return isinstance(node, Text) and not node.exact and fold(node.words) in STOP_WORDS


def _shared(alternatives: list[list[Node]]) -> tuple[list[list[Node]], list[Node]]:
    """Alternatives of words, and the filters that hold for all of them.

    In « vélo OU tramway depuis:2026 » nobody means any bicycle but new trams only: what one
    alternative alone filters beside its words, all are filtered by.
    """
    filtering = [nodes for nodes in alternatives if any(_filters(node) for node in nodes)]
    if len(alternatives) < 2 or len(filtering) != 1 or all(map(_filters, filtering[0])):
        return alternatives, []
    words = [[node for node in nodes if not _filters(node)] for nodes in alternatives]
    return words, [node for node in filtering[0] if _filters(node)]


def _filters(node: Node) -> bool:
    """Whether it narrows by what an entry is, not by what it says."""
    match node:
        case Without(part):
            return _filters(part)
        case Text(field=field):
            return field in {"name", "author"}
        case _:
            return isinstance(node, Choice | Dates)


def _together(nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else All(tuple(nodes))
