"""How often programs may ask the API, counted for all processes together and across restarts.

A process writes its count down after each lot of requests: most answers write nothing, and whoever
asks now and then is in no table at all.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from flask import Blueprint, Flask, Response, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import TooManyRequests

from aggregator.registry import rates
from aggregator.store import database
from web import current

LOT = 10
"""Requests that one write counts; a process that ends forgets fewer of each network."""
_NETWORKS = 10_000
"""Networks remembered at once; beyond, all are read from the database again."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Lot:
    """What one network asked for in one window, as far as this process knows."""

    ends_at: datetime
    counted: int
    """By all processes, when the database was last asked."""
    unwritten: int = 0
    """By this one since."""

    @property
    def remaining(self) -> int:
        """Requests left."""
        return max(0, rates.LIMITS["api"][0] - self.counted - self.unwritten)


class Lots:
    """The lots of one process."""

    def __init__(self) -> None:
        self._lots: dict[str, Lot] = {}
        self._lock = Lock()

    def take(self, network: str, now: datetime) -> tuple[bool, Lot]:
        """Whether one more request of a network is within the limit, and its lot."""
        lot = self._lots.get(network)
        if lot is None or lot.ends_at <= now:
            lot = self._begin(network, Lot(rates.window_end("api", now), _counted(network, now)))
        with self._lock:
            if not lot.remaining:
                return False, lot
            lot.unwritten += 1
            is_full = lot.unwritten >= LOT
            if is_full:
                lot.counted, lot.unwritten = lot.counted + LOT, lot.unwritten - LOT
        if is_full:
            lot.counted = max(lot.counted, _count(network, now))
        return True, lot

    def _begin(self, network: str, lot: Lot) -> Lot:
        with self._lock:
            if len(self._lots) >= _NETWORKS:
                self._lots.clear()
            self._lots[network] = lot
        return lot


def install(app: Flask) -> None:
    """Let this process count what it answers."""
    app.extensions["lots"] = Lots()


def guard(blueprint: Blueprint) -> None:
    """Hold the routes of `blueprint` to the limit, and say in each answer what is left."""

    @blueprint.before_request
    def _count() -> None:
        lots: Lots = current_app.extensions["lots"]
        is_within, lot = lots.take(rates.network(request.remote_addr or ""), current.now())
        g.lot = lot
        if not is_within:
            seconds = int((lot.ends_at - current.now()).total_seconds()) + 1
            raise TooManyRequests(
                f"More than {rates.LIMITS['api'][0]} requests in a minute from your network.",
                retry_after=seconds,
            )

    @blueprint.after_request
    def _tell(response: Response) -> Response:
        if (lot := g.get("lot")) is not None:
            response.headers["X-RateLimit-Limit"] = str(rates.LIMITS["api"][0])
            response.headers["X-RateLimit-Remaining"] = str(lot.remaining)
            response.headers["X-RateLimit-Reset"] = str(int(lot.ends_at.timestamp()))
        return response


def _counted(network: str, now: datetime) -> int:
    """What the database knows; 0 where it cannot be asked."""
    settings = current.parts().settings
    try:
        return rates.counted(current.session(), "api", network, now=now, settings=settings)
    except SQLAlchemyError as error:
        log.warning("api not counted: %s", type(error).__name__)
        return 0


def _count(network: str, now: datetime) -> int:
    """Write a lot down; how many all processes have counted, 0 where nothing can be written."""
    parts = current.parts()
    try:
        with database.briefly(parts.sessions) as session:
            return rates.count(session, "api", network, now=now, settings=parts.settings, times=LOT)
    except SQLAlchemyError as error:
        # A full disk or another writer stops counting together, not reading.
        log.warning("api not counted: %s", type(error).__name__)
        return 0
