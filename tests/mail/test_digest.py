"""A digest tells what is new in a view, once, to each who follows it, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from aggregator.mail import compose, digest, outbox, subscribing
from aggregator.mail.message import Content
from aggregator.mail.wishes import Wish
from aggregator.search.engine import Cursor, Engine
from aggregator.search.view import View
from aggregator.settings import Settings
from aggregator.store.tables import Entry, EntryTag, Issue, Letter, Story, Subscription

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MORNING = datetime.fromisoformat("2026-11-25T06:00Z")
"""When the daily digests of the 25th are due: seven o'clock in Paris."""


@pytest.fixture
def write(
    sessions: sessionmaker[Session], index: Engine, clock: Any, settings: Settings
) -> Callable[..., digest.Report]:
    """Writes what is due at an instant."""

    def make(at: datetime = MORNING, **options: Any) -> digest.Report:
        clock.now = at
        return digest.write_due(sessions, index, clock, settings=settings, **options)

    return make


@pytest.fixture
def read(
    sessions: sessionmaker[Session], clock: Any, settings: Settings, mailer: Any, text_of: Any
) -> Callable[[], list[str]]:
    """Sends what waits and reads the plain parts."""

    def make() -> list[str]:
        outbox.send_due(sessions, [mailer], clock, settings=settings)
        return [text_of(message) for message in mailer.messages()]

    return make


def _story(session: Session, now: datetime, *entries: Entry) -> None:
    story = Story(created_at=now)
    session.add(story)
    for entry in entries:
        entry.story = story
    session.commit()


def test_each_gets_what_is_new_in_their_view_and_why(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[..., digest.Report], read: Callable[[], list[str]], mailer: Any, now: datetime,
) -> None:  # fmt: skip
    subscribed("alice@example.org", view="theme=transports")
    subscribed("bob@example.org", view="theme=logement")
    published("1", topic=["transports"], title="Vélorution", summary="Samedi à midi.")
    published("2", topic=["logement"], title="Permanence")
    published("3", topic=["culture"], title="Concert")
    assert write().written == 2
    bob, alice = read()
    assert "* Vélorution\n" in alice
    assert "Lilas a velo, mardi 24 novembre" in alice
    assert "Samedi à midi." in alice
    assert "https://lilas-a-velo.example/1" in alice
    assert "Pourquoi : Transports et mobilités (« vélorution »)" in alice.replace("\xa0", " ")
    assert "\nSe désabonner\n<https://fil.example/abonnement/quitter/1." in alice
    assert "Concert" not in alice
    assert "Permanence" in bob
    assert "Vélorution" not in bob


def test_no_news_no_letter_and_the_next_day_is_due_all_the_same(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[..., digest.Report], session: Session,
) -> None:  # fmt: skip
    one = subscribed(view="theme=transports")
    published("1", topic=["culture"])
    assert write() == digest.Report(nothing_new=1)
    session.expire_all()
    assert one.next_digest_at == MORNING + DAY


def test_twice_is_once_and_nothing_is_told_in_two_digests(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[..., digest.Report], read: Callable[[], list[str]],
) -> None:  # fmt: skip
    subscribed()
    published("1", title="Avant", at=MORNING - HOUR)
    published("2", title="Après", at=MORNING + timedelta(minutes=10))
    assert write(MORNING + HOUR).written == 1
    assert write(MORNING + HOUR).written == 0
    assert write(MORNING + DAY).written == 1
    first, second = read()
    assert "* Avant" in first
    assert "* Après" not in first
    assert "* Avant" not in second
    assert "* Après" in second


def test_days_without_a_worker_are_told_in_one_digest(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[..., digest.Report], read: Callable[[], list[str]], now: datetime,
) -> None:  # fmt: skip
    subscribed(at=now)
    published("1", title="Mardi", at=now + HOUR)
    published("2", title="Vendredi", at=now + 3 * DAY)
    assert write(MORNING + 4 * DAY).written == 1
    (text,) = read()
    assert "* Mardi" in text
    assert "* Vendredi" in text


