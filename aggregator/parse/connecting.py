"""What a connector is: how one platform is recognised, where its news lie, how its JSON reads.

Each module of `connectors/` holds one, under the name CONNECTOR, and is found by itself.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from aggregator.parse import connectors
from aggregator.parse.entries import ParsedFeed
from aggregator.parse.webpage import WebPage

FEED: Final = "feed"
CALENDAR: Final = "calendar"
API: Final = "api"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address where a platform publishes."""

    url: str
    """Absolute."""
    kind: str = FEED
    """`feed`, `calendar` or `api`; an `api` answers JSON that the connector reads."""
    is_comments: bool = False


@dataclass(frozen=True, slots=True)
class Connector:
    """One platform."""

    name: str
    """As shown and stored: `wordpress`, `spip`, …"""
    recognises: Callable[[WebPage], bool]
    """Whether the page was made by it."""
    endpoints: Callable[[WebPage], Iterable[Endpoint]]
    """Where its news lie, the best first; called only for pages it recognises."""
    read: Callable[[Any, str, datetime], ParsedFeed | None] | None = None
    """The feed in a JSON value from `url`, at `now`; None when the value is not its own."""
    is_agenda: bool = False
    """Whether its calendar says more than its feed: it tells when an event is, not when it was
    announced."""
    embedded: Callable[[WebPage], Iterable[Endpoint]] | None = None
    """Where its news lie when another platform's page shows them."""


@cache
def all_connectors() -> Sequence[Connector]:
    """One per module of `connectors/`, in the order of their names."""
    names = sorted(module.name for module in pkgutil.iter_modules(connectors.__path__))
    modules = [importlib.import_module(f"{connectors.__name__}.{name}") for name in names]
    return tuple(module.CONNECTOR for module in modules)


def host(url: str) -> str:
    """The host of an address, without `www.`; empty when there is none."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def is_host(url: str, *names: str) -> bool:
    """Whether an address is on one of these hosts or under it."""
    name = host(url)
    return any(name == known or name.endswith("." + known) for known in names)


def at_root(page: WebPage, *paths: str) -> list[str]:
    """Addresses on the root of the page's site."""
    return [urljoin(page.url, "/" + path.lstrip("/")) for path in paths]
