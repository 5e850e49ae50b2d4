"""All checks in their order. Each takes the settings and never raises for what it is to find."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy.exc import DBAPIError

from aggregator.doctor import data, keys, machine, mail, portal
from aggregator.doctor.finding import Finding
from aggregator.errors import DatabaseError
from aggregator.settings import Settings
from aggregator.store import database

Check = Callable[[Settings], Iterator[Finding]]
AROUND: tuple[Check, ...] = (
    keys.settings_in_use,
    keys.secrets,
    portal.addresses,
    portal.reachable,
    mail.server,
    machine.disk,
    data.backups,
)
"""What can be looked at whatever the database is like."""
INSIDE: tuple[Check, ...] = (data.stored, data.growth, data.worker, machine.outside)
"""What the database tells."""


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, in the order of the checks; safe to run at any time."""
    for check in AROUND:
        yield from check(settings)
    yield from of_database(settings, INSIDE)


def of_database(settings: Settings, checks: tuple[Check, ...]) -> Iterator[Finding]:
    """What checks of the database find; where it cannot be read, one fault that says why."""
    fault = data.unreadable(settings)
    if fault is not None:
        yield fault
        return
    try:
        for check in checks:
            yield from check(settings)
    except DatabaseError as error:  # found damaged on the way
        yield Finding("database", "fault", str(error))
    except DBAPIError as error:
        remedy = database.RESTORE if database.is_damage(error) else data.AGAIN
        yield Finding("database", "fault", f"The database answers: {error.orig}.", remedy)
