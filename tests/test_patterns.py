"""No regular expression of ours takes time that grows with the power of a hostile text's length."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from re import _compiler  # type: ignore[attr-defined]
from re import _constants as kinds  # type: ignore[attr-defined]  # the parser of `re` itself
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

import aggregator
import web

ALL = {chr(code) for code in range(0x250)} | set("–—’…€")
SAFE = {
    "aggregator.parse.documents._HTML",  # a comment is read up to its first end only
    "aggregator.parse.markup._LEADING",  # nothing follows it, so it never tries again
}
LETTERS = {kinds.LITERAL, kinds.NOT_LITERAL, kinds.ANY, kinds.IN}


def test_no_pattern_of_ours_repeats_a_repetition() -> None:
    """`(a+)+` takes time that doubles with each character; none of ours is built like it."""
    ours = list(patterns())
    assert len(ours) > 60
    faults = [
        f"{name}: {pattern.pattern[:80]!r}"
        for name, pattern in ours
        if name not in SAFE and nested(parser.parse(pattern.pattern, pattern.flags))
    ]
    assert faults == []


@pytest.mark.parametrize("bad", [r"(a+)+", r"(?:a*b?)*", r"(\w+\s*)+$", r"((x|y+)*)*", r"(aa*)+b"])
def test_a_pattern_that_repeats_a_repetition_is_seen(bad: str) -> None:
    assert nested(parser.parse(bad))


@pytest.mark.parametrize(
    "good",
    [r"(?:a+,)+", r"a+b*c?", r"(?:\w{1,9} )*", r"[a-z]+(?:-[a-z]+)*", r'(?:[^>"]|"[^"]*")*>'],
)
def test_a_pattern_whose_repetitions_are_kept_apart_is_none(good: str) -> None:
    assert not nested(parser.parse(good))


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Every compiled pattern that a module of ours holds."""
    for package in (aggregator, web):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "migrations" in module.name or module.name in {
                "web.wsgi",
                "aggregator.cli.__main__",
            }:
                continue
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                    yield f"{module.name}.{name}", value


def nested(tree: Any, around: tuple[Any, ...] = ()) -> bool:
    """Whether an endless repetition stands in another with nothing that keeps the two apart.

    `around` holds what the outer one repeats, and what lies between it and `tree`.
    """
    for operation, argument in tree:
        if operation in {kinds.MAX_REPEAT, kinds.MIN_REPEAT}:
            _, most, body = argument
            is_endless = most is kinds.MAXREPEAT
            if is_endless and around and not any(kept_apart(one, body) for one in around):
                return True
            if nested(body, (body,) if is_endless else around):
                return True
        elif operation is kinds.SUBPATTERN:
            if nested(argument[3], around and (*around, argument[3])):
                return True
        elif operation is kinds.BRANCH and any(
            nested(one, around and (*around, one)) for one in argument[1]
        ):
            return True
    return False


def kept_apart(sequence: Any, repeated: Any) -> bool:
    """Whether a sequence must hold a letter that stands nowhere in what is repeated in it."""
    inside = letters_of(repeated)
    return any(
        operation in LETTERS and not letters_of([(operation, argument)]) & inside
        for operation, argument in sequence
    )


def letters_of(tree: Any) -> set[str]:
    """Which letters stand anywhere in a pattern."""
    found: set[str] = set()
    for operation, argument in tree:
        if operation is kinds.LITERAL:
            found.add(chr(argument))
        elif operation is kinds.ANY:
            found |= ALL
        elif operation is kinds.NOT_LITERAL:
            found |= ALL - {chr(argument)}
        elif operation is kinds.IN:
            one = _compiler.compile(parser.SubPattern(parser.State(), [(operation, argument)]))
            found |= {letter for letter in ALL if one.fullmatch(letter)}
        elif operation in {kinds.MAX_REPEAT, kinds.MIN_REPEAT}:
            found |= letters_of(argument[2])
        elif operation is kinds.SUBPATTERN:
            found |= letters_of(argument[3])
        elif operation is kinds.BRANCH:
            found |= set().union(*map(letters_of, argument[1]))
    return found
