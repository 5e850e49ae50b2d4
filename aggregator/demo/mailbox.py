"""The village's post office: takes every mail of the demo and shows it on a page. Sends nothing on.

A real SMTP server and a small web server, both on loopback.
"""

from __future__ import annotations

import html
import socket
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"
_PAGE = """<!doctype html><html lang="fr"><meta charset="utf-8"><title>La poste du village</title>
<meta name="viewport" content="width=device-width">
<style>:root{{color-scheme:light dark}}li{{margin:.5rem 0}}
body{{font:1rem/1.5 system-ui;max-width:50rem;margin:2rem auto;padding:0 1rem}}</style>
<h1>La poste du village</h1>
<p>Les courriels que Fil commun a envoyés pendant cette démonstration, le dernier en premier.</p>
<ol reversed>{mails}</ol>{empty}</html>"""
_MAIL = '<li><a href="/{n}">{subject}</a> — {to} (<a href="/{n}.txt">texte</a>)</li>'


class Mailbox:
    """Takes mail at `.smtp_url` and shows it at `.page`; a context manager."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self._port = _free_port()
        self._smtp = Controller(self, hostname=HOST, port=self._port)
        self._web = ThreadingHTTPServer((HOST, 0), _shown_by(self.mails))
        self._thread = threading.Thread(target=self._web.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._smtp.start()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._smtp.stop()
        self._web.shutdown()
        self._web.server_close()

    @property
    def smtp_url(self) -> str:
        """For FILCOMMUN_SMTP_URL."""
        return f"smtp://{HOST}:{self._port}"

    @property
    def page(self) -> str:
        """Where the mails can be read."""
        return f"http://{HOST}:{self._web.server_port}/"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Take one mail."""
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 Taken"


def _free_port() -> int:
    # The controller cannot tell which port it got when it is left the choice.
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _shown_by(mails: list[EmailMessage]) -> type[BaseHTTPRequestHandler]:
    class Desk(BaseHTTPRequestHandler):
        """The list at /, each mail at /N (its HTML) and /N.txt (its text)."""

        def do_GET(self) -> None:
            name, _, form = self.path.strip("/").partition(".")
            if not name:
                self._answer("text/html", _list(mails))
            elif name.isdigit() and int(name) < len(mails):
                kind = "plain" if form == "txt" else "html"
                part = mails[int(name)].get_body((kind, "plain"))
                text = part.get_content() if part else ""
                self._answer(f"text/{kind}", text)
            else:
                self.send_error(404)

        def _answer(self, media_type: str, text: str) -> None:
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", f"{media_type}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", "script-src 'none'")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Desk


def _list(mails: list[EmailMessage]) -> str:
    lines = (
        _MAIL.format(n=n, subject=html.escape(mail["subject"]), to=html.escape(mail["to"]))
        for n, mail in reversed(list(enumerate(mails)))
    )
    empty = "" if mails else "<p>Rien encore : inscrivez un groupe, ou abonnez-vous.</p>"
    return _PAGE.format(mails="".join(lines), empty=empty)
