"""A mail is what was written, whatever was written, in the one place it belongs."""

from __future__ import annotations

from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.mail import message
from aggregator.mail.message import Content

MARKS = {
    message.MANAGE_MARK: "https://fil.example/abonnement/gerer/1." + "m" * 60,
    message.LEAVE_MARK: "https://fil.example/abonnement/quitter/2." + "l" * 60,
}


def _mail(content: Content, now: datetime) -> tuple[bytes, EmailMessage]:
    prepared = message.prepare(content, mail_from="Le fil <fil@fil.example>", language="fr")
    body = prepared.to(
        "alice@example.org",
        sender="retours@fil.example",
        message_id="<1.x@fil.example>",
        date=now,
        marks=MARKS,
        headers={"List-Id": "<weekly.fil.example>"},
    ).body
    read = message_from_bytes(body, policy=policy.default)
    assert isinstance(read, EmailMessage)
    return body, read


def _parts(mail: EmailMessage) -> list[str]:
    return [part.get_content().replace("\r\n", "\n") for part in mail.iter_parts()]


def test_each_reader_gets_their_own_links_in_both_parts(now: datetime) -> None:
    text = f"Été à {message.MANAGE_MARK} puis {message.LEAVE_MARK}.\n"
    html = f'<p>Été</p><a href="{message.LEAVE_MARK}">x</a>\n'
    body, mail = _mail(Content("Été", text, html), now)
    assert _parts(mail) == [
        f"Été à {MARKS[message.MANAGE_MARK]} puis {MARKS[message.LEAVE_MARK]}.\n",
        f'<p>Été</p><a href="{MARKS[message.LEAVE_MARK]}">x</a>\n',
    ]
    assert max(len(line) for line in body.split(b"\r\n")) <= 78
    assert mail["Date"].datetime == now
    assert str(mail["From"]) == "Le fil <fil@fil.example>"
    assert mail.get_content_type() == "multipart/alternative"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(subject=st.text(), text=st.text(), html=st.text())
def test_any_words_stay_in_their_part(now: datetime, subject: str, text: str, html: str) -> None:
    body, mail = _mail(Content(subject + "\r\nBcc: eve@example.org", text, html), now)
    assert not mail.defects
    assert mail["Bcc"] is None
    assert len(_parts(mail)) == 2
    assert b"\n" not in body.replace(b"\r\n", b"")
    expected = message.safe(text).replace("\r\n", "\n").replace("\r", "\n")
    assert _parts(mail)[0].rstrip("\n") == expected.rstrip("\n")


def test_a_sender_with_quotes_in_its_name_adds_no_header(now: datetime) -> None:
    prepared = message.prepare(
        Content("x", "x", "x"), mail_from='"Le ""fil" <fil@fil.example>', language="fr"
    )
    assert prepared._head.count(b"\r\n") == 4
