"""The demo has somebody who moderates, so that a workshop can be played in it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from aggregator.cli.demo import appoint_alice
from aggregator.settings import read_settings
from aggregator.store import database
from aggregator.store.tables import Letter, Moderator


def test_alice_s_link_is_the_first_letter_of_the_demo(tmp_path: Path) -> None:
    settings = read_settings(database_url=f"sqlite:///{tmp_path}/filcommun.db")
    appoint_alice(settings)
    engine = database.open_database(settings.database_url)
    with database.sessions(engine)() as session:
        assert session.scalars(select(Moderator.role)).all() == ["administrator"]
        (letter,) = session.scalars(select(Letter))
        assert (letter.kind, letter.address) == ("moderator_invited", "alice@village.example")
    engine.dispose()
