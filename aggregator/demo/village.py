"""The demo village: imaginary groups of the metropolis whose sites are really served.

`start()` binds a loopback address per group and serves them from a thread; what each site shows
is a function of the clock. Knows nothing of the portal that reads it.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from ruamel.yaml import YAML

from aggregator.demo import directory, manners, secretariat
from aggregator.demo.hub import Hub
from aggregator.demo.server import Server, address_of, loopback_sockets
from aggregator.demo.sites.platforms import answer, platform_of
from aggregator.demo.sites.site import site_for
from aggregator.demo.texts import Group, read_groups
from aggregator.demo.timeline import Timeline
from aggregator.demo.wire import Answer, Asked

_HUB = "hub"
_HUB_HOST = 250


def _now() -> datetime:
    return datetime.now(UTC)


def start(
    port: int = 0,
    *,
    rhythm: float = 15.0,
    seed: int = 1,
    clock: Callable[[], datetime] = _now,
) -> Village:
    """Serves the village and returns it running; `stop()` it, or use it in a `with`.

    `rhythm` is the number of seconds between two new entries. With port 0 a free one is taken,
    the same at every address. Raises OSError when the port is taken.
    """
    return Village(read_groups(), port=port, rhythm=rhythm, seed=seed, clock=clock)


class Village:
    """A village being served."""

    def __init__(
        self,
        groups: tuple[Group, ...],
        *,
        port: int,
        rhythm: float,
        seed: int,
        clock: Callable[[], datetime],
    ) -> None:
        self.groups = groups
        self._by_slug = {group.slug: group for group in groups}
        self._timeline = Timeline(groups, started=clock(), rhythm=rhythm, seed=seed)
        self._clock = clock
        self._proofs: dict[str, str] = {}
        hosts = {group.slug: group.host for group in groups} | {_HUB: _HUB_HOST}
        sockets = loopback_sockets(hosts, port)
        self._addresses = {name: address_of(bound) for name, bound in sockets.items()}
        # A socket that is bound but never listens refuses every connection, and nobody else
        # can take its place.
        deaf = {g.slug for g in groups if g.about.get("manners") == "refused"}
        self._deaf = tuple(sockets[name] for name in deaf)
        self._hub = Hub(self._addresses[_HUB], self._topics, clock)
        self._server = Server(
            {name: bound for name, bound in sockets.items() if name not in deaf},
            self._respond,
            clock,
            beside=self._hub.run,
        )

    def address(self, slug: str) -> str:
        """Where a group's site (or `hub`) is served, such as `http://127.77.0.3:40123`."""
        return self._addresses[slug]

    def candidate(self) -> str:
        """The home page of a group that the inventory does not know: try it on `/inscrire`."""
        return next(self.address(group.slug) + "/" for group in self.groups if not group.is_listed)

    def directory(self) -> str:
        """A page that lists the groups, their platforms, and who is ill on purpose."""
        return self.address(_HUB) + "/"

    def sources_yaml(self) -> str:
        """The inventory of the village, in the form of `sources.yaml`."""
        inventory = {
            "version": 1,
            "groups": [self._line(group) for group in self.groups if group.is_listed],
        }
        text = io.StringIO()
        yaml = YAML()
        yaml.width = 1000
        yaml.dump(inventory, text)
        return text.getvalue()

    def stop(self) -> None:
        """Frees the addresses. Twice is once."""
        self._server.close()
        for bound in self._deaf:
            bound.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _line(self, group: Group) -> dict[str, object]:
        """One group of the inventory."""
        base = self.address(group.slug)
        status = group.about.get("status", "listed")
        lists = ("areas", "objectives", "skills", "topics", "kinds")
        return {
            "slug": group.slug,
            "name": group.name,
            "home": base + platform_of(group).home,
            "description": group.description,
            "status": status,
            "category": group.about.get("category", "association"),
            "language": group.language,
            **{key: list(group.words(key)) for key in lists},
            "tags": "confirmed" if group.about.get("rights") == "full" else "proposed",
            "sources": [self._source(group, path) for path in _sources(group)],
        }

    def _source(self, group: Group, path: str) -> dict[str, object]:
        return {
            "url": self.address(group.slug) + path,
            "format": platform_of(group).format,
            "rights": group.about.get("rights", "excerpt"),
        }

    def _respond(self, name: str, asked: Asked) -> Answer:
        if name == _HUB and asked.method == "POST":
            return self._hub.respond(asked)
        if name == _HUB:
            return directory.page(self.groups, self._addresses)
        group = self._by_slug[name]
        if asked.path == "/secretariat":
            return self._secretariat(group, asked)
        if asked.path == secretariat.CODE_FILE:
            return secretariat.code_file(self._proofs.get(group.slug, ""))
        hub = self._addresses[_HUB] if group.about.get("hub") == "yes" else None
        site = site_for(
            group, self._timeline, asked, hub=hub, proof=self._proofs.get(group.slug, "")
        )
        return answer(site, asked)

    def _secretariat(self, group: Group, asked: Asked) -> Answer:
        if asked.method == "POST":
            self._proofs[group.slug] = secretariat.posted(asked.body)
        return secretariat.page(group, self._proofs.get(group.slug, ""))

    def _topics(self) -> dict[str, datetime]:
        """The feeds that use the hub, and when each changed."""
        now = self._clock()
        return {
            self.address(group.slug) + path: self._timeline.changed_at(group.slug, now)
            for group in self.groups
            if group.about.get("hub") == "yes"
            for path in platform_of(group).sources
        }


def _sources(group: Group) -> tuple[str, ...]:
    if group.about.get("manners") == "moved":
        return (manners.OLD_FEED,)
    return platform_of(group).sources