def test_a_change_of_rhythm_loses_no_news_and_repeats_none(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry], session: Session,
    write: Callable[..., digest.Report], read: Callable[[], list[str]], now: datetime,
) -> None:  # fmt: skip
    one = subscribed(rhythm="weekly", weekday=0)
    monday = datetime.fromisoformat("2026-11-23T06:00Z")
    published("1", title="De dimanche", at=monday - HOUR)
    assert write(monday).written == 1
    published("2", title="De lundi", at=monday + HOUR)
    subscribing.change(session, one, Wish(rhythm="daily"), now=now)
    session.commit()
    assert write().written == 1
    _, daily = read()
    assert "* De lundi" in daily
    assert "* De dimanche" not in daily


def test_a_story_is_told_once_with_who_else_tells_it(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[..., digest.Report], read: Callable[[], list[str]],
    session: Session, now: datetime,
) -> None:  # fmt: skip
    subscribed()
    one = published("1", title="Le marché rouvre", at=now - 2 * HOUR)
    two = published("2", title="Réouverture du marché", group="mairie", at=now - HOUR)
    _story(session, now, one, two)
    write()
    (text,) = read()
    assert "1 nouvelle. " in text
    assert "* Réouverture du marché" in text
    assert "Aussi chez\xa0: Lilas a velo" in text
    assert "Le marché rouvre" not in text


def test_who_wants_each_entry_by_itself_gets_all_tellings_of_a_story(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[..., digest.Report], read: Callable[[], list[str]],
    session: Session, now: datetime,
) -> None:  # fmt: skip
    subscribed(view="recits=deplies")
    one = published("1", title="Le marché rouvre", at=now - 2 * HOUR)
    two = published("2", title="Réouverture du marché", group="mairie", at=now - HOUR)
    _story(session, now, one, two)
    write()
    (text,) = read()
    assert "2 nouvelles. " in text
    assert "* Le marché rouvre" in text
    assert "recits=deplies" in text


def test_what_did_not_fit_is_one_link_to_where_the_letter_ends(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry], index: Engine,
    write: Callable[..., digest.Report], read: Callable[[], list[str]], now: datetime,
) -> None:  # fmt: skip
    subscribed(maximum=2, view="theme=culture&tri=pertinence")
    ids = [
        published(str(n), title=f"Concert {n}", topic=["culture"], at=now - n * HOUR).id
        for n in range(5)
    ]
    write()
    (text,) = read()
    assert "5 nouvelles, dont voici les 2 dernières." in text
    assert text.count("* Concert") == 2
    _, _, link = text.partition("Voir les 3 autres nouvelles\n<")
    url, _, rest = link.partition(">")
    page, _, query = url.partition("?")
    assert page == "https://fil.example/recherche"
    args = dict(parse_qsl(query))
    view, after = View.from_args(args), Cursor.read(args["apres"])
    assert view == View(theme=("culture",), depuis="2026-11-17")
    found = index.search(view.query(now), limit=9, after=after, facets=(), order=view.order)
    assert list(found.ids) == ids[2:], "the page begins with what the letter left out"
    assert "recherche?theme=culture&depuis=2026-11-17&tri=pertinence>" in rest


def test_the_agenda_tells_the_coming_days_after_the_news(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[..., digest.Report], read: Callable[[], list[str]],
) -> None:  # fmt: skip
    subscribed()
    event = {"type": "event", "at": MORNING - 30 * DAY}
    published("1", title="Fête", starts_at=MORNING + 2 * DAY, place="Mairie", **event)
    published("2", title="Passé", starts_at=MORNING - DAY, **event)
    published("3", title="Trop loin", starts_at=MORNING + 40 * DAY, **event)
    assert write() == digest.Report(nothing_new=1), "an agenda alone is no news"
    published("4", title="Nouvelle", at=MORNING + HOUR)
    write(MORNING + DAY)
    (text,) = read()
    assert text.index("* Nouvelle") < text.index("L’agenda") < text.index("* Fête")
    assert "\n  vendredi 27 novembre à 7\xa0h, Mairie (" in text
    assert "Passé" not in text
    assert "Trop loin" not in text


