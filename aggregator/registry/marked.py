"""YAML as plain strings, lists and mappings that know their lines. Knows nothing of groups.

Everything a person writes stays a string (`no`, `2024`, `18e`), since no value of ours is
anything else. Anchors are refused and size and depth bounded, so no file can make us swell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
)

LONGEST: Final = 4_000_000
"""Characters; some twenty thousand groups."""
DEEPEST: Final = 20


@dataclass(frozen=True, slots=True)
class Fault:
    """Something to mend in a file."""

    line: int
    """From 1; 0 when it is about the file as a whole."""
    message: str
    """A sentence that names the value and what to do."""

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}" if self.line else self.message


@dataclass(slots=True)
class Marked:
    """One node: a text, a list or a mapping, and the line it starts on (from 1)."""

    line: int
    value: str | list[Marked] | dict[str, Marked]
    is_none: bool = False
    """Written as nothing, `~` or `null`."""

    @property
    def kind(self) -> str:
        """What it is, in the words of a fault."""
        if isinstance(self.value, str):
            return "nothing" if self.is_none else "a text"
        return "a list" if isinstance(self.value, list) else "a mapping"


@dataclass(slots=True)
class _Reader:
    faults: list[Fault] = field(default_factory=list)
    open: list[Marked] = field(default_factory=list)
    """The lists and mappings around the place we are at."""
    keys: list[str | None] = field(default_factory=list)
    """For each of them, the key whose value comes next."""
    root: Marked | None = None

    def take(self, event: Event) -> None:
        if isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            self.open.pop()
            self.keys.pop()
        elif isinstance(event, AliasEvent):
            self.fault(event, f"write the value out instead of *{event.anchor}.")
            self.put(Marked(_line(event), "", is_none=True))
        elif isinstance(event, NodeEvent):
            if event.anchor is not None:
                self.fault(event, f"anchors (&{event.anchor}) are not used here; leave it out.")
            self.node(event)

    def node(self, event: NodeEvent) -> None:
        if isinstance(event, ScalarEvent):
            none = event.style is None and event.value in {"", "~", "null", "Null", "NULL"}
            self.put(Marked(_line(event), "" if none else event.value, is_none=none))
            return
        inner = Marked(_line(event), {} if isinstance(event, MappingStartEvent) else [])
        self.put(inner)
        self.open.append(inner)
        self.keys.append(None)

    def put(self, node: Marked) -> None:
        if not self.open:
            self.root = node
            return
        around = self.open[-1].value
        if isinstance(around, list):
            around.append(node)
            return
        assert isinstance(around, dict)
        key = self.keys[-1]
        if key is not None:
            around[key] = node
            self.keys[-1] = None
            return
        if not isinstance(node.value, str):
            self.faults.append(Fault(node.line, f"{node.kind} cannot be a key."))
        name = node.value if isinstance(node.value, str) else f"(line {node.line})"
        if name in around:
            first = around[name].line
            self.faults.append(
                Fault(node.line, f"{name!r} is given twice; the first is in line {first}.")
            )
        # A key that is itself a mapping swallows the mapping's own events first.
        self.keys[-1] = name

    def fault(self, event: Event, message: str) -> None:
        self.faults.append(Fault(_line(event), message))


def read_marked(text: str) -> tuple[Marked | None, list[Fault]]:
    """The file's one document, None when it is empty, and what is wrong with it as YAML.

    After a syntax fault the part before it is still returned. Never raises.
    """
    if len(text) > LONGEST:
        return None, [Fault(0, f"the file has {len(text)} characters; at most {LONGEST} are read.")]
    tab = _first_tab(text)
    reader = _Reader()
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            if reader.root is not None and not reader.open and isinstance(event, NodeEvent):
                reader.fault(event, "a second document starts; keep everything in one.")
                break
            if len(reader.open) > DEEPEST:
                reader.fault(event, f"lists and mappings are nested more than {DEEPEST} deep.")
                break
            reader.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = tab or (mark.line + 1 if mark else 0)
        reader.faults.append(Fault(line, _sentence(error, line == tab and tab > 0)))
    except (YAMLError, ValueError, RecursionError) as error:
        reader.faults.append(Fault(0, f"this is not YAML: {' '.join(str(error).split())[:200]}."))
    return reader.root, reader.faults


def _first_tab(text: str) -> int:
    """The first line indented with a tab, 0 when there is none: YAML's commonest trap."""
    for number, line in enumerate(text.splitlines(), start=1):
        if "\t" in line[: len(line) - len(line.lstrip())] and line.strip():
            return number
    return 0


def _sentence(error: MarkedYAMLError, by_tab: bool) -> str:
    if by_tab:
        return "a tab indents this line; use spaces."
    problem = " ".join(str(error.problem or error.context or "it cannot be read").split())
    return f"this is not YAML: {problem[:200]}. Check the indentation, the quotes and the colons."


def _line(event: Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark else 0
