"""Reading JSON values of any type without surprise. Knows no format."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from aggregator.errors import ParseError

_LAST_COMMA: Final = re.compile(r",(\s*[}\]])")
_ITEMS: Final = re.compile(r'"items"\s*:\s*\[\s*')
_BETWEEN: Final = re.compile(r"\s*,?\s*")
JsonObject = Mapping[str, Any]


def load(text: str) -> Any:
    """The value of a JSON text; raises ParseError where it is none or nests too deep."""
    try:
        return json.loads(text, strict=False)
    except RecursionError as error:
        raise ParseError("The JSON nests too deep to be read.") from error
    except ValueError as error:
        saved = _save(text)
        if saved is None:
            raise ParseError(f"The JSON is broken: {error}.") from error
        return saved


def _save(text: str) -> Any:
    """A JSON value whose lists have a comma too many, or the items that came before a cut."""
    try:
        return json.loads(_LAST_COMMA.sub(r"\1", text), strict=False)
    except (ValueError, RecursionError):
        pass
    start = _ITEMS.search(text)
    items: list[Any] = []
    position = start.end() if start else len(text)
    decoder = json.JSONDecoder(strict=False)
    try:
        while text[position] == "{":
            item, position = decoder.raw_decode(text, position)
            items.append(item)
            position = _BETWEEN.match(text, position).end()  # type: ignore[union-attr] # matches ""
    except (ValueError, IndexError, RecursionError):
        pass
    return {"items": items} if items else None


def text_of(value: object) -> str:
    """A string or a number as text; empty for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return ""


def each(value: object) -> Iterator[JsonObject]:
    """The objects of a list or of a dictionary of objects, or the one that stands in its place."""
    if isinstance(value, dict):
        inside = list(value.values())
        if inside and all(isinstance(part, dict) for part in inside):
            yield from inside
        else:
            yield value
    elif isinstance(value, list):
        yield from (part for part in value if isinstance(part, dict))


def below(value: object, *path: str) -> Any:
    """What lies at a path of keys; None where it ends early.

    >>> below({"a": {"b": 1}}, "a", "b")
    1
    """
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def words(value: object) -> list[str]:
    """The words of a list, or of a text with commas."""
    if isinstance(value, list):
        return [text_of(part) or text_of(below(part, "name")) for part in value]
    return text_of(value).split(",")


def in_french(value: object) -> str:
    """A text, or the French one of several: `{"fr": …}`, `{"translations": [{"locale": …}]}`."""
    if not isinstance(value, dict):
        return text_of(value)
    translations = value.get("translations")
    if isinstance(translations, list):
        value = {text_of(below(one, "locale")): below(one, "text") for one in translations}
    elif "translation" in value:
        return text_of(value["translation"])
    first = next(iter(value.values()), "")
    return text_of(value.get("fr")) or text_of(value.get("en")) or text_of(first)


def instant(value: object) -> str:
    """A date as text; seconds or milliseconds since 1970 as ISO 8601."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = value / 1000 if value > 10**11 else value
        try:
            return datetime.fromtimestamp(seconds, UTC).isoformat()
        except (ValueError, OverflowError, OSError):
            return ""
    return text_of(value)
