"""A small WebSub hub (W3C Recommendation, 2018) for the village's own topics.

Verifies intent, keeps leases, signs what it delivers. It calls loopback addresses only, so that
nobody can use the village to reach other machines; its subscriptions end with the process.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp

from aggregator.demo.wire import Answer, Asked, text_answer

log = logging.getLogger(__name__)

_LEASE = 10 * 24 * 3600
_LEASE_AT_MOST = 30 * 24 * 3600
_SUBSCRIPTIONS_AT_MOST = 100
_TIMEOUT = aiohttp.ClientTimeout(total=10)


@dataclass(frozen=True, slots=True)
class _Subscription:
    secret: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a subscriber asked for and has not confirmed yet."""

    mode: str
    topic: str
    callback: str
    lease: int
    secret: str


class Hub:
    """Subscriptions, and their deliveries."""

    def __init__(
        self,
        address: str,
        topics: Callable[[], dict[str, datetime]],
        clock: Callable[[], datetime],
        *,
        pause: float = 0.25,
    ) -> None:
        """`topics` gives each feed's address and when it last changed; `pause` is in seconds."""
        self._address, self._topics, self._clock, self._pause = address, topics, clock, pause
        self._subscriptions: dict[tuple[str, str], _Subscription] = {}
        self._wishes: list[_Wish] = []

    def respond(self, asked: Asked) -> Answer:
        """Answers the POST of a subscriber: 202, or 400 with the reason (WebSub §5.2)."""
        form = {key: values[0] for key, values in parse_qs(asked.body.decode("latin-1")).items()}
        try:
            wish = _Wish(
                form["hub.mode"],
                form["hub.topic"],
                form["hub.callback"],
                min(int(form.get("hub.lease_seconds") or _LEASE), _LEASE_AT_MOST),
                form.get("hub.secret", ""),
            )
        except (KeyError, ValueError) as error:
            return text_answer(f"Il manque un paramètre, ou il est faux : {error}\n", status=400)
        refusal = self._refusal(wish)
        if refusal:
            return text_answer(refusal, status=400)
        self._wishes.append(wish)
        return Answer(b"", "text/plain", 202)

    def _refusal(self, wish: _Wish) -> str | None:
        if wish.mode not in {"subscribe", "unsubscribe"}:
            return "hub.mode est subscribe ou unsubscribe.\n"
        if wish.topic not in self._topics():
            return "Ce hub ne connaît pas ce sujet.\n"
        if not _is_loopback(wish.callback):
            return "Ce hub n’appelle que des adresses de bouclage (127.0.0.0/8).\n"
        if len(wish.secret.encode()) >= 200:
            return "hub.secret a moins de 200 octets.\n"
        if len(self._subscriptions) + len(self._wishes) >= _SUBSCRIPTIONS_AT_MOST:
            return "Trop d’abonnements.\n"
        return None

    async def run(self) -> None:
        """Confirms wishes and delivers changes until it is cancelled."""
        delivered = self._topics()
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as http:
            while True:
                await asyncio.sleep(self._pause)
                wishes, self._wishes = self._wishes, []
                await asyncio.gather(*(self._confirm(http, wish) for wish in wishes))
                now = self._topics()
                for topic in [topic for topic in now if now[topic] != delivered.get(topic)]:
                    await self._deliver(http, topic)
                delivered = now

    async def _confirm(self, http: aiohttp.ClientSession, wish: _Wish) -> None:
        """Asks the subscriber whether it meant it (WebSub §5.3)."""
        challenge = secrets.token_urlsafe(24)
        query = {"hub.mode": wish.mode, "hub.topic": wish.topic, "hub.challenge": challenge}
        if wish.mode == "subscribe":
            query["hub.lease_seconds"] = str(wish.lease)
        mark = "&" if urlsplit(wish.callback).query else "?"
        try:
            async with http.get(
                f"{wish.callback}{mark}{urlencode(query)}", allow_redirects=False
            ) as response:
                is_meant = response.ok and (await response.text()).strip() == challenge
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("subscriber does not answer callback=%s error=%r", wish.callback, error)
            return
        key = (wish.topic, wish.callback)
        if not is_meant:
            log.info("subscriber did not confirm callback=%s", wish.callback)
        elif wish.mode == "unsubscribe":
            self._subscriptions.pop(key, None)
        else:
            expires = self._clock() + timedelta(seconds=wish.lease)
            self._subscriptions[key] = _Subscription(wish.secret, expires)

    async def _deliver(self, http: aiohttp.ClientSession, topic: str) -> None:
        """Fetches the topic once and hands it to each subscriber (WebSub §7)."""
        now = self._clock()
        for key in [key for key, kept in self._subscriptions.items() if kept.expires <= now]:
            del self._subscriptions[key]
        wanted = {key[1]: kept for key, kept in self._subscriptions.items() if key[0] == topic}
        if not wanted:
            return
        async with http.get(topic) as response:
            body, type_ = await response.read(), response.headers["Content-Type"]
        links = f'<{self._address}>; rel="hub", <{topic}>; rel="self"'
        for callback, kept in wanted.items():
            headers = {"Content-Type": type_, "Link": links}
            if kept.secret:
                signature = hmac.new(kept.secret.encode(), body, hashlib.sha256).hexdigest()
                headers["X-Hub-Signature"] = f"sha256={signature}"
            await self._hand_over(http, topic, callback, body, headers)

    async def _hand_over(
        self,
        http: aiohttp.ClientSession,
        topic: str,
        callback: str,
        body: bytes,
        headers: dict[str, str],
    ) -> None:
        try:
            async with http.post(
                callback, data=body, headers=headers, allow_redirects=False
            ) as response:
                if response.status == 410:
                    # The subscriber says that it is gone for good (WebSub §7).
                    self._subscriptions.pop((topic, callback), None)
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("delivery failed callback=%s error=%r", callback, error)


def _is_loopback(callback: str) -> bool:
    try:
        parts = urlsplit(callback)
        return parts.scheme == "http" and (
            parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback
        )
    except ValueError:
        return False
