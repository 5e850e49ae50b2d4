"""Every letter leaves once, whatever happens to the server or to us."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from structlog.testing import CapturingLogger

from aggregator.errors import MailError
from aggregator.mail import links, outbox
from aggregator.mail.mailer import Step, Talk
from aggregator.mail.message import Outgoing
from aggregator.settings import Settings
from aggregator.store import outbox as store
from aggregator.store.tables import Issue, Letter, Subscriber, Subscription

VALUES = {"manage_url": "https://fil.example/abonnement/gerer/x"}


@pytest.fixture
def write(session: Session, now: datetime) -> Callable[..., int]:
    """Puts a letter in the outbox and returns its id."""

    def make(address: str = "alice@example.org", **options: Any) -> int:
        kind = options.pop("kind", "manage_subscriptions")
        if "issue_id" in options:
            letter = store.Issued(address, "fr", options["issue_id"], options["subscription_id"])
            store.write_all(session, kind, [letter], now=now, priority=options["priority"])
            session.commit()
            return session.scalars(select(Letter.id).order_by(Letter.id.desc())).first() or 0
        letter = store.write(session, kind, address, now=now, **({"values": VALUES} | options))
        session.commit()
        return letter.id

    return make


@pytest.fixture
def alice(session: Session, now: datetime) -> Subscription:
    """Alice follows everything, weekly."""
    subscriber = Subscriber(
        address="alice@example.org", address_key="alice@example.org", nonce="n",
        created_at=now, confirmed_at=now,
    )  # fmt: skip
    subscription = Subscription(
        subscriber=subscriber, rhythm="weekly", created_at=now, confirmed_at=now
    )
    session.add(subscription)
    session.commit()
    return subscription


@pytest.fixture
def issue(session: Session, now: datetime) -> Issue:
    """A digest."""
    issue = Issue(
        key="k", subject="Nouvelles", text="Quitter : @@LEAVE@@\n",
        html='<a href="@@MANAGE@@">x</a>', created_at=now,
    )  # fmt: skip
    session.add(issue)
    session.commit()
    return issue


@pytest.fixture
def send(
    sessions: sessionmaker[Session], mailer: Any, clock: Any, settings: Settings
) -> Callable[..., outbox.Report]:
    """One round; `send(mailer=…)` through another mailer."""

    def make(**options: Any) -> outbox.Report:
        through = options.pop("mailer", mailer)
        chosen = options.pop("settings", settings)
        return outbox.send_due(sessions, [through], clock, settings=chosen, **options)

    return make


def _letter(sessions: sessionmaker[Session], letter_id: int) -> Letter:
    with sessions() as session:
        letter = session.get(Letter, letter_id)
        assert letter is not None
        return letter


def test_a_letter_leaves_once(
    write: Callable[..., int], send: Callable[..., outbox.Report], mailer: Any,
    sessions: sessionmaker[Session], now: datetime,
) -> None:  # fmt: skip
    letter_id = write()
    assert send().sent == 1
    assert send().sent == 0
    (message,) = mailer.messages()
    assert message["To"] == "alice@example.org"
    assert "List-Unsubscribe" not in message
    assert VALUES["manage_url"] in message.get_body(("plain",)).get_content()
    assert _letter(sessions, letter_id).sent_at == now
    assert _letter(sessions, letter_id).tries == 1


def test_who_waits_for_a_letter_is_served_before_digests(
    write: Callable[..., int], send: Callable[..., outbox.Report], mailer: Any,
    alice: Subscription, issue: Issue,
) -> None:  # fmt: skip
    write(kind="digest", priority=2, issue_id=issue.id, subscription_id=alice.id)
    write("bob@example.org")
    assert send().sent == 2
    assert [mail.recipient for mail in mailer.sent] == ["bob@example.org", "alice@example.org"]


def test_a_digest_carries_each_readers_own_links_and_one_click(
    write: Callable[..., int], send: Callable[..., outbox.Report], mailer: Any,
    alice: Subscription, issue: Issue, settings: Settings,
) -> None:  # fmt: skip
    write(kind="digest", priority=2, issue_id=issue.id, subscription_id=alice.id)
    assert send().sent == 1
    (message,) = mailer.messages()
    leave = outbox.leave_url(settings, alice.id, "n")
    assert message["List-Unsubscribe"] == f"<{leave}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert leave in message.get_body(("plain",)).get_content()
    link = message.get_body(("html",)).get_content().split("gerer/")[1].split('"')[0]
    secret = settings.secret_key.get_secret_value()
    assert links.verify(secret, links.MANAGE, link, "n")


def test_who_left_before_the_digest_left_does_not_get_it(
    write: Callable[..., int], send: Callable[..., outbox.Report], mailer: Any,
    alice: Subscription, issue: Issue, session: Session, now: datetime,
) -> None:  # fmt: skip
    write(kind="digest", priority=2, issue_id=issue.id, subscription_id=alice.id)
    alice.paused_at = now
    session.commit()
    assert send().failed == 1
    assert mailer.sent == []


def test_a_temporary_refusal_is_tried_again_later_and_not_forever(
    write: Callable[..., int], send: Callable[..., outbox.Report], mailer: Any, clock: Any,
    sessions: sessionmaker[Session], now: datetime,
) -> None:  # fmt: skip
    def refuse(mail: Outgoing) -> None:
        raise MailError("450 4.2.0 later", permanent=False, scope="mailbox")

    mailer.refuse = refuse
    letter_id = write()
    assert send().postponed == 1
    assert send() == outbox.Report()
    assert _letter(sessions, letter_id).next_try_at == now + timedelta(minutes=1)
    rounds = 1
    while _letter(sessions, letter_id).failed_at is None:
        clock.now = _letter(sessions, letter_id).next_try_at
        send()
        rounds += 1
        assert rounds < 30
    assert timedelta(days=3) < clock.now - now < timedelta(days=5)
    mailer.refuse = None
    assert send().sent == 0


def test_a_mailbox_that_does_not_exist_is_never_written_to_again(
    write: Callable[..., int], send: Callable[..., outbox.Report], mailer: Any,
    alice: Subscription, issue: Issue, session: Session, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    log = CapturingLogger()
    monkeypatch.setattr(outbox, "log", log)

    def refuse(mail: Outgoing) -> None:
        answer = f"550 5.1.1 <{mail.recipient}>: No such user"
        raise MailError(answer, permanent=True, scope="mailbox")

    mailer.refuse = refuse
    write(kind="digest", priority=2, issue_id=issue.id, subscription_id=alice.id)
    assert send().failed == 1
    session.expire_all()
    assert session.get_one(Subscription, alice.id).subscriber.suspended_reason.startswith("550")
    warning, _ = log.calls
    assert warning.kwargs["error"] == "550 5.1.1 <…>: No such user", "the log names nobody"


def test_a_server_that_refuses_us_is_left_alone_and_costs_no_letter_a_try(
    write: Callable[..., int], send: Callable[..., outbox.Report], mailer: Any, clock: Any,
    sessions: sessionmaker[Session],
) -> None:  # fmt: skip
    """As providers do who take so many mails an hour, or a sender they do not know."""

    def refuse(mail: Outgoing) -> None:
        if len(mailer.sent) >= 2:
            raise MailError("450 Too much mail from you", permanent=False, scope="server")

    mailer.refuse = refuse
    ids = [write(f"a{number}@example.org") for number in range(5)]
    assert send() == outbox.Report(sent=2, stopped="450 Too much mail from you")
    for id_ in ids[2:]:
        waiting = _letter(sessions, id_)
        assert (waiting.tries, waiting.last_error) == (0, "450 Too much mail from you")
    clock.now += timedelta(seconds=59)
    assert send() == outbox.Report(), "it is not asked again at once"
    mailer.refuse = None
    clock.now += timedelta(seconds=1)
    assert send().sent == 3
    assert [mail.recipient for mail in mailer.sent] == [f"a{n}@example.org" for n in range(5)]


def test_a_letter_over_which_the_server_breaks_off_lets_others_pass(
    write: Callable[..., int], send: Callable[..., outbox.Report], mailer: Any, clock: Any,
) -> None:  # fmt: skip
    def refuse(mail: Outgoing) -> None:
        if mail.recipient.startswith("bad"):
            raise MailError("it broke off", permanent=False, scope="talk")

    mailer.refuse = refuse
    for name in ("bad", "alice", "bob"):
        write(f"{name}@example.org")
    assert send() == outbox.Report(postponed=1, stopped="it broke off")
    clock.now += timedelta(seconds=5)
    assert send() == outbox.Report(sent=2)


def test_a_letter_nobody_can_write_is_kept_as_failed_and_hurts_no_other(
    write: Callable[..., int], send: Callable[..., outbox.Report],
    sessions: sessionmaker[Session],
) -> None:  # fmt: skip
    unknown = write(kind="gone")
    lacking = write(values={})
    hostile = write("alice@example.org\r\nBcc: bob@example.org")
    write()
    report = send()
    assert (report.sent, report.failed) == (1, 3)
    assert "'gone'" in _letter(sessions, unknown).last_error
    assert "manage_url" in _letter(sessions, lacking).last_error
    assert "not an address" in _letter(sessions, hostile).last_error


def test_one_domain_gets_no_more_in_a_minute_than_it_likes(
    write: Callable[..., int], send: Callable[..., outbox.Report], clock: Any, settings: Settings
) -> None:
    slow = settings.model_copy(update={"mail_per_minute": 3})
    for number in range(7):
        write(f"a{number}@big.example")
    write("b@small.example")
    assert send(settings=slow).sent == 4
    clock.now += timedelta(minutes=1)
    assert send(settings=slow).sent == 3
    clock.now += timedelta(minutes=1)
    assert send(settings=slow).sent == 1


def test_a_domain_that_has_had_enough_hides_no_other_behind_it(
    write: Callable[..., int], send: Callable[..., outbox.Report], clock: Any, settings: Settings,
    mailer: Any,
) -> None:  # fmt: skip
    slow = settings.model_copy(update={"mail_per_minute": 30})
    for number in range(150):
        write(f"a{number:03}@big.example")
    write("b@small.example")
    assert send(settings=slow).sent == 31
    assert mailer.sent[-1].recipient == "b@small.example"
    for _ in range(4):
        clock.now += timedelta(minutes=1)
        assert send(settings=slow).sent == 30
    recipients = [mail.recipient for mail in mailer.sent]
    assert len(set(recipients)) == len(recipients) == 151


def test_a_domain_that_says_too_many_is_left_alone_for_a_while(
    write: Callable[..., int], send: Callable[..., outbox.Report], mailer: Any, clock: Any,
) -> None:  # fmt: skip
    def refuse(mail: Outgoing) -> None:
        raise MailError("450 4.7.1 Too many", permanent=False, scope="mailbox")

    mailer.refuse = refuse
    write("a@big.example")
    send()
    mailer.refuse = None
    write("b@big.example")
    write("c@small.example")
    assert send().sent == 1
    clock.now += timedelta(minutes=16)
    assert send().sent == 2


class _Killed(BaseException):
    pass


def test_killed_before_the_last_line_it_is_sent_again(
    write: Callable[..., int], send: Callable[..., outbox.Report], mailer: Any, clock: Any,
) -> None:  # fmt: skip
    def die(mail: Outgoing) -> None:
        raise _Killed

    mailer.refuse = die
    write()
    with pytest.raises(_Killed):
        send()
    mailer.refuse = None
    assert send().sent == 0, "another process may still hold it"
    clock.now += store.LEASE
    assert send().sent == 1


def test_killed_after_the_last_line_it_is_not_sent_again(
    write: Callable[..., int], send: Callable[..., outbox.Report], mailer: Any, clock: Any,
    sessions: sessionmaker[Session],
) -> None:  # fmt: skip
    class Dies(type(mailer)):  # type: ignore[misc]  # the tests' own outbox
        def talk(self, mail: Outgoing) -> Talk:
            yield Step.HANDING_OVER
            raise _Killed

    letter_id = write()
    with pytest.raises(_Killed):
        send(mailer=Dies())
    clock.now += store.LEASE
    assert send().sent == 0
    assert "answer was lost" in _letter(sessions, letter_id).last_error


def test_what_another_process_took_up_meanwhile_is_not_sent_again(
    write: Callable[..., int], send: Callable[..., outbox.Report], mailer: Any, clock: Any,
) -> None:  # fmt: skip
    class Slow(type(mailer)):  # type: ignore[misc]  # the tests' own outbox
        def talk(self, mail: Outgoing) -> Talk:
            yield Step.WAITING
            clock.now += store.LEASE
            assert send().sent == 1, "another process finds the claim outlived"
            return (yield from super().talk(mail))

    write()
    slow = Slow()
    assert send(mailer=slow) == outbox.Report()
    assert slow.sent == []
    assert len(mailer.sent) == 1


def test_a_refusal_after_the_last_line_is_tried_again(
    write: Callable[..., int], send: Callable[..., outbox.Report], mailer: Any, clock: Any,
) -> None:  # fmt: skip
    class Refuses(type(mailer)):  # type: ignore[misc]  # the tests' own outbox
        def talk(self, mail: Outgoing) -> Talk:
            yield Step.HANDING_OVER
            raise MailError("452 4.3.1 Full", permanent=False)

    write()
    assert send(mailer=Refuses()).postponed == 1
    clock.now += timedelta(minutes=1)
    assert send().sent == 1


def test_old_letters_and_digests_are_forgotten(
    write: Callable[..., int], send: Callable[..., outbox.Report],
    alice: Subscription, issue: Issue, session: Session, now: datetime,
) -> None:  # fmt: skip
    write(kind="digest", priority=2, issue_id=issue.id, subscription_id=alice.id)
    send()
    waiting = write("b@example.org")
    assert store.purge(session, before=now + timedelta(days=1)) == 1
    assert session.scalars(select(Letter.id)).all() == [waiting]
    assert session.scalars(select(Issue.id)).all() == []