@pytest.mark.parametrize("events", [compose.AGENDA, compose.AGENDA + 1])
def test_events_that_did_not_fit_are_one_link(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[..., digest.Report], read: Callable[[], list[str]], events: int,
) -> None:  # fmt: skip
    subscribed(view="theme=culture")
    for number in range(events):
        published(
            f"e{number}", title="Bal", topic=["culture"], type="event", at=MORNING - 30 * DAY,
            starts_at=MORNING + DAY,
        )  # fmt: skip
    published("1", topic=["culture"])
    write()
    (text,) = read()
    assert text.count("* Bal") == compose.AGENDA
    assert ("<https://fil.example/agenda?theme=culture>" in text) == (events > compose.AGENDA)


@pytest.mark.parametrize(
    ("view", "origin", "reason"),
    [
        ("theme=culture", "source", "Culture, médias et fêtes (ce que fait le groupe)"),
        (
            "theme=culture",
            "moderator",
            "Culture, médias et fêtes (mis ou vérifié par une personne)",
        ),
        ("theme=culture", "learned", "Culture, médias et fêtes (d’après le texte)"),
        ("territoire=montreuil", "source", "Montreuil (là où est le groupe)"),
    ],
)
def test_a_tag_without_words_says_where_it_comes_from(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry], session: Session,
    write: Callable[..., digest.Report], read: Callable[[], list[str]],
    view: str, origin: str, reason: str,
) -> None:  # fmt: skip
    subscribed(view=view)
    published("1", topic=["culture"], area=["montreuil"])
    session.execute(update(EntryTag).values(origin=origin, evidence=[]))
    session.commit()
    write()
    (text,) = read()
    assert f"Pourquoi : {reason}" in " ".join(text.replace("\xa0", " ").split())


def test_rights_hold_in_mails(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[..., digest.Report], read: Callable[[], list[str]], mailer: Any, html_of: Any,
) -> None:  # fmt: skip
    subscribed()
    published(
        "1", rights="link", title="Titre", summary="Secretissime",
        image="https://presse.example/photo.jpg",
    )  # fmt: skip
    write()
    (text,) = read()
    assert "* Titre" in text
    assert "Secretissime" not in text
    html = html_of(mailer.messages()[0])
    assert "Secretissime" not in html
    assert "<img" not in html


def test_hidden_deleted_and_departed_are_told_to_nobody(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[..., digest.Report], session: Session, now: datetime,
) -> None:  # fmt: skip
    subscribed()
    published("1").hidden_at = now
    published("2").deleted_at = now
    published("3", group="partie").source.group.status = "withdrawn"
    session.commit()
    assert write() == digest.Report(nothing_new=1)


def test_old_entries_of_a_source_read_for_the_first_time_are_no_news(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[..., digest.Report], now: datetime,
) -> None:  # fmt: skip
    subscribed()
    published("1", published=now - 60 * DAY)
    assert write().nothing_new == 1


def test_all_who_follow_the_same_view_share_one_issue(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[..., digest.Report], session: Session,
) -> None:  # fmt: skip
    for number in range(6):
        view = "theme=transports" if number % 2 else "theme=culture"
        subscribed(f"a{number}@example.org", view=view)
    published("1", topic=["transports", "culture"])
    assert write().written == 6
    assert session.scalar(select(func.count(Issue.id))) == 2
    assert session.scalar(select(func.count(Letter.id))) == 6


def test_a_digest_waits_for_the_index_for_a_while(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[..., digest.Report], session: Session, now: datetime,
) -> None:  # fmt: skip
    subscribed(at=now)
    published("1", at=now)
    session.execute(update(Entry).values(indexed_at=None))
    session.commit()
    assert write().waiting
    assert write(MORNING + HOUR).written == 1


