"""Which addresses may be reached: scheme, port, and every address at resolve and connect time.

Knows no HTTP exchange. The guard sits in aiohttp's connector, so that the address which was
checked is the address which is connected to, whatever the name server answers in between.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from aggregator.errors import ForbiddenAddress

PORTS = frozenset({80, 443, 8000, 8008, 8080, 8443})
"""Where websites answer; others (mail, databases, printers) are never spoken to."""

_HOME = tuple(
    ip_network(network)
    for network in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1",
        "fc00::/7",
    )
)
"""Loopback and private networks: the demo and the tests live there."""

_NEVER = tuple(
    ip_network(network)
    for network in (
        # IANA's special-purpose registries, and what clouds answer their own machines on.
        *("0.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24"),
        *("192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        *("224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"),
        *("::/128", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16"),
        *("3fff::/20", "5f00::/16", "fe80::/10", "fec0::/10", "ff00::/8", "fd00:ec2::254/128"),
    )
)
_NAT64 = ip_network("64:ff9b::/96")
_COMPATIBLE = ip_network("::/96")


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 spelling leads to (mapped, compatible, NAT64, ISATAP)."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    low = int(address) & 0xFFFFFFFF
    if address in _NAT64 or (address in _COMPATIBLE and low > 1):
        return IPv4Address(low)
    if (int(address) >> 32) & 0xFDFFFFFF == 0x00005EFE:
        return IPv4Address(low)
    return None


@dataclass(frozen=True, slots=True)
class Guard:
    """The rules; one for everything that leaves the machine."""

    allow_private: bool = False
    """Loopback and private networks and any port: in the demo and in tests only."""

    def check_url(self, url: str) -> str:
        """The URL itself when its scheme, name and port are fit to be asked.

        Raises ForbiddenAddress. Names are checked again when they are resolved.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as error:
            raise ForbiddenAddress(f"{url[:200]!r} is not an address: {error}.") from error
        if parts.scheme not in {"http", "https"}:
            raise ForbiddenAddress(f"{url[:200]!r} is not http or https.")
        if not parts.hostname:
            raise ForbiddenAddress(f"{url[:200]!r} names no host.")
        if parts.username is not None or parts.password is not None:
            raise ForbiddenAddress(f"The address on {parts.hostname} carries a password.")
        if port not in PORTS and not self.allow_private:
            raise ForbiddenAddress(f"{parts.hostname}:{port} is not a port of the web.")
        self._check_literal(parts.hostname)
        return url

    def _check_literal(self, host: str) -> None:
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            # What inet_aton would read (2130706433, 0x7f.1, 0177.0.0.1) is no public name.
            last = host.rstrip(".").rpartition(".")[2]
            if last.isdigit() or last.lower().startswith("0x"):
                raise ForbiddenAddress(f"{host!r} is an odd spelling of an address.") from None
            return
        self.check_address(str(address))

    def check_address(self, text: str) -> None:
        """Raise ForbiddenAddress unless this IP address may be connected to."""
        address = ip_address(text.partition("%")[0])
        inner = _embedded(address) if isinstance(address, IPv6Address) else None
        if inner is not None:
            address = inner
        refused = _NEVER if self.allow_private else _NEVER + _HOME
        if any(address in network for network in refused):
            raise ForbiddenAddress(f"{text} is not an address of the public internet.")

    def open_socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        """The socket for one connection; the last check, on the very address it will go to."""
        family, kind, protocol, _, target = address
        self.check_address(str(target[0]))
        return socket.socket(family=family, type=kind, proto=protocol)


class GuardedResolver(AbstractResolver):
    """The system's resolver; a name with even one forbidden address is refused."""

    def __init__(self, guard: Guard, inner: AbstractResolver | None = None) -> None:
        self._guard = guard
        self._inner = inner or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Addresses of `host`; raises ForbiddenAddress, or OSError where there are none."""
        found = await self._inner.resolve(host, port, family)
        for answer in found:
            self._guard.check_address(answer["host"])
        return found

    async def close(self) -> None:
        """Let go of the system's resolver."""
        await self._inner.close()
