"""Hostile entries, read as any feed is, then opened in Chromium: nothing runs, nothing breaks."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from aggregator.collect.ingest import ingest
from aggregator.errors import ParseError
from aggregator.parse import feeds
from aggregator.parts import Parts
from aggregator.store.tables import Entry, Source
from web import create_app

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bytes, str, str]]:
    """Id, body, address and type of each small hostile feed."""
    if not (CORPORA / "nasty.py").exists():
        pytest.skip("../shared/corpora is not there")
    folder = tmp_path_factory.mktemp("nasty")
    # In a process of its own: it leaves files open.
    command = [sys.executable, str(CORPORA / "nasty.py"), "--out", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    cases = json.loads((folder / "expectations.json").read_text("utf-8"))["inputs"]
    found = []
    for case in cases:
        body = (folder / case["file"]).read_bytes()
        if len(body) < 300_000:
            found.append((case["id"], body, case["url"], case["content_type"]))
    return found


@pytest.fixture
def address(
    own_parts: Parts, hostile: list[tuple[str, bytes, str, str]], clock: Any, index: Any
) -> Iterator[str]:
    """A portal whose groups published all of that, with full rights, served on loopback."""
    with own_parts.sessions() as session:
        source = session.query(Source).filter(Source.slug == "radio-canal").one()
        for name, body, url, content_type in hostile:
            try:
                feed = feeds.parse(body, url, content_type)
            except ParseError:
                continue
            entries = tuple(
                # Many cases share one uid, and here they are one source's.
                replace(entry, uid=f"{name} {number}")
                for number, entry in enumerate(feed.entries[:3])
            )
            ingest(session, source, replace(feed, entries=entries), now=clock.now)
        session.commit()
    index(own_parts)
    server = make_server("127.0.0.1", 0, create_app(own_parts), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.slow
@pytest.mark.corpora
def test_hostile_entries_run_nothing_and_break_no_layout(address: str, own_parts: Parts) -> None:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with own_parts.sessions() as session:
        ids = [
            id
            for (id,) in session.query(Entry.id)
            .join(Entry.source)
            .filter(Source.slug == "radio-canal", Entry.id > 65)
        ]
    assert len(ids) > 60
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(
            viewport={"width": 360, "height": 800}, service_workers="block"
        )
        page = context.new_page()
        page.on("dialog", lambda dialog: faults.append(f"dialog {dialog.message}"))
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith(address) else faults.append(f"asked {request.url}")
            ),
        )
        page.on(
            "console",
            lambda said: (
                faults.append(said.text) if "Content Security Policy" in said.text else None
            ),
        )
        paths = [f"/entrees/{id}" for id in ids] + ["/groupes/radio-canal", "/", "/recherche?q=a"]
        for path in paths:
            answer = page.goto(address + path)
            if answer is None or answer.status >= 500:
                faults.append(f"{path} {answer and answer.status}")
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > 360:
                faults.append(f"{path} is {wide} wide")
            if page.locator(
                "main script:not([type]), main iframe, main form[action^=http]"
            ).count():
                faults.append(f"{path} holds something active")
        browser.close()
    assert faults == []