def test_a_dry_run_lists_and_writes_nothing(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[..., digest.Report], session: Session,
) -> None:  # fmt: skip
    subscribed(view="theme=transports")
    published("1", topic=["transports"])
    (planned,) = write(dry_run=True).planned
    assert planned == digest.Planned(
        "alice@example.org",
        "Thème : Transports et mobilités · 1 nouvelle, mercredi 25 novembre",
        1,
    )
    assert session.scalars(select(Letter)).all() == []
    assert write().written == 1


def test_paused_and_suspended_get_nothing(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[..., digest.Report], session: Session, now: datetime,
) -> None:  # fmt: skip
    subscribed("alice@example.org").paused_at = now
    subscribed("bob@example.org").subscriber.suspended_at = now
    session.commit()
    published("1")
    assert write() == digest.Report()


@pytest.fixture
def seen(
    session: Session, index: Engine, settings: Settings, now: datetime
) -> Callable[..., Content | None]:
    """What a view would have brought just now in a rhythm."""

    def make(rhythm: str, view: View = View()) -> Content | None:  # noqa: B008  frozen
        wish = Wish(view=view, rhythm=rhythm)
        return digest.preview(session, index, wish, settings=settings, now=now)

    return make


def test_the_preview_is_the_mail_of_today_and_nothing_when_nothing_is_new(
    published: Callable[..., Entry], seen: Callable[..., Content | None], now: datetime
) -> None:
    published("1", topic=["transports"], title="Vélorution", at=now - 3 * DAY)
    weekly = seen("weekly", View(theme=("transports",)))
    assert weekly is not None
    assert "Vélorution" in weekly.text
    assert "@@" not in weekly.text + weekly.html
    assert seen("weekly", View(theme=("culture",))) is None
    assert seen("daily") is None


def test_the_preview_of_an_alert_is_the_last_one(
    published: Callable[..., Entry], seen: Callable[..., Content | None], now: datetime
) -> None:
    published("1", title="Vélorution", at=now - 20 * DAY)
    published("2", title="Permanence", at=now - 10 * DAY)
    alert = seen("alert")
    assert alert is not None
    assert alert.subject == "Alerte : Permanence"
    assert "Vélorution" not in alert.text
    assert seen("alert", View(theme=("culture",))) is None


def test_hostile_titles_run_nothing_and_break_no_line(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[..., digest.Report], read: Callable[[], list[str]], mailer: Any, html_of: Any,
) -> None:  # fmt: skip
    subscribed(view="q=%3Cscript%3E")
    subscribed()
    published(
        "1",
        title='<script>alert(1)</script>"\'\r\nBcc: e@example.org {{ 7*7 }} @@LEAVE@@ \u202e',
        summary="<img src=x onerror=alert(1)>", url="https://x.example/'\"<b>",
    )  # fmt: skip
    write()
    read()
    for message in mailer.messages():
        html = html_of(message)
        assert "<script" not in html
        assert "<img" not in html
        assert "49" not in message["Subject"]
        assert message["Bcc"] is None


def test_a_subscriber_elsewhere_gets_it_at_their_own_seven_oclock(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[..., digest.Report],
) -> None:  # fmt: skip
    subscribed(time_zone="America/Cayenne", at=MORNING - 12 * HOUR)
    published("1", at=MORNING - HOUR)
    assert write(MORNING).written == 0
    assert write(MORNING + 4 * HOUR).written == 1


def test_in_english_it_is_english(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[..., digest.Report], read: Callable[[], list[str]],
) -> None:  # fmt: skip
    subscribed(language="en", view="theme=transports", group_by="area")
    published("1", topic=["transports"], area=["les-lilas"])
    write()
    (text,) = read()
    assert "1 news item. What the groups published" in text
    assert "Les Lilas\n---------" in text
    assert "Transport and mobility (“vélorution”)" in text
