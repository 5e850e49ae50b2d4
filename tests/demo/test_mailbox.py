"""The village's post office takes mail and shows it."""

from __future__ import annotations

import smtplib
import urllib.error
import urllib.request
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest

from aggregator.demo.mailbox import Mailbox


def _read(url: str) -> str:
    with urllib.request.urlopen(url) as answer:
        return str(answer.read().decode())


def test_a_mail_can_be_read_as_text_and_as_a_page() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = "fil@fil.example", "alice@lilas.example"
    mail["Subject"] = "<b>Confirmez</b> votre groupe"
    mail.set_content("Cliquez ici.\n")
    mail.add_alternative("<p>Cliquez <b>ici</b>.</p>", subtype="html")
    with Mailbox() as mailbox:
        assert "Rien encore" in _read(mailbox.page)
        address = urlsplit(mailbox.smtp_url)
        with smtplib.SMTP(str(address.hostname), address.port or 0) as server:
            server.send_message(mail)
        page = _read(mailbox.page)
        assert "&lt;b&gt;Confirmez&lt;/b&gt; votre groupe" in page
        assert "alice@lilas.example" in page
        assert _read(mailbox.page + "0").strip() == "<p>Cliquez <b>ici</b>.</p>"
        assert _read(mailbox.page + "0.txt").strip() == "Cliquez ici."
        with pytest.raises(urllib.error.HTTPError):
            _read(mailbox.page + "1")
