"""Whatever a mail server does, a mail is taken once, or told why not, in bounded time."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from aggregator.errors import MailError
from aggregator.mail.mailer import Step
from aggregator.mail.message import Outgoing
from aggregator.mail.smtp import SmtpMailer

MAIL = Outgoing(
    "retours@fil.example",
    "alice@example.org",
    b"Subject: x\r\nFrom: fil@fil.example\r\n\r\n.a dot\r\n..two\r\n",
)


def told(mailer: SmtpMailer, mail: Outgoing = MAIL) -> str:
    """Lead the talk about one mail to its end; returns the server's answer."""
    talk = mailer.talk(mail)
    while True:
        try:
            next(talk)
        except StopIteration as ended:
            return str(ended.value)


def failure_of(mailer: SmtpMailer) -> MailError:
    """How a talk fails; a minute later it would have hung for good."""
    failures: list[MailError] = []

    def talk() -> None:
        try:
            told(mailer)
        except MailError as error:
            failures.append(error)
        finally:
            mailer.close()

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive(), "it still waits"
    (failure,) = failures
    return failure


@pytest.fixture
def smtp(post_office: Any) -> Iterator[SmtpMailer]:
    """A mailer to the post office."""
    mailer = SmtpMailer(f"smtp://127.0.0.1:{post_office.port}", timeout=30, total=60)
    yield mailer
    mailer.close()


def test_a_mail_arrives_as_it_was_written_over_one_connection(
    smtp: SmtpMailer, post_office: Any
) -> None:
    for _ in range(3):
        assert told(smtp) == "250 OK taken"
    assert len(post_office.received) == 3
    assert post_office.received[0].get_content().splitlines() == [".a dot", "..two"]
    assert post_office.envelopes[0] == ("retours@fil.example", "alice@example.org")


def test_handing_over_comes_before_the_server_has_it_all(
    smtp: SmtpMailer, post_office: Any
) -> None:
    seen = {step: len(post_office.received) for step in smtp.talk(MAIL)}
    assert seen[Step.HANDING_OVER] == 0
    assert len(post_office.received) == 1


@pytest.mark.parametrize(
    ("command", "answer", "permanent", "scope"),
    [
        ("RCPT", "550 5.1.1 No such user", True, "mailbox"),
        ("RCPT", "550 no such user", True, "mailbox"),
        ("RCPT", "550 5.7.1 Relay access denied", False, "message"),
        ("RCPT", "550 5.1.8 Sender address rejected: Domain not found", False, "message"),
        ("RCPT", "550 relay not permitted", False, "message"),
        ("RCPT", "450 4.2.1 Try later", False, "mailbox"),
        ("RCPT", "421 4.3.2 Shutting down", False, "talk"),
        ("DATA", "554 5.6.0 Looks like spam", True, "message"),
        ("DATA", "452 4.3.1 Full", False, "message"),
        ("MAIL", "550 5.7.1 You may not send", False, "server"),
        ("MAIL", "450 4.7.1 Too much mail from you", False, "server"),
        ("MAIL", "552 5.3.4 Message size exceeds fixed limit", True, "message"),
    ],
)
def test_refusals_are_told_apart_and_the_next_mail_goes_through(
    smtp: SmtpMailer, post_office: Any, command: str, answer: str, permanent: bool, scope: str
) -> None:
    post_office.answers[command] = lambda _: answer
    with pytest.raises(MailError) as caught:
        told(smtp)
    assert (caught.value.permanent, caught.value.scope) == (permanent, scope)
    assert answer.split(" ", 1)[1] in str(caught.value)
    post_office.answers.clear()
    told(smtp)
    assert len(post_office.received) == 1


