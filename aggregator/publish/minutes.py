"""A workshop's minutes on paper: who met, what was said and decided, what changed. A4, PDF."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from aggregator.publish import paper
from aggregator.publish.paper import Paper
from aggregator.publish.text import line
from aggregator.registry import wording

if TYPE_CHECKING:
    from aggregator.registry.reports import Decision, Report

_WIDE, _HIGH, _MARGIN = 210.0, 297.0, 20.0

_WORDS = {
    "fr": {
        "minutes": "Compte rendu d’atelier", "there": "Étaient là", "open": "Atelier en cours",
        "accepted": "Accepté", "refused": "Refusé", "postponed": "Remis à plus tard",
        "arrived": "Groupes arrivés", "left": "Groupes partis", "changed": "Fiches modifiées",
        "nothing": "Rien n’a encore été décidé.", "departed": "un groupe parti depuis",
    },
    "en": {
        "minutes": "Minutes of a workshop", "there": "Present", "open": "Workshop under way",
        "accepted": "Accepted", "refused": "Refused", "postponed": "Put off",
        "arrived": "Groups that arrived", "left": "Groups that left",
        "changed": "Profiles changed", "nothing": "Nothing has been decided yet.",
        "departed": "a group that has left since",
    },
}  # fmt: skip


def write(
    report: Report, *, changes: Mapping[int, str] | None = None, language: str = "fr"
) -> bytes:
    """The minutes of a workshop, closed or not; what is private is not in a report.

    `changes` says in words what each decision was about, by its id.
    """
    english = language.startswith("en")
    words = _WORDS["en" if english else "fr"]
    workshop = report.workshop
    flow = _Flow(workshop.title)
    flow.say(words["minutes"], size=3.4, colour=paper.THREAD, bold=True)
    flow.say(workshop.title, size=7.0, bold=True)
    day = workshop.held_on
    where = f"{day.isoformat() if english else f'{day:%d/%m/%Y}'} · {line(workshop.place)}"
    where = where.rstrip(" ·")
    flow.say(where, size=3.6, colour=paper.SOFT)
    if workshop.participants:
        people = filter(None, map(line, workshop.participants.splitlines()))
        flow.say(f"{words['there']} : {', '.join(people)}", size=3.6)
    if workshop.closed_at is None:
        flow.say(words["open"], size=3.6, bold=True)
    flow.gap(3)
    for paragraph in workshop.minutes.split("\n\n"):
        flow.say(paragraph, size=3.8)
        flow.gap(2)
    decisions = {
        "accepted": report.accepted,
        "refused": report.refused,
        "postponed": report.postponed,
    }
    for state, decided in decisions.items():
        told = (
            _decision(one, (changes or {}).get(one.id, ""), language, words["departed"])
            for one in decided
        )
        flow.list(words[state], told)
    if not any(decisions.values()):
        flow.say(words["nothing"], size=3.8)
    difference = report.difference
    flow.list(words["arrived"], (name for _, name in difference.arrived))
    flow.list(words["changed"], dict.fromkeys(changed.name for changed in difference.changed))
    if difference.left:
        # Who left is counted and not named, here as everywhere.
        flow.gap(3)
        flow.say(f"{words['left']} : {difference.left}", size=3.8)
    return flow.write()


def _decision(decision: Decision, change: str, language: str, departed: str) -> str:
    kind = wording.sentence(f"kind_{decision.kind}", language)
    said = [f"{kind} : {line(decision.subject) or departed}"]
    if change:
        said.append(line(change))
    if decision.reason != "checked" and wording.is_known(decision.reason):
        said.append(wording.sentence(decision.reason, language))
    if decision.note:
        said.append(line(decision.note))
    return " – ".join(said)


class _Flow:
    """Lines one below the other, on as many pages as they need."""

    def __init__(self, title: str) -> None:
        self._sheet = Paper(_WIDE, _HIGH, title=title)
        self._pages = 0
        self._turn()

    def say(self, words: str, *, size: float, colour: str = paper.INK, bold: bool = False) -> None:
        """A paragraph, however long."""
        width = _WIDE - 2 * _MARGIN
        for told in self._sheet.wrapped(words, size=size, width=width, bold=bold):
            if self._y + size > _HIGH - _MARGIN:
                self._turn()
            # The base line lies below the top of the line by about the height of its letters.
            self._sheet.text(_MARGIN, self._y + size, told, size=size, colour=colour, bold=bold)
            self._y += size * 1.45

    def list(self, title: str, items: Iterable[str]) -> None:
        """A titled list; nothing when it is empty."""
        told: Sequence[str] = [f"• {item}" for item in items]
        if told:
            self.gap(3)
            self.say(title, size=4.4, bold=True)
            for item in told:
                self.say(item, size=3.6)

    def gap(self, high: float) -> None:
        """Some room."""
        self._y += high

    def write(self) -> bytes:
        """The PDF."""
        return self._sheet.write()

    def _turn(self) -> None:
        self._sheet.page()
        self._pages += 1
        self._y = _MARGIN + 6
        self._sheet.text(
            _WIDE / 2, _HIGH - 10, f"Fil commun · {self._pages}", size=2.8, colour=paper.SOFT,
            align="middle",
        )  # fmt: skip
