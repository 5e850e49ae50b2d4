"""How well and how fast feeds are read, beside plain feedparser, on the corpora.

    python -m bench.parse [CORPORA_FOLDER]

Runs the corpora's own scorers over both, prints each line side by side, then CPU time over the
captured feeds. `entries` is the adapter that the scorers call.
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

from aggregator.errors import ParseError
from aggregator.parse import discovery, feeds, lists, pages
from aggregator.parse.webpage import read_page

Adapter = Callable[[bytes, str, str], list[dict[str, Any]]]
_LINE = re.compile(r"^  (?P<name>\S.*?)\s{2,}(?P<value>\d.*)$")


def entries(body: bytes, url: str, content_type: str) -> list[dict[str, Any]]:
    """What the scorers compare: every field as it is."""
    try:
        feed = feeds.parse(body, url, content_type or None)
    except ParseError:
        return []
    return [
        {
            "title": entry.title,
            "link": entry.url,
            "published": entry.published and entry.published.isoformat(),
            "id": entry.uid,
            "content": entry.content or entry.summary,
            "enclosures": [
                {"href": file.url, "type": file.type, "length": file.length}
                for file in entry.enclosures
            ],
        }
        for entry in feed.entries
    ]


def found_on_page(body: bytes, url: str, content_type: str) -> dict[str, list[str]]:
    """Declared feeds and article links of a page, for `score_lists.py`."""
    found = discovery.candidates(body, url, {"content-type": content_type})
    declared = [one.url for one in found if one.origin in {discovery.HEADER, discovery.LINK}]
    links = lists.article_links(body, url).links
    return {"feeds": declared, "links": [link.url for link in links]}


def article_of_page(body: bytes, url: str, content_type: str) -> dict[str, str | None]:
    """Text, title and date of a page's article, for `score_pages.py`."""
    page = read_page(body, url or "https://corpus.example/page", {"content-type": content_type})
    try:
        entry = pages.article(page)
    except ParseError:
        return {}
    text = unescape(re.sub(r"</?\w+>", "\n", entry.content))
    date = entry.published.isoformat() if entry.published else None
    return {"text": text, "title": entry.title, "date": date}


def score(corpora: Path, part: str, adapter: str) -> list[str]:
    """The scorer's own lines for `part` (`public` or `local_only`)."""
    command = [
        sys.executable, str(corpora / "score_feeds.py"), "--callable", adapter,
        "--manifest", str(corpora / part / "feeds.csv"), "--folder", str(corpora / part / "feeds"),
        "--list-failures", "0",
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def score_nasty(corpora: Path, adapter: str) -> str:
    """The one line that tells how many hostile inputs ended well."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, str(corpora / "nasty.py"), "--out", folder],
            check=True,
            capture_output=True,
        )
        command = [
            sys.executable, str(corpora / "score_nasty.py"), "--dir", folder,
            "--callable", adapter, "--quiet",
        ]  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def seconds(corpora: Path, adapter: Adapter) -> float:
    """CPU seconds over the captured feeds of the public part."""
    rows = list(
        csv.DictReader((corpora / "public/feeds.csv").open(encoding="utf-8", errors="replace"))
    )
    bodies = [
        ((corpora / "public/feeds" / row["file"]).read_bytes(), row["url"], row["content_type"])
        for row in rows
        if row["origin"].startswith("real")
    ]
    start = time.process_time()
    for body, url, content_type in bodies:
        adapter(body, url or "https://corpus.example/feed", content_type)
    return time.process_time() - start


def numbers(lines: list[str]) -> dict[str, str]:
    """The scorer's lines by name."""
    return {found["name"]: found["value"] for line in lines if (found := _LINE.match(line))}


def main() -> None:
    """Print the tables."""
    corpora = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/corpora")
    if not corpora.is_dir():
        sys.exit(f"The corpora are not in {corpora}.")
    sys.path.insert(0, str(corpora))
    from adapters_baseline import parse_feedparser  # type: ignore[import-not-found]

    plain, ours = "adapters_baseline:parse_feedparser", "bench.parse:entries"
    for part in ("public", "local_only"):
        theirs, mine = numbers(score(corpora, part, plain)), numbers(score(corpora, part, ours))
        print(f"{part:36s} {'feedparser':>22s} {'Fil commun':>22s}")
        for name, value in theirs.items():
            print(f"  {name:34s} {value:>22s} {mine.get(name, '0'):>22s}")
    for adapter in (plain, ours):
        print(score_nasty(corpora, adapter))
    theirs_seconds, our_seconds = seconds(corpora, parse_feedparser), seconds(corpora, entries)
    ratio = theirs_seconds / our_seconds
    print(
        json.dumps({"feedparser_s": round(theirs_seconds, 2), "filcommun_s": round(our_seconds, 2)})
    )
    print(f"CPU: {ratio:.1f} times as fast as feedparser on the captured feeds")


if __name__ == "__main__":
    main()
