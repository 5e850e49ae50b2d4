"""Whatever a mail server does, a mail is taken once, or told why not, in bounded time."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from aggregator.errors import MailError
from aggregator.mail.message import Outgoing
from aggregator.mail.smtp import SmtpMailer

MAIL = Outgoing(
    "retours@fil.example",
    "alice@example.org",
    b"Subject: x\r\nFrom: fil@fil.example\r\n\r\n.a dot\r\n..two\r\n",
)


def _nothing() -> None:
    pass


@pytest.fixture
def smtp(post_office: Any) -> Iterator[SmtpMailer]:
    """A mailer to the post office."""
    mailer = SmtpMailer(f"smtp://127.0.0.1:{post_office.port}", timeout=2, total=4)
    yield mailer
    mailer.close()


def test_a_mail_arrives_as_it_was_written_over_one_connection(
    smtp: SmtpMailer, post_office: Any
) -> None:
    for _ in range(3):
        assert smtp.send(MAIL, handing_over=_nothing) == "250 OK taken"
    assert len(post_office.received) == 3
    assert post_office.received[0].get_content().splitlines() == [".a dot", "..two"]
    assert post_office.envelopes[0] == ("retours@fil.example", "alice@example.org")


def test_handing_over_comes_before_the_server_has_it_all(
    smtp: SmtpMailer, post_office: Any
) -> None:
    seen: list[int] = []
    smtp.send(MAIL, handing_over=lambda: seen.append(len(post_office.received)))
    assert seen == [0]


@pytest.mark.parametrize(
    ("command", "answer", "permanent", "scope"),
    [
        ("RCPT", "550 5.1.1 No such user", True, "mailbox"),
        ("RCPT", "550 no such user", True, "mailbox"),
        ("RCPT", "550 5.7.1 Policy", True, "message"),
        ("RCPT", "450 4.2.1 Try later", False, "mailbox"),
        ("RCPT", "421 4.3.2 Shutting down", False, "server"),
        ("DATA", "554 5.6.0 Looks like spam", True, "message"),
        ("DATA", "452 4.3.1 Full", False, "message"),
        ("MAIL", "550 5.7.1 You may not send", False, "server"),
    ],
)
def test_refusals_are_told_apart_and_the_next_mail_goes_through(
    smtp: SmtpMailer, post_office: Any, command: str, answer: str, permanent: bool, scope: str
) -> None:
    post_office.answers[command] = lambda _: answer
    with pytest.raises(MailError) as caught:
        smtp.send(MAIL, handing_over=_nothing)
    assert (caught.value.permanent, caught.value.scope) == (permanent, scope)
    assert answer.split(" ", 1)[1] in str(caught.value)
    post_office.answers.clear()
    smtp.send(MAIL, handing_over=_nothing)
    assert len(post_office.received) == 1


class _Odd(asyncio.Protocol):
    """A server that follows a script: what to answer to each line; None closes the line."""

    def __init__(self, script: Callable[[bytes], bytes | None], hello: bytes) -> None:
        self._script, self._hello = script, hello

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._hello)

    def data_received(self, data: bytes) -> None:
        answer = self._script(data)
        if answer is None:
            self.transport.abort()
        else:
            self.transport.write(answer)


def _polite(data: bytes) -> bytes:
    return b"354 go\r\n" if data.startswith(b"DATA") else b"250 ok\r\n"


@pytest.mark.parametrize(
    ("script", "hello"),
    [
        (lambda data: b"", b""),  # never says a word
        (lambda data: b"", b"220 hello\r\n"),  # hangs after its greeting
        (lambda data: None, b"220 hello\r\n"),  # hangs up
        (lambda data: None if b"Subject" in data else _polite(data), b"220 hello\r\n"),
        (lambda data: b"", b"220-" + b"x" * 100_000),  # a greeting without end
        (lambda data: b"nonsense\r\n", b"220 hello\r\n"),
        (lambda data: b"\xff\xfe\x00\r\n", b"\xff\r\n"),
        (lambda data: b"250 ok\r\n", b"220 hello\r\n"),  # lies: 250 to DATA
        (lambda data: b"999 what\r\n", b"220 hello\r\n"),
    ],
)
def test_a_server_that_hangs_drops_or_lies_is_given_up_and_may_be_tried_again(
    serve: Any, script: Callable[[bytes], bytes | None], hello: bytes
) -> None:
    mailer = SmtpMailer(f"smtp://127.0.0.1:{serve(lambda: _Odd(script, hello))}", timeout=0.5)
    with pytest.raises(MailError) as caught:
        mailer.send(MAIL, handing_over=_nothing)
    mailer.close()
    assert not caught.value.permanent
    assert caught.value.scope == "server"


def test_a_server_that_drips_is_cut_after_the_total(serve: Any) -> None:
    class Drip(_Odd):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            self._drip()

        def _drip(self) -> None:
            if not self.transport.is_closing():
                self.transport.write(b"2")
                asyncio.get_running_loop().call_later(0.1, self._drip)

    mailer = SmtpMailer(
        f"smtp://127.0.0.1:{serve(lambda: Drip(_polite, b''))}", timeout=5, total=0.6
    )
    with pytest.raises(MailError):
        mailer.send(MAIL, handing_over=_nothing)


def test_nobody_listening_is_the_servers_fault() -> None:
    mailer = SmtpMailer("smtp://127.0.0.1:1", timeout=1)
    with pytest.raises(MailError) as caught:
        mailer.send(MAIL, handing_over=_nothing)
    assert (caught.value.permanent, caught.value.scope) == (False, "server")


def test_without_starttls_on_offer_no_password_leaves(smtp: SmtpMailer, post_office: Any) -> None:
    mailer = SmtpMailer(f"smtp+starttls://bob:secret@127.0.0.1:{post_office.port}", timeout=2)
    with pytest.raises(MailError, match="STARTTLS"):
        mailer.send(MAIL, handing_over=_nothing)


def test_a_mailbox_in_unicode_is_written_to_where_the_server_can(
    smtp: SmtpMailer, post_office: Any
) -> None:
    smtp.send(Outgoing(MAIL.sender, "zoé@example.org", MAIL.body), handing_over=_nothing)
    assert post_office.envelopes[0][1] == "zoé@example.org"


def test_a_mailbox_in_unicode_fails_for_good_where_it_cannot(serve: Any) -> None:
    port = serve(lambda: SMTP(object(), hostname="post.example", loop=asyncio.get_running_loop()))
    mailer = SmtpMailer(f"smtp://127.0.0.1:{port}", timeout=2)
    with pytest.raises(MailError, match="SMTPUTF8") as caught:
        mailer.send(Outgoing(MAIL.sender, "zoé@example.org", MAIL.body), handing_over=_nothing)
    mailer.close()
    assert caught.value.permanent


def test_a_server_that_went_away_between_mails_is_called_again(
    smtp: SmtpMailer, post_office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    smtp.send(MAIL, handing_over=_nothing)
    smtp._smtp.sock.close()
    monkeypatch.setattr("aggregator.mail.smtp._IDLE", -1.0)
    smtp.send(MAIL, handing_over=_nothing)
    assert len(post_office.received) == 2


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's TLS, and a client's that trusts it."""
    folder = tmp_path_factory.mktemp("tls")
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "key", "-out",
         "cert"],
        check=True, cwd=folder, capture_output=True,
    )  # fmt: skip
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert", folder / "key")
    client = ssl.create_default_context(cafile=folder / "cert")
    return server, client


