"""The fields of a group that people may change: read, checked, set and remembered as theirs.

Knows neither who asks nor who decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from aggregator.errors import Refused
from aggregator.registry import signing_in
from aggregator.registry.inventory import set_tags
from aggregator.registry.listing import is_web_address
from aggregator.store.tables import STATUSES, Group, GroupTag
from aggregator.taxonomy import terms
from aggregator.taxonomy.terms import DIMENSIONS

TEXTS: Final = {"name": 200, "description": 2000, "category": 100, "note": 2000}
"""Plain texts, and how many characters each may have."""
ADDRESSES: Final = ("home", "logo")
FIELDS: Final = (*TEXTS, *ADDRESSES, "contact", "language", "status", *DIMENSIONS)
"""Everything that an amendment of kind `profile` may change."""
OWN_FIELDS: Final = tuple(field for field in FIELDS if field not in {"status", "note"})
"""What a group changes itself."""

_SPACE: Final = re.compile(r"[\s\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")


def plain(text: object, field: str, most: int) -> str:
    """One line of plain text without controls or marks that turn it around; raises Refused."""
    if not isinstance(text, str):
        raise Refused("unknown_value", field=field, value=str(text)[:100])
    text = _SPACE.sub(" ", text).strip()
    if len(text) > most:
        raise Refused("too_long", field=field, most=most)
    return text


def paragraphs(text: object, field: str, most: int) -> str:
    """Plain text that keeps its line breaks, at most one blank line in a row; raises Refused."""
    if not isinstance(text, str):
        raise Refused("unknown_value", field=field, value=str(text)[:100])
    if len(text) > most:
        raise Refused("too_long", field=field, most=most)
    lines = (plain(line, field, most) for line in text.replace("\r\n", "\n").split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def checked(field: str, value: object) -> Any:
    """The value as it may be stored; raises Refused for an unknown field or a wrong value."""
    if field in TEXTS:
        text = plain(value, field, TEXTS[field])
        if field == "name" and not text:
            raise Refused("missing", field="name")
        return text
    if field in DIMENSIONS:
        return _slugs(field, value)
    if field not in FIELDS:
        raise Refused("unknown_field", field=field)
    text = plain(value or "", field, 2000)
    if field in ADDRESSES:
        return _address(field, text)
    if field == "contact":
        return _contact(text)
    if field == "language":
        wrong = not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", text) or len(text) > 35
    else:
        wrong = text not in STATUSES
    if wrong:
        raise Refused("unknown_value", field=field, value=text[:100])
    return text


def value_of(group: Group, field: str) -> Any:
    """What the group has now; a sorted list for a dimension."""
    return list(group.terms(field)) if field in DIMENSIONS else getattr(group, field)


def change(group: Group, wanted: Mapping[str, object]) -> dict[str, dict[str, Any]]:
    """`{field: {"from", "to"}}` of what would really change, each checked.

    Raises Refused: a wrong value, or `nothing_to_change`.
    """
    changes = {}
    for field, value in wanted.items():
        before, after = value_of(group, field) if field in FIELDS else None, checked(field, value)
        if before != after and not (before in (None, "") and after in (None, "")):
            changes[field] = {"from": before, "to": after}
    if not changes:
        raise Refused("nothing_to_change")
    return changes


def put(group: Group, field: str, value: Any, *, origin: str) -> None:
    """Set one field as a person's word, which `sources sync` leaves alone from now on."""
    if field in DIMENSIONS:
        _replace_tags(group, field, value, origin)
    else:
        setattr(group, field, value)
    if field not in (group.edited_fields or ()):
        group.edited_fields = [*(group.edited_fields or ()), field]


def restore(group: Group, field: str, value: Any, *, edited: bool, tags: list[list[str]]) -> None:
    """Put a field back as it was, its origins and its freedom for `sources sync` included."""
    if field in DIMENSIONS:
        _replace_tags(group, field, [], "group")
        for slug, origin in tags:
            group.tags.append(GroupTag(dimension=field, slug=slug, origin=origin))
    else:
        setattr(group, field, value)
    if not edited:
        group.edited_fields = [name for name in group.edited_fields or () if name != field]


def kept(group: Group, field: str) -> dict[str, Any]:
    """What `restore` needs to put a field back; plain JSON."""
    return {
        "value": value_of(group, field),
        "edited": field in (group.edited_fields or ()),
        "tags": [[tag.slug, tag.origin] for tag in group.tags if tag.dimension == field],
    }


def _replace_tags(group: Group, dimension: str, slugs: list[str], origin: str) -> None:
    for tag in [tag for tag in group.tags if tag.dimension == dimension]:
        if tag.slug not in slugs:
            group.tags.remove(tag)
    set_tags(group, dimension, slugs, origin=origin)


def _slugs(field: str, value: object) -> list[str]:
    if not isinstance(value, (list, tuple)):
        raise Refused("unknown_value", field=field, value=str(value)[:100])
    for slug in value:
        if not isinstance(slug, str) or not terms.is_term(field, slug):
            raise Refused("unknown_value", field=field, value=str(slug)[:100])
    return sorted(set(value))


def _address(field: str, text: str) -> str | None:
    if not text:
        return None
    if not is_web_address(text):
        raise Refused("not_an_address", address=text[:100], field=field)
    return text


def _contact(text: str) -> str | None:
    if not text:
        return None
    if is_web_address(text):
        return text
    return signing_in.email_address(text)
