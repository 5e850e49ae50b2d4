"""One feed per oddity lies in `data/`; its first comment says what is odd and what comes out."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from aggregator.parse.feeds import parse

FILES = sorted((Path(__file__).parent / "data").glob("*.xml"))


def _told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_odd_feed_gives_what_its_author_meant(path: Path) -> None:
    body = path.read_bytes()
    expected = json.loads(body[len("<!-- ") : body.index(b" -->\n")])
    feed = parse(body, "https://voisins.example/flux/rss.xml", None)
    assert len(feed.entries) == expected["count"], expected["odd"]
    first = {name: _told(getattr(feed.entries[0], name)) for name in expected["first"]}
    assert first == expected["first"], expected["odd"]


def test_every_oddity_is_told_once() -> None:
    told = [json.loads(path.read_text().partition(" -->\n")[0][5:])["odd"] for path in FILES]
    assert len(told) == len(set(told)) > 40