@pytest.fixture
def pipelining(post_office: Any) -> Any:
    """The post office, saying that it takes several commands at once, and counting them."""

    async def says(
        server: Any, session: Any, envelope: Any, hostname: str, replies: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [replies[0], "250-PIPELINING", *replies[1:]]

    post_office.handle_EHLO = says
    return post_office


@pytest.mark.parametrize(
    ("command", "answer", "permanent", "scope"),
    [
        ("RCPT", "550 5.1.1 No such user", True, "mailbox"),
        ("RCPT", "450 4.2.1 Try later", False, "mailbox"),
        ("DATA", "554 5.6.0 Looks like spam", True, "message"),
        ("MAIL", "550 5.7.1 You may not send", False, "server"),
        ("MAIL", "421 4.3.2 Shutting down", False, "server"),
    ],
)
def test_said_at_once_refusals_are_told_apart_as_well(
    pipelining: Any, command: str, answer: str, permanent: bool, scope: str
) -> None:
    smtp = SmtpMailer(f"smtp://127.0.0.1:{pipelining.port}")
    pipelining.answers[command] = lambda _: answer
    with pytest.raises(MailError) as caught:
        told(smtp)
    assert (caught.value.permanent, caught.value.scope) == (permanent, scope)
    pipelining.answers.clear()
    assert list(smtp.talk(MAIL)) == [Step.WAITING, Step.HANDING_OVER, Step.WAITING]
    smtp.close()
    assert len(pipelining.received) == 1


def test_a_text_is_never_given_to_a_server_that_refused_its_reader(serve: Any) -> None:
    """RFC 2920 lets a server ask for the text although it refused the only address."""
    heard: list[bytes] = []

    def script(data: bytes) -> bytes:
        heard.append(data)
        if data.startswith(b"MAIL"):
            return b"250 ok\r\n550 5.1.1 nobody\r\n354 go on\r\n"
        return b"250-post\r\n250 PIPELINING\r\n"

    port = serve(lambda: _Odd(script, b"220 hello\r\n"))
    failure = failure_of(SmtpMailer(f"smtp://127.0.0.1:{port}"))
    assert (failure.permanent, failure.scope) == (True, "mailbox")
    assert not any(b"Subject" in data or b"RSET" in data for data in heard)


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
    ("script", "hello", "scope"),
    [
        (lambda data: b"", b"", "server"),  # never says a word
        (lambda data: b"", b"220 hello\r\n", "server"),  # hangs after its greeting
        (lambda data: None, b"220 hello\r\n", "server"),  # hangs up
        (lambda data: None if b"Subject" in data else _polite(data), b"220 hello\r\n", "talk"),
        (lambda data: b"", b"220-" + b"x" * 100_000, "server"),  # a greeting without end
        (lambda data: b"nonsense\r\n", b"220 hello\r\n", "server"),
        (lambda data: b"\xff\xfe\x00\r\n", b"\xff\r\n", "server"),
        (lambda data: b"250 ok\r\n", b"220 hello\r\n", "talk"),  # lies: 250 to DATA
        (lambda data: b"999 what\r\n", b"220 hello\r\n", "server"),
    ],
)
def test_a_server_that_hangs_drops_or_lies_costs_bounded_time(
    serve: Any, script: Callable[[bytes], bytes | None], hello: bytes, scope: str
) -> None:
    mailer = SmtpMailer(f"smtp://127.0.0.1:{serve(lambda: _Odd(script, hello))}", timeout=0.5)
    failure = failure_of(mailer)
    assert not failure.permanent
    assert failure.scope == scope


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
        f"smtp://127.0.0.1:{serve(lambda: Drip(_polite, b''))}", timeout=50, total=0.6
    )
    # The server would go on for ever, and no answer is ever missing for `timeout`.
    assert failure_of(mailer).scope == "server"


def test_nobody_listening_is_the_servers_fault() -> None:
    mailer = SmtpMailer("smtp://127.0.0.1:1", timeout=1)
    with pytest.raises(MailError) as caught:
        told(mailer)
    assert (caught.value.permanent, caught.value.scope) == (False, "server")


def test_without_starttls_on_offer_no_password_leaves(smtp: SmtpMailer, post_office: Any) -> None:
    mailer = SmtpMailer(f"smtp+starttls://bob:secret@127.0.0.1:{post_office.port}", timeout=30)
    with pytest.raises(MailError, match="STARTTLS"):
        told(mailer)


def test_a_mailbox_in_unicode_is_written_to_where_the_server_can(
    smtp: SmtpMailer, post_office: Any
) -> None:
    told(smtp, Outgoing(MAIL.sender, "zoé@example.org", MAIL.body))
    assert post_office.envelopes[0][1] == "zoé@example.org"


def test_a_mailbox_in_unicode_fails_for_good_where_it_cannot(serve: Any) -> None:
    port = serve(lambda: SMTP(object(), hostname="post.example", loop=asyncio.get_running_loop()))
    mailer = SmtpMailer(f"smtp://127.0.0.1:{port}", timeout=30)
    with pytest.raises(MailError, match="SMTPUTF8") as caught:
        told(mailer, Outgoing(MAIL.sender, "zoé@example.org", MAIL.body))
    mailer.close()
    assert caught.value.permanent


def test_a_server_that_went_away_between_mails_is_called_again(
    smtp: SmtpMailer, post_office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(smtp)
    smtp._smtp.sock.close()
    monkeypatch.setattr("aggregator.mail.smtp._IDLE", -1.0)
    told(smtp)
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
    trusting = SmtpMailer(address, timeout=30, tls=client)
    told(trusting)
    trusting.close()
    assert len(post_office.received) == 1
    careful = SmtpMailer(address, timeout=30)
    with pytest.raises(MailError, match="certificate"):
        told(careful)
    wrong = SmtpMailer(address.replace("s3cr", "other"), timeout=30, tls=client)
    with pytest.raises(MailError, match="535") as caught:
        told(wrong)
    wrong.close()
    assert caught.value.scope == "server"
    assert len(post_office.received) == 1