class _Doorkeeper:
    """Lets Bob in with his password, in the words of aiosmtpd."""

    def __call__(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
        good = (data.login, data.password) == (b"bob", b"s3cr\xc3\xa9t@")
        return AuthResult(success=good, handled=False)


# aiosmtpd warns of passwords without STARTTLS; here TLS is there from the first byte on.
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_a_password_goes_over_tls_to_a_server_that_is_who_it_says(
    post_office: Any, serve: Any, certificate: Any, scheme: str
) -> None:
    server, client = certificate
    options = {} if scheme == "smtps" else {"tls_context": server, "require_starttls": True}
    port = serve(
        lambda: SMTP(
            post_office, hostname="post.example", authenticator=_Doorkeeper(),
            auth_required=True, auth_require_tls=scheme != "smtps", **options,
        ),
        server if scheme == "smtps" else None,
    )  # fmt: skip
    address = f"{scheme}://bob:s3cr%C3%A9t%40@localhost:{port}"
    trusting = SmtpMailer(address, timeout=5, tls=client)
    trusting.send(MAIL, handing_over=_nothing)
    trusting.close()
    assert len(post_office.received) == 1
    careful = SmtpMailer(address, timeout=5)
    with pytest.raises(MailError, match="certificate"):
        careful.send(MAIL, handing_over=_nothing)
    wrong = SmtpMailer(address.replace("s3cr", "other"), timeout=5, tls=client)
    with pytest.raises(MailError, match="535") as caught:
        wrong.send(MAIL, handing_over=_nothing)
    wrong.close()
    assert caught.value.scope == "server"
    assert len(post_office.received) == 1
