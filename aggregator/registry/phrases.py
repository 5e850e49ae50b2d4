"""The edits of the lexicon as rows: what one may hold, and putting it in force or out of it.

Knows neither who decides (`governance`) nor what the tagger makes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from aggregator.collect import learning
from aggregator.errors import Refused
from aggregator.registry import profile
from aggregator.store.tables import Amendment, LexiconEdit
from aggregator.taxonomy import terms
from aggregator.understand import editing
from aggregator.understand.editing import Edit


def checked(session: Session, change: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """An amendment's change of the lexicon, `{"dimension", "slug", "phrase", "weight"}`.

    A weight of None takes the phrase out. Raises Refused, also when nothing would change.
    """
    edit = edit_of(change)
    rules = learning.rules(session, now, at_once=True)
    before = editing.weight_of(rules.lexicon, edit.dimension, edit.slug, edit.phrase)
    if before is None and edit.weight is None:
        raise Refused("not_in_lexicon", phrase=edit.phrase)
    if before == edit.weight:
        raise Refused("nothing_to_change")
    return {
        "dimension": edit.dimension,
        "slug": edit.slug,
        "phrase": edit.phrase,
        "weight": {"from": before, "to": edit.weight},
    }


def edit_of(change: Mapping[str, Any]) -> Edit:
    """What somebody asks for, if the lexicon can hold it; raises Refused."""
    dimension, slug = str(change.get("dimension", "")), str(change.get("slug", ""))
    if not editing.is_editable(dimension, slug) or not terms.is_term(dimension, slug):
        raise Refused("unknown_value", field="term", value=f"{dimension}/{slug}"[:100])
    phrase = profile.plain(change.get("phrase", ""), "words", 500)
    if not editing.is_phrase(phrase):
        raise Refused("no_phrase", most=editing.MOST_CHARACTERS)
    weight = change.get("weight")
    if weight is not None and not isinstance(weight, int | float):
        raise Refused("unknown_value", field="weight", value=str(weight)[:50])
    if not editing.is_weight(weight):
        raise Refused("unknown_value", field="weight", value=str(weight)[:50])
    return Edit(dimension, slug, phrase, None if weight is None else round(float(weight), 1))


def put(session: Session, amendment: Amendment, now: datetime) -> LexiconEdit:
    """Put an accepted amendment's edit in force; the last entries are due to be tagged again."""
    change = amendment.change
    edit = LexiconEdit(
        amendment=amendment,
        dimension=change["dimension"],
        slug=change["slug"],
        phrase=change["phrase"],
        weight=change["weight"]["to"],
        made_at=now,
    )
    session.add(edit)
    session.flush()
    return edit


def take_back(session: Session, id: int, now: datetime) -> None:
    """Put an edit out of force; what was there before it counts again. Raises Refused: gone."""
    edit = session.get(LexiconEdit, id)
    if edit is None:
        raise Refused("gone", subject=str(id))
    edit.undone_at, edit.retagged_at = edit.undone_at or now, None
