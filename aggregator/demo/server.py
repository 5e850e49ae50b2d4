"""The village's web server: one loopback address per group, one port, real HTTP.

Makes the validators, answers 304, compresses, drips. Knows no platform: it is given a function
from what is asked to what is answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import socket
import threading
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from aggregator.demo.wire import Answer, Asked, http_date

Respond = Callable[[str, Asked], Answer]
"""From a site's name and what is asked of it to its answer."""

_DRIPS = 40
_COMPRESSED_FROM = 1000
_BODY_AT_MOST = 64 * 1024


def loopback_sockets(hosts: Mapping[str, int], port: int) -> dict[str, socket.socket]:
    """A bound socket per name, at 127.77.0.HOST and one port for all; port 0: a free one.

    Where a system has only 127.0.0.1 (macOS), each gets a port of its own there instead.
    Raises OSError when the port is taken.
    """
    found: dict[str, socket.socket] = {}
    try:
        for name, host in hosts.items():
            found[name] = _bound(f"127.77.0.{host}", port)
            port = port or found[name].getsockname()[1]
    except OSError as error:
        for bound in found.values():
            bound.close()
        if error.errno != errno.EADDRNOTAVAIL:
            raise
        return {name: _bound("127.0.0.1", 0) for name in hosts}
    return found


def _bound(address: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    return bound


def address_of(bound: socket.socket) -> str:
    """`http://127.77.0.3:8080`, no final slash."""
    host, port = bound.getsockname()
    return f"http://{host}:{port}"


class Server:
    """Serves the sockets from a thread of its own until `close`."""

    def __init__(
        self,
        sockets: Mapping[str, socket.socket],
        respond: Respond,
        clock: Callable[[], datetime],
        *,
        beside: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        """`beside` is one more coroutine that runs in the same loop for as long as the server."""
        self._names = {address_of(bound): name for name, bound in sockets.items()}
        self._sockets = tuple(sockets.values())
        self._respond, self._clock, self._beside = respond, clock, beside
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo village", daemon=True)
        self._thread.start()
        self._ready.wait()

    def close(self) -> None:
        """Stops answering, ends exchanges under way and frees the port. Twice is once."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._closing.set)
            self._thread.join()

    def _run(self) -> None:
        with contextlib.closing(self._loop):
            self._loop.run_until_complete(self._serve())
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())

    async def _serve(self) -> None:
        runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.2)
        await runner.setup()
        for bound in self._sockets:
            await web.SockSite(runner, bound, backlog=128).start()
        beside = asyncio.ensure_future(self._beside()) if self._beside else None
        self._ready.set()
        await self._closing.wait()
        if beside:
            beside.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beside
        await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        host, port = request.transport.get_extra_info("sockname")
        base = f"http://{host}:{port}"
        if (request.content_length or 0) > _BODY_AT_MOST:
            return web.Response(status=413, text="Trop long.\n")
        try:
            body = await request.read()
        except HttpProcessingError:
            return web.Response(status=400)
        asked = Asked(
            path=request.path,
            base=base,
            now=self._clock(),
            query=dict(request.query),
            raw_query=request.query_string,
            method=request.method,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body,
        )
        return await _sent(request, asked, self._respond(self._names[base], asked))


async def _sent(request: web.BaseRequest, asked: Asked, answer: Answer) -> web.StreamResponse:
    headers = {**answer.headers, **validators(answer)}
    if answer.status == 200 and is_unchanged(asked, headers):
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = answer.type
    if answer.drip:
        return await _dripped(request, answer, headers)
    response = web.Response(status=answer.status, body=answer.body, headers=headers)
    if len(answer.body) > _COMPRESSED_FROM and "gzip" in asked.headers.get("accept-encoding", ""):
        response.enable_compression(web.ContentCoding.gzip)
    return response


async def _dripped(
    request: web.BaseRequest, answer: Answer, headers: dict[str, str]
) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=headers)
    response.content_length = len(answer.body)
    await response.prepare(request)
    size = -(-len(answer.body) // _DRIPS)
    with contextlib.suppress(ConnectionResetError):  # the reader has lost patience
        for start in range(0, len(answer.body), size):
            await response.write(answer.body[start : start + size])
            await asyncio.sleep(answer.drip / _DRIPS)
    return response


def validators(answer: Answer) -> dict[str, str]:
    """The ETag and Last-Modified of an answer, as far as its server sends them."""
    found = {}
    if answer.etag:
        tag = f'"{hashlib.sha256(answer.body).hexdigest()[:24]}"'
        found["ETag"] = f"W/{tag}" if answer.etag == "weak" else tag
    if answer.changed:
        found["Last-Modified"] = http_date(answer.changed)
    return found


def is_unchanged(asked: Asked, headers: Mapping[str, str]) -> bool:
    """Whether the asker's copy is still good (RFC 9110 §13.2.2: an ETag goes before a date)."""
    if asked.method not in {"GET", "HEAD"}:
        return False
    tags, etag = asked.headers.get("if-none-match"), headers.get("ETag")
    if tags is not None:
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return etag is not None and (tags.strip() == "*" or etag.removeprefix("W/") in known)
    since, changed = asked.headers.get("if-modified-since"), headers.get("Last-Modified")
    if since is None or changed is None:
        return False
    try:
        return parsedate_to_datetime(changed) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        # A date that nobody can read asks for nothing (RFC 9110 §13.1.3).
        return False
