"""What somebody wants to follow by mail, and the words they agree to. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from aggregator.errors import FilcommunError
from aggregator.mail import dates
from aggregator.mail.schedule import Rhythm
from aggregator.search.view import View
from aggregator.store.tables import RHYTHMS

FORM = "2026-11"
"""The version of the form and of the words agreed to, kept as proof."""
CONSENT = {
    "fr": "J’accepte de recevoir cette sélection à cette adresse, jusqu’à ce que j’y mette fin.",
    "en": "I agree to receive this selection at this address, until I end it.",
}
"""The words beside the form's button."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to follow and how; `checked` says what is wrong with it."""

    view: View = field(default_factory=View)
    rhythm: str = "weekly"
    """`alert`, `daily`, `weekly` or `monthly`."""
    hour: int = 7
    weekday: int = 0
    day: int = 1
    maximum: int = 20
    group_by: str = "topic"
    language: str = "fr"
    time_zone: str = "Europe/Paris"
    webhook: str | None = None

    def checked(self) -> Wish:
        """The wish itself; raises FilcommunError with a sentence when it cannot be met."""
        ranges = {
            "hour": (self.hour, 0, 23),
            "weekday": (self.weekday, 0, 6),
            "day": (self.day, 1, 31),
            "maximum": (self.maximum, 1, 100),
        }
        for name, (value, least, most) in ranges.items():
            if not least <= value <= most:
                raise FilcommunError(f"The {name} {value} is not between {least} and {most}.")
        if self.rhythm not in RHYTHMS:
            raise FilcommunError(f"There is no rhythm {self.rhythm!r}: {', '.join(RHYTHMS)}.")
        if self.group_by not in {"topic", "area"}:
            raise FilcommunError(f"Letters are grouped by topic or area, not {self.group_by!r}.")
        if self.time_zone not in available_timezones():
            raise FilcommunError(f"There is no time zone {self.time_zone!r}.")
        if self.webhook is not None and not _is_webhook(self.webhook):
            raise FilcommunError(f"{self.webhook[:80]!r} is no https:// address of at most 320.")
        return self

    def when(self) -> Rhythm | None:
        """When its digests leave; None for an alert."""
        if self.rhythm == "alert":
            return None
        zone = dates.zone(self.time_zone)
        return Rhythm(self.rhythm, zone, self.hour, self.weekday, self.day)


def _is_webhook(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"https", "http"} and bool(parts.hostname) and len(url) <= 320
