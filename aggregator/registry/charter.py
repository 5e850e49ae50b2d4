"""The charter that groups and those who keep lists accept: its version, and noting who did, when.

The words are a page (`/charte`); a new version here asks for a new consent at the next occasion.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from aggregator.errors import Refused
from aggregator.store.tables import Group, Mirror, Registration

VERSION: Final = "2026-11"
"""Of the charter as it stands: the year and month it was last changed in."""
LICENCE: Final = "ODbL-1.0"
"""Of the inventory as data (SPDX); the entries stay their authors'."""
LICENCE_URL: Final = "https://spdx.org/licenses/ODbL-1.0.html"


def accept(subject: Group | Mirror | Registration, now: datetime) -> None:
    """Note that those who speak for it accept the charter as it stands."""
    subject.charter_version, subject.charter_accepted_at = VERSION, now


def require(subject: Group | Mirror | Registration) -> None:
    """Raise Refused (`charter_needed`) unless the charter as it stands was accepted."""
    if subject.charter_version != VERSION:
        raise Refused("charter_needed", version=VERSION)


def is_current(subject: Group | Mirror | Registration) -> bool:
    """Whether what was accepted is the charter as it stands."""
    return subject.charter_version == VERSION
