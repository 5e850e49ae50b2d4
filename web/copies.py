"""Feeds kept ready for the next reader, so that a crowd costs little. Before Flask.

A copy is given again while no entry and no group changed meanwhile, and for a minute at most.
Pages are not kept: each has a nonce of its own. Whoever sends a form makes this process drop all
copies. Knows no feed.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

from werkzeug.http import is_resource_modified

from aggregator.publish import atom, icalendar, jsonfeed, rss
from web.caching import PAGE_SECONDS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MOST = 400
"""Copies at once."""
LARGEST = 300_000
"""Bytes of a body that is worth keeping."""
FEEDS = frozenset(
    writer.MEDIA_TYPE.partition(";")[0] for writer in (atom, rss, jsonfeed, icalendar)
)
_KEPT_AT_304 = {"etag", "cache-control", "vary", "date", "last-modified"}
"""Headers that a 304 repeats (RFC 9110 §15.4.5)."""


@dataclass(frozen=True, slots=True)
class _Copy:
    body: bytes
    headers: tuple[tuple[str, str], ...]
    etag: str
    changed: str | None
    """Its Last-Modified."""
    state: object
    """Of the data when it was made."""
    made_at: float


class Copies:
    """A WSGI application that answers for `app` where it has a good copy.

    `state` tells whether the data changed: equal values, same data; None: nobody knows, and `app`
    shall answer. It is asked once a request.
    """

    def __init__(
        self,
        app: WSGIApplication,
        state: Callable[[], object | None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._state = state
        self._clock = clock
        self._copies: OrderedDict[tuple[str, ...], _Copy] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer from a copy, or by the application, keeping what may be kept."""
        key = _key(environ)
        if key is None:
            if environ["REQUEST_METHOD"] not in {"GET", "HEAD", "OPTIONS"}:
                with self._lock:
                    self._copies.clear()
            return self._app(environ, start)
        state = self._state()
        if state is None:
            return self._app(environ, start)
        copy = self._good(key, state)
        if copy is None:
            return self._asked(key, state, environ, start)
        if not is_resource_modified(environ, copy.etag, last_modified=copy.changed):
            start("304 NOT MODIFIED", [kv for kv in copy.headers if kv[0].lower() in _KEPT_AT_304])
            return []
        start("200 OK", list(copy.headers))
        return [copy.body]

    def _good(self, key: tuple[str, ...], state: object) -> _Copy | None:
        with self._lock:
            copy = self._copies.get(key)
            if copy is None:
                return None
            if copy.state != state or self._clock() - copy.made_at > PAGE_SECONDS:
                del self._copies[key]
                return None
            self._copies.move_to_end(key)
            return copy

    def _asked(
        self,
        key: tuple[str, ...],
        state: object,
        environ: WSGIEnvironment,
        start: StartResponse,
    ) -> Iterable[bytes]:
        said: list[tuple[str, list[tuple[str, str]]]] = []

        def started(
            status: str, headers: list[tuple[str, str]], *rest: object
        ) -> Callable[[bytes], object]:
            said.append((status, headers))
            return start(status, headers, *rest)  # type: ignore[arg-type]  # exc_info, if any

        answer = self._app(environ, started)
        status, headers = said[-1] if said else ("", [])
        named = {name.lower(): value for name, value in headers}
        if not _keepable(status, named):
            return answer
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        if len(body) <= LARGEST:
            copy = _Copy(
                body,
                tuple(headers),
                etag=named["etag"],
                changed=named.get("last-modified"),
                state=state,
                made_at=self._clock(),
            )
            with self._lock:
                self._copies[key] = copy
                while len(self._copies) > MOST:
                    self._copies.popitem(last=False)
        return [body]


def _key(environ: WSGIEnvironment) -> tuple[str, ...] | None:
    """What a public page depends on; None for a request that is somebody's own."""
    path = environ.get("PATH_INFO", "")
    if environ["REQUEST_METHOD"] != "GET" or "HTTP_RANGE" in environ or "/api/" in path:
        return None
    cookie = environ.get("HTTP_COOKIE", "")
    try:
        names = set(SimpleCookie(cookie))
    except CookieError:
        return None
    if names - {"langue"}:
        return None
    return (
        environ.get("HTTP_HOST", ""),
        path,
        environ.get("QUERY_STRING", ""),
        cookie,
        environ.get("HTTP_ACCEPT_LANGUAGE", ""),
        "gzip" if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "") else "",
    )


def _keepable(status: str, named: Mapping[str, str]) -> bool:
    """Whether an answer is a feed that everybody may get again."""
    return (
        status.startswith("200")
        and named.get("cache-control", "").startswith("public")
        and named.get("content-type", "").partition(";")[0] in FEEDS
        and {"etag", "content-length"} <= named.keys()
        and "set-cookie" not in named
    )
