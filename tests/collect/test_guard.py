"""No spelling of a private address gets through: not as text, not by name, not by redirect."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from aggregator.collect import wire
from aggregator.collect.fetch import fetch
from aggregator.collect.guard import Guard, GuardedResolver
from aggregator.errors import FetchError, ForbiddenAddress
from aggregator.settings import read_settings

OUTSIDE = read_settings(_env_file=None)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://127.1/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://0x7f.0.0.1/",
        "http://0x7f000001/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[fe80::1%25eth0]/",
        "http://[fc00::1]/",
        "http://[ff02::1]/",
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
        "http://168.63.129.16/",
        "http://100.100.100.200/",
        "http://192.0.0.192/",
        "http://0.0.0.0/",
        "http://255.255.255.255/",
        "http://224.0.0.1/",
        "http://192.88.99.1/",
        "http://198.18.0.1/",
        "file:///etc/passwd",
        "ftp://example.org/feed",
        "gopher://example.org/",
        "data:text/xml,<rss/>",
        "//example.org/feed",
        "http:///feed",
        "http://user:secret@example.org/",
        "http://example.org:22/",
        "http://example.org:25/",
        "http://example.org:99999/",
        "http://[::1",
    ],
)
def test_what_is_no_public_address_is_refused(url: str) -> None:
    with pytest.raises(ForbiddenAddress) as caught:
        asyncio.run(fetch(url, settings=OUTSIDE, timeout=3))
    assert caught.value.reason == "forbidden_address"


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/", "http://224.0.0.1/", "http://0.0.0.0/", "file:///etc/passwd"]
)
def test_the_demo_may_reach_loopback_but_not_metadata(url: str) -> None:
    guard = Guard(allow_private=True)
    guard.check_url("http://127.0.0.1:18000/")
    guard.check_address("10.1.2.3")
    with pytest.raises(ForbiddenAddress):
        guard.check_url(url)


@given(st.ip_addresses())
def test_the_guard_lets_no_address_through_that_python_calls_private(address: object) -> None:
    try:
        Guard().check_address(str(address))
    except ForbiddenAddress:
        return
    assert address.is_global  # type: ignore[attr-defined]
    assert not address.is_multicast  # type: ignore[attr-defined]


@given(st.text(max_size=60))
def test_any_text_as_an_address_is_checked_or_refused(text: str) -> None:
    for url in (text, f"http://{text}/"):
        try:
            Guard().check_url(url)
        except ForbiddenAddress:
            continue


class Names(AbstractResolver):
    """A name server that says something else each time."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in addresses
        ]

    async def close(self) -> None:
        pass


def test_a_name_with_one_private_address_is_refused_whole() -> None:
    resolver = GuardedResolver(Guard(), Names(["93.184.215.14", "127.0.0.1"]))
    with pytest.raises(ForbiddenAddress):
        asyncio.run(resolver.resolve("rebond.example", 80))


def test_a_name_that_turns_private_between_check_and_connect_is_not_connected_to(
    monkeypatch: pytest.MonkeyPatch, a_site: Callable[[], object]
) -> None:
    site = a_site()
    names = Names([site.host])  # type: ignore[attr-defined]
    # The resolver is fooled altogether; the socket is the last to look.
    monkeypatch.setattr(wire, "GuardedResolver", lambda guard: names)
    url = f"http://rebond.example:{site.port}/flux"  # type: ignore[attr-defined]
    monkeypatch.setattr(Guard, "check_url", lambda self, url: url)
    with pytest.raises(ForbiddenAddress):
        asyncio.run(fetch(url, settings=OUTSIDE, timeout=3))
    assert site.asked == []  # type: ignore[attr-defined]


def test_every_redirect_hop_is_checked(
    monkeypatch: pytest.MonkeyPatch, a_site: Callable[[], object]
) -> None:
    outside, inside = a_site(), a_site()
    outside.says("/", status=302, Location=inside.url("/secret"))  # type: ignore[attr-defined]
    inside.says("/secret", "interne")  # type: ignore[attr-defined]
    checked = Guard.check_address

    def as_if_public(self: Guard, address: str) -> None:
        if address != outside.host:  # type: ignore[attr-defined]
            checked(self, address)

    monkeypatch.setattr(Guard, "check_address", as_if_public)
    monkeypatch.setattr("aggregator.collect.guard.PORTS", range(65536))
    with pytest.raises(ForbiddenAddress):
        asyncio.run(fetch(outside.url("/"), settings=OUTSIDE))  # type: ignore[attr-defined]
    assert outside.paths() == ["/"]  # type: ignore[attr-defined]
    assert inside.asked == []  # type: ignore[attr-defined]


def test_a_refused_connection_says_so() -> None:
    settings = read_settings(_env_file=None, allow_private_networks=True)
    with pytest.raises(FetchError) as caught:
        asyncio.run(fetch("http://127.9.251.1:9/", settings=settings))
    assert caught.value.reason == "refused"
