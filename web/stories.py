"""One story: who told it first, and who after; or the dates of one group's recurring event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, render_template
from werkzeug.exceptions import NotFound

from aggregator.store import entries
from aggregator.store.tables import Entry
from web import cards, current
from web.routing import ID

blueprint = Blueprint("stories", __name__)


@blueprint.get(f"/recits/{ID}")
def page(id: int) -> str:
    """A story's entries in the order in which they were told; 404 when none is left."""
    told = entries.of_story(current.session(), id)
    if not told:
        raise NotFound
    groups = len({entry.source.group_id for entry in told})
    if groups == 1 and all(entry.starts_at for entry in told):
        return _dates(told)
    return render_template(
        "stories/page.html",
        id=id,
        first=told[0],
        cards=[cards.card(entry) for entry in told],
        groups=groups,
        last=told[-1],
    )


def _dates(told: Sequence[Entry]) -> str:
    """Those to come in their order, then those that are over, the latest first."""
    now = current.now()

    def start(entry: Entry) -> datetime:
        return entry.starts_at or now

    coming = sorted((entry for entry in told if start(entry) >= now), key=start)
    over = sorted((entry for entry in told if start(entry) < now), key=start, reverse=True)
    shown = (*coming, *over)[0]
    return render_template("stories/dates.html", card=cards.card(shown), coming=coming, over=over)
