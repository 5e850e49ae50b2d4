"""All checks in their order. Each takes the settings and never raises for what it is to find."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy.exc import SQLAlchemyError

from aggregator.doctor import data, keys, machine, mail, portal
from aggregator.doctor.finding import Finding
from aggregator.errors import DatabaseError
from aggregator.settings import Settings
from aggregator.store import database

CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    keys.settings_in_use,
    keys.secrets,
    portal.addresses,
    portal.reachable,
    mail.server,
    machine.disk,
    data.stored,
    data.growth,
    data.worker,
    data.backups,
    machine.outside,
)


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, in the order of `CHECKS`; safe to run at any time."""
    for check in CHECKS:
        try:
            yield from check(settings)
        except (DatabaseError, SQLAlchemyError) as error:
            # What follows would need the database too.
            yield Finding("database", "fault", str(error).split("\n")[0], database.RESTORE)
            return
