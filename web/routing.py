"""Parts of routes that several nouns share."""

from __future__ import annotations

_LARGEST = 2**31 - 1
ID = f"<int(max={_LARGEST}):id>"
"""A row's number; larger ones cannot be and are 404, not an error of the database."""


def row_number(text: str) -> int:
    """A row's number as a form or a query string tells it; raises ValueError where none can be.

    >>> row_number("42")
    42
    """
    number = int(text)
    if not 0 < number <= _LARGEST:
        raise ValueError(f"No row has the number {text}.")
    return number


ENDINGS = "<any(atom,rss,json,ics,opml,csv,ods):ending>"
"""The name of a format that lists can be had in."""
