"""A certificate that is not valid is named, and nothing is read past it: real TLS on loopback."""

from __future__ import annotations

import ipaddress
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ADDRESS = "127.9.252.1"
ASK = """
import asyncio, sys
from aggregator.collect.fetch import fetch
from aggregator.errors import FetchError
from aggregator.settings import read_settings
settings = read_settings(allow_private_networks=True, _env_file=None)
try:
    print(asyncio.run(fetch(sys.argv[1], settings=settings, timeout=10)).body.decode())
except FetchError as error:
    print(error.reason, error.permanent)
"""
Pair = tuple[ec.EllipticCurvePrivateKey, x509.Certificate]


def certificate(name: str, issuer: Pair | None, *, days: int, address: str = ADDRESS) -> Pair:
    """A certificate that ends `days` from now; one that signs itself without an issuer."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[1].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer is not None:
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        builder = builder.add_extension(names, critical=False)
    return key, builder.sign(issuer[0] if issuer else key, hashes.SHA256())


def written(folder: Path, name: str, pair: Pair) -> Path:
    """Key and certificate in one file."""
    key, made = pair
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"bonjour")


class Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that turns away at the certificate is the play."""


@pytest.fixture
def authority(tmp_path: Path) -> Pair:
    pair = certificate("Autorité", None, days=900)
    (tmp_path / "ca.pem").write_bytes(pair[1].public_bytes(serialization.Encoding.PEM))
    return pair


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[object]:
    """Serves under a certificate and says what our fetcher made of it."""
    servers = []

    def ask(pair: Pair) -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(written(tmp_path, "site", pair))
        server = Server((ADDRESS, 0), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        done = subprocess.run(
            [sys.executable, "-c", ASK, f"https://{ADDRESS}:{server.server_port}/"],
            env=os.environ | {"SSL_CERT_FILE": str(tmp_path / "ca.pem")},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    yield ask
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.slow
def test_a_valid_certificate_is_accepted(authority, asked):
    assert asked(certificate("site", authority, days=30)) == "bonjour"


@pytest.mark.slow
def test_an_expired_certificate_is_named(authority, asked):
    assert asked(certificate("site", authority, days=-1)) == "tls_expired True"


@pytest.mark.slow
def test_a_certificate_for_another_name_is_refused(authority, asked):
    other = certificate("site", authority, days=30, address="127.9.252.99")
    assert asked(other) == "tls True"


@pytest.mark.slow
def test_a_certificate_that_nobody_signed_is_refused(authority, asked):
    stranger = certificate("Inconnu", None, days=30)
    assert asked(certificate("site", stranger, days=30)) == "tls True"
