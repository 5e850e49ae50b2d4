"""How long answers take, by kind of page, for `/metrics`. Counts pages, never people."""

from __future__ import annotations

from time import perf_counter

from flask import Flask, Response, g, request
from prometheus_client import PLATFORM_COLLECTOR, REGISTRY, Histogram

# It would tell everybody which release of Python runs here.
REGISTRY.unregister(PLATFORM_COLLECTOR)
_SECONDS = Histogram(
    "filcommun_request_seconds",
    "Time from a request to its answer, by endpoint and class of status.",
    ("endpoint", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)


def install(app: Flask) -> None:
    """Measure every request of `app`; register first, so that it sees the whole answer."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.begun = perf_counter()


def _end(response: Response) -> Response:
    # An unknown path has no endpoint: one name for all, or scanners would make up thousands.
    labels = (request.endpoint or "none", f"{response.status_code // 100}xx")
    _SECONDS.labels(*labels).observe(perf_counter() - g.get("begun", perf_counter()))
    return response
