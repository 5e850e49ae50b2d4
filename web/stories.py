"""One story: who told it first, and who after."""

from __future__ import annotations

from flask import Blueprint, render_template
from werkzeug.exceptions import NotFound

from aggregator.store import entries
from web import cards, current
from web.routing import ID

blueprint = Blueprint("stories", __name__)


@blueprint.get(f"/recits/{ID}")
def page(id: int) -> str:
    """A story's entries in the order in which they were told; 404 when none is left."""
    told = entries.of_story(current.session(), id)
    if not told:
        raise NotFound
    return render_template(
        "stories/page.html",
        id=id,
        first=told[0],
        cards=cards.cards(told, {}),
        groups=len({entry.source.group_id for entry in told}),
        last=told[-1],
    )
