"""What can be followed at an address is shown, with what was tried."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from aggregator.cli import filcommun

PAGES = {
    "/": '<html><link rel="alternate" type="application/rss+xml" href="/feed"></html>',
    "/feed": "<rss version='2.0'><channel><title>Fil</title><item><title>Un</title>"
    "<link>https://lilas.example/1</link></item></channel></rss>",
}


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A site with a feed, on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            body = PAGES.get(self.path, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    monkeypatch.setenv("FILCOMMUN_ALLOW_PRIVATE_NETWORKS", "1")
    server = ThreadingHTTPServer(("127.7.1.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.7.1.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_feed_is_discovered_and_printed_as_json(site: str) -> None:
    answer = CliRunner().invoke(filcommun, ["sources", "discover", site, "--json"])
    (tried,) = json.loads(answer.output)["tried"]
    assert (tried["url"], tried["outcome"], tried["entries"]) == (f"{site}/feed", "feed", 1)
    assert answer.exit_code == 0
    shown = CliRunner().invoke(filcommun, ["sources", "discover", site])
    assert "the page declares it in its head; 1 entries" in shown.output


def test_where_nothing_can_be_followed_it_fails(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PAGES, "/", "<html><body>Bonjour</body></html>")
    monkeypatch.delitem(PAGES, "/feed")
    answer = CliRunner().invoke(filcommun, ["sources", "discover", site])
    assert answer.exit_code == 1
    assert "not_found" in answer.output
