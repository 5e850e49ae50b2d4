"""What is promised of the service can be watched: on /sante, in metrics, on the dashboard."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from aggregator.settings import read_settings
from aggregator.store import figures, outbox
from aggregator.store.tables import HostDay
from web import gauges

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
MINUTES = 24 * 60


def test_uptime_is_the_share_of_whole_days_after_the_first(session: Session, now: datetime) -> None:
    assert figures.uptime(session, now) is None
    for ago, minutes in ((3, 100), (2, MINUTES), (1, MINUTES / 2), (0, 30)):
        figures.keep(session, now.date() - timedelta(days=ago), {"worker_minutes": minutes})
    assert figures.uptime(session, now) == 0.75


def test_how_long_letters_waited_and_who_was_asked_most_are_kept(
    session: Session, now: datetime
) -> None:
    for minutes in (1, 2, 30):
        letter = outbox.write(
            session, "digest", "alice@lilas.example", now=now - timedelta(minutes=minutes)
        )
        letter.sent_at = now
    for name, requests in (("lilas.example", 40), ("pantin.example", 12)):
        session.add(HostDay(name=name, day=now.date(), requests=requests, bytes=0))
    session.flush()
    found = figures.of_last_day(session, now)
    assert found["letters_delay"] == 120
    assert found["requests_most"] == 40


def test_every_metric_of_the_dashboard_is_one_that_the_portal_has(
    session: Session, now: datetime, tmp_path: Path
) -> None:
    dashboard = json.loads((EXAMPLES / "grafana-dashboard.json").read_text())
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"filcommun_\w+", target["expr"])
    }
    settings = read_settings(database_url=f"sqlite:///{tmp_path}/f.db", secret_key="-" * 32)
    shown = gauges.exposition(session, settings, now).decode()
    known = {f"filcommun_{name}" for name in gauges.HELP}
    assert asked <= known | set(re.findall(r"# HELP (\w+)", shown))
    places = [panel["gridPos"] for panel in dashboard["panels"]]
    assert len({(place["x"], place["y"]) for place in places}) == len(places)


def test_every_figure_that_comes_from_rows_is_a_metric(session: Session, now: datetime) -> None:
    assert set(figures.of_last_day(session, now)) <= set(gauges.HELP)
    assert set(gauges.HELP) | {"worker_minutes", "disk_free"} == set(figures.NAMES)
