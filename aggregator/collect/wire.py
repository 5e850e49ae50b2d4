"""One HTTP exchange under the guard: the one place through which bytes leave and come in.

No redirect is followed here and no robots.txt read; it knows no source. `fetch` adds both for
single exchanges, the spider's downloader for crawls.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from urllib.parse import quote

import aiohttp
from yarl import URL

from aggregator.collect import bodies
from aggregator.collect.guard import Guard, GuardedResolver
from aggregator.errors import FetchError
from aggregator.settings import Settings

MAX_WIRE = 8 * 1024 * 1024
"""Bytes of one body as sent."""
TIMEOUT = 30.0
"""Seconds for one exchange, from the name's resolution to the last byte."""
AGENT = "FilCommun"
"""The name robots.txt files address us by (RFC 9309 §2.2.1)."""
_OF_ADDRESSES = "!#$%&'()*+,/:;=?@[]|~"
ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "text/calendar;q=0.9, application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, "
    "text/html;q=0.6, */*;q=0.5"
)


@dataclass(frozen=True, slots=True)
class Response:
    """What one exchange brought."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; values as sent where they are UTF-8, else without the odd bytes;
    several of one name joined by a comma, Set-Cookie dropped, Location fit to be asked for."""
    body: bytes
    """Without its content codings."""
    url: str
    """Where it came from, after redirects."""
    redirects: tuple[tuple[int, str], ...] = ()
    """Each hop's status and the address it led to, in order."""
    size: int = 0
    """Bytes on the wire."""
    seconds: float = 0.0

    @property
    def content_type(self) -> str | None:
        """The Content-Type header as sent; None when there is none."""
        return self.headers.get("content-type")


def user_agent(settings: Settings) -> str:
    """Who we are and how to reach us, as every request says it."""
    try:
        version = metadata.version("filcommun")
    except metadata.PackageNotFoundError:
        version = "0"
    return f"{AGENT}/{version} (+{settings.base_url}/a-propos; {settings.contact})"


class Wire:
    """An open session under one guard; use it as an asynchronous context manager."""

    def __init__(self, settings: Settings, guard: Guard | None = None) -> None:
        self.guard = guard or Guard(allow_private=settings.allow_private_networks)
        self._agent = user_agent(settings)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=GuardedResolver(self.guard),
                socket_factory=self.guard.open_socket,
                limit=0,
                keepalive_timeout=5,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=("Content-Type", "User-Agent", "Accept", "Accept-Encoding"),
            # Some shops of cookies send hundreds; a megabyte of headers is still refused.
            max_headers=1000,
        )

    async def __aenter__(self) -> Wire:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def exchange(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = TIMEOUT,
        max_wire: int = MAX_WIRE,
        whole: bool = True,
    ) -> Response:
        """One request and its answer, whatever its status.

        What goes beyond `max_wire` bytes is refused, or left unread if the answer need not be
        `whole`.
        Raises ForbiddenAddress before a forbidden address is connected to, FetchError with a
        code of `reasons` for everything that is no complete answer within the limits.
        """
        self.guard.check_url(url)
        asked = {
            "User-Agent": self._agent,
            "Accept": ACCEPT,
            "Accept-Encoding": bodies.ACCEPTED,
            "Accept-Language": "fr, en;q=0.5",
            **(headers or {}),
        }
        started = time.monotonic()
        with _named_failures(url, timeout):
            async with self._session.request(
                method,
                URL(url, encoded=True) if url.isascii() else url,
                headers=asked,
                data=body,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout),
            ) as answer:
                raw = await _read(answer, max_wire, whole)
        answered = _headers(answer)
        coded = answered.get("content-encoding", "")
        return Response(
            status=answer.status,
            headers=answered,
            body=bodies.unpack(raw, coded) if coded and raw else raw,
            url=url,
            size=len(raw),
            seconds=time.monotonic() - started,
        )


async def _read(answer: aiohttp.ClientResponse, limit: int, whole: bool) -> bytes:
    if whole and (answer.content_length or 0) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    async for chunk in answer.content.iter_any():
        size += len(chunk)
        chunks.append(chunk)
        if size > limit and whole:
            raise _too_large(limit)
        if size > limit:
            break
    return b"".join(chunks)[:limit]


def _too_large(limit: int) -> FetchError:
    return FetchError(
        f"The answer has more than {limit} bytes.", reason="too_large", permanent=True
    )


def _headers(answer: aiohttp.ClientResponse) -> dict[str, str]:
    kept: dict[str, str] = {}
    for raw_name, raw_value in answer.raw_headers:
        name = raw_name.decode("ascii", "ignore").lower()
        if name == "set-cookie":
            continue
        value = raw_value.decode("utf-8", "ignore").strip(" \t").replace("\x00", "")
        if name == "location":
            value = _target(raw_value)
        kept[name] = f"{kept[name]}, {value}" if name in kept else value
    return kept


def _target(location: bytes) -> str:
    """Where a redirect leads: raw bytes of an older encoding and spaces as browsers send them."""
    try:
        return location.decode("utf-8").strip().replace(" ", "%20").replace("\x00", "")
    except UnicodeDecodeError:
        return quote(location.strip(), safe=_OF_ADDRESSES)


@contextmanager
def _named_failures(url: str, timeout: float) -> Iterator[None]:
    """Every way in which aiohttp fails, as a FetchError with its reason."""
    where = URL(url).host or url[:100]
    try:
        yield
    except TimeoutError as error:
        raise FetchError(
            f"{where} did not answer within {timeout:g} seconds.", reason="timeout"
        ) from error
    except aiohttp.ClientConnectorDNSError as error:
        raise FetchError(
            f"The name {where} is not found: {error.strerror}.", reason="dns"
        ) from error
    except aiohttp.ClientConnectorCertificateError as error:
        cause = error.certificate_error
        expired = getattr(cause, "verify_code", 0) == 10
        raise FetchError(
            f"The certificate of {where} is not valid: {cause}.",
            reason="tls_expired" if expired else "tls",
            permanent=True,
        ) from error
    except aiohttp.ClientSSLError as error:
        raise FetchError(
            f"No secure connection to {where}: {error}.", reason="tls", permanent=True
        ) from error
    except aiohttp.ClientConnectorError as error:
        why = os.strerror(error.os_error.errno or 0)
        raise FetchError(f"{where} refuses the connection: {why}.", reason="refused") from error
    except aiohttp.InvalidURL as error:
        raise FetchError(
            f"{url[:200]!r} is not an address.", reason="bad_url", permanent=True
        ) from error
    except aiohttp.ClientPayloadError as error:
        raise FetchError(
            f"The answer of {where} stopped early: {error}.", reason="short_body"
        ) from error
    except aiohttp.ClientResponseError as error:
        first = error.message.partition("\n")[0][:100]
        raise FetchError(f"{where} does not speak HTTP: {first}.", reason="bad_http") from error
    except (aiohttp.ClientError, OSError) as error:
        raise FetchError(
            f"The connection to {where} broke: {error}.", reason="connection"
        ) from error
    except ValueError as error:
        # aiohttp and yarl raise it for control characters in addresses and headers.
        raise FetchError(f"{url[:200]!r} cannot be asked: {error}.", reason="bad_url") from error
