"""How often programs may ask the API, counted for all processes together and across restarts.

A process takes requests from the database in lots, so that most answers write nothing.
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
"""Requests that one write takes from the database."""
_NETWORKS = 10_000
"""Networks remembered at once; beyond, all take a new lot."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Lot:
    """What this process may still answer to one network in one window."""

    ends_at: datetime
    left: int
    beyond: int
    """What the database has left for all processes, when the lot was taken."""

    @property
    def remaining(self) -> int:
        """Requests left, as far as this process knows."""
        return self.left + self.beyond


class Lots:
    """The lots of one process."""

    def __init__(self) -> None:
        self._lots: dict[str, Lot] = {}
        self._lock = Lock()

    def take(self, network: str, now: datetime) -> tuple[bool, Lot]:
        """Whether one more request of a network is within the limit, and what is left then."""
        with self._lock:
            lot = self._lots.get(network)
            if lot is not None and lot.ends_at > now and (lot.left or not lot.beyond):
                is_within = lot.left > 0
                lot.left = max(0, lot.left - 1)
                return is_within, lot
        lot = _new_lot(network, now)
        is_within, lot.left = lot.left > 0, max(0, lot.left - 1)
        with self._lock:
            if len(self._lots) >= _NETWORKS:
                self._lots.clear()
            self._lots[network] = lot
        return is_within, lot


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
                f"More than {_most()} requests in a minute from your network.",
                retry_after=seconds,
            )

    @blueprint.after_request
    def _tell(response: Response) -> Response:
        if (lot := g.get("lot")) is not None:
            response.headers["X-RateLimit-Limit"] = str(_most())
            response.headers["X-RateLimit-Remaining"] = str(lot.remaining)
            response.headers["X-RateLimit-Reset"] = str(int(lot.ends_at.timestamp()))
        return response


def _new_lot(network: str, now: datetime) -> Lot:
    """Take a lot for all processes; a full one where the database cannot count just now."""
    ends_at = rates.window_end("api", now)
    parts = current.parts()
    try:
        with database.briefly(parts.sessions) as session:
            taken = rates.count(
                session, "api", network, now=now, settings=parts.settings, times=LOT
            )
    except SQLAlchemyError as error:
        # A full disk or a lost database stops writing, not reading.
        log.warning("api not counted: %s", type(error).__name__)
        return Lot(ends_at, left=LOT, beyond=_most() - LOT)
    beyond = _most() - taken
    return Lot(ends_at, left=max(0, min(LOT, LOT + beyond)), beyond=max(0, beyond))


def _most() -> int:
    return rates.LIMITS["api"][0]
