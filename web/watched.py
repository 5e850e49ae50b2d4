"""Pages that are watched instead of a feed: what is found, and a volunteer's own CSS for it."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from aggregator.errors import Refused
from aggregator.registry import amendments, moderation
from aggregator.store import directory
from aggregator.store.tables import Moderator, Source
from web import current, forms
from web.languages import flash
from web.languages import translate as _
from web.moderators import for_moderators
from web.routing import ID

blueprint = Blueprint("watched", __name__)


@blueprint.get("/moderation/pages")
@for_moderators
def index(moderator: Moderator) -> ResponseReturnValue:
    """Every watched page of a public group, the ill ones first."""
    found = [
        source
        for source in directory.sources(current.session())
        if source.format == "page" and source.left_inventory_at is None
    ]
    return render_template(
        "moderation/watched.html",
        moderator=moderator,
        sources=sorted(found, key=lambda source: source.state == "ok"),
        most=amendments.LONGEST_SELECTOR,
    )


@blueprint.post(f"/moderation/pages/{ID}")
@for_moderators
def choose(id: int, moderator: Moderator) -> ResponseReturnValue:
    """Find the page's articles by this CSS from now on; a decision like any other."""
    session, now = current.session(), current.now()
    source = session.get(Source, id)
    if source is None or not source.group.is_public:
        raise NotFound
    try:
        proposal = amendments.propose(
            session,
            "source",
            now=now,
            source=source,
            change={"selector": forms.text("selecteur", 1000)},
            why=forms.text("why", 500),
            author="moderator",
        )
        moderation.decide(session, proposal, "accept", moderator, now=now)
    except Refused as error:
        session.rollback()
        flash(forms.in_words(error))
    else:
        session.commit()
        flash(_("C’est noté : la page est relue dans la minute."), "good")
    return redirect(url_for("watched.index"), 303)
