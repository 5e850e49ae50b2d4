"""The service's figures for Prometheus, read from the database when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy.orm import Session

from aggregator import watch
from aggregator.settings import Settings
from aggregator.store import figures, upkeep

HELP = {
    "entries": "Entries first seen in the last 24 hours.",
    "freshness_p50": "Seconds from publication to our first sight, median of the last 24 hours.",
    "freshness_p95": "Seconds from publication to our first sight, 95th percentile.",
    "requests": "Requests sent to all hosts today (UTC).",
    "requests_most": "Requests sent to one host today (UTC), the most.",
    "unchanged_share": "Share of visits that found nothing changed, last 24 hours.",
    "sources": "Sources that are followed.",
    "sources_ill": "Sources that do not give what they have.",
    "sources_silent": "Sources that publish less than they used to.",
    "amendments_waiting": "Amendments that wait for a moderator.",
    "moderation_delay": "Seconds from proposal to decision, median of the last 24 hours.",
    "letters_sent": "Letters sent in the last 24 hours.",
    "letters_waiting": "Letters in the outbox.",
    "letters_delay": "Seconds from a letter's writing to its leaving, median of the last 24 hours.",
}


def exposition(session: Session, settings: Settings, now: datetime) -> bytes:
    """All gauges in the Prometheus text format."""
    registry = CollectorRegistry()
    registry.register(_Gauges(session, settings, now))
    return generate_latest(registry)


class _Gauges:
    def __init__(self, session: Session, settings: Settings, now: datetime) -> None:
        self._session = session
        self._settings = settings
        self._now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, value in figures.of_last_day(self._session, self._now).items():
            yield GaugeMetricFamily(f"filcommun_{name}", HELP[name], value=value)
        age = GaugeMetricFamily(
            "filcommun_job_age_seconds", "Since each job last ended.", labels=["job"]
        )
        failures = GaugeMetricFamily(
            "filcommun_job_failures", "Failures in a row of each job.", labels=["job"]
        )
        for run in upkeep.runs(self._session):
            if run.finished_at is not None:
                age.add_metric([run.name], (self._now - run.finished_at).total_seconds())
            failures.add_metric([run.name], run.failures)
        yield age
        yield failures
        room = watch.free_bytes(self._settings)
        yield GaugeMetricFamily("filcommun_disk_free_bytes", "Room on the data's disk.", value=room)
