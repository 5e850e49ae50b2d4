"""An amendment as the person who decides reads it: what it would do, side by side, and by whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup
from sqlalchemy.orm import Session

from aggregator.publish import text
from aggregator.registry import governance, trust, wording
from aggregator.registry.comparing import Difference, differences
from aggregator.store.tables import Amendment, Moderator
from aggregator.taxonomy.terms import DIMENSIONS
from web import forms
from web.differences import both_sides
from web.glimpses import Glimpse, glimpses
from web.languages import language
from web.languages import translate as _
from web.wording import dimension_label, label_of, tongue

_QUOTED = 700
"""Characters of an entry that a moderator reads before deciding."""


@dataclass(frozen=True, slots=True)
class Side:
    """One field: before, after, and what it has become meanwhile."""

    label: str
    before: Markup
    """Empty where there was nothing."""
    after: Markup
    now: str
    """Empty unless it changed since the proposal."""


@dataclass(frozen=True, slots=True)
class Card:
    """One amendment of a queue."""

    amendment: Amendment
    sides: tuple[Side, ...]
    effect: str
    """What accepting does, in a sentence."""
    is_changed: bool
    """Whether a field changed since it was proposed."""
    trust: int | None
    """Level of the group that proposes; None for anybody else."""
    text: str
    """The entry's own words, cut; empty when it is not about an entry."""
    glimpse: Glimpse | None
    """What was seen of the site that is proposed."""
    links: tuple[str, ...]
    """Web addresses to look at."""
    appealed: Amendment | None
    """The decision that an appeal is about."""
    needs: str | None
    """The role needed to decide, when the reader has it not."""
    voices_missing: int


def cards(
    session: Session, amendments: Sequence[Amendment], moderator: Moderator, now: datetime
) -> list[Card]:
    """Each amendment, in the order given."""
    rules = {rule.kind: rule for rule in governance.rules(session)}
    levels: dict[int, int] = {}
    seen = glimpses(session, amendments)
    made = []
    for amendment in amendments:
        group = amendment.group if amendment.author == "group" else None
        if group is not None and group.id not in levels:
            levels[group.id] = trust.trust(session, group, now).level
        found = differences(session, amendment)
        rule = rules[amendment.kind]
        allowed = rule.who == "moderator" or moderator.role == "administrator"
        made.append(
            Card(
                amendment=amendment,
                sides=sides(found),
                effect=effect(amendment.kind),
                is_changed=_is_changed(amendment, found),
                trust=levels[group.id] if group is not None else None,
                text=text.cut(amendment.entry.text, _QUOTED) if amendment.entry else "",
                glimpse=seen.get(amendment.id),
                links=_links(amendment),
                appealed=session.get(Amendment, amendment.appeal_of_id)
                if amendment.appeal_of_id
                else None,
                needs=None if allowed else rule.who,
                voices_missing=governance.voices_missing(session, amendment)
                if rule.threshold > 1
                else 0,
            )
        )
    return made


def sides(found: Sequence[Difference]) -> tuple[Side, ...]:
    """The differences in words, fields that stay the same left out."""
    return tuple(_side(one) for one in found if one.before != one.after)


def effect(kind: str) -> str:
    """What accepting an amendment of this kind does."""
    return {
        "new_group": _("Accepter : le groupe reste. Refuser : il disparaît des pages."),
        "missing_group": _("Accepter : le groupe entre dans l’annuaire et sera lu."),
        "profile": _("Accepter : le profil change ainsi."),
        "source": _("Accepter : la source change ainsi."),
        "tag": _("Accepter : les étiquettes changent, et l’exemple est retenu."),
        "dead_link": _("Accepter : le lien est corrigé, ou retiré."),
        "duplicate": _("Accepter : les deux groupes n’en font plus qu’un."),
        "report": _("Accepter : l’article est masqué. Refuser : il reste."),
        "hold": _("Accepter : l’article reste masqué. Refuser : il paraît."),
        "appeal": _("Accepter : la décision contestée est annulée."),
        "rule": _("Accepter : la règle change ainsi."),
        "lexicon": _("Accepter : le classement suit désormais ces mots."),
    }[kind]


def in_words(field: str, value: Any) -> str:
    """A field's value as people read it; empty for nothing."""
    if value is None or value == "" or value == []:
        return ""
    if field in DIMENSIONS:
        slugs = value if isinstance(value, list) else [value]
        return ", ".join(label_of(field, str(slug)) for slug in slugs)
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return " ".join(map(str, value))
    if field == "language":
        return tongue(str(value))
    if field == "status":
        return _status(str(value))
    if field == "rights":
        words = {
            "link": _("le titre et le lien"),
            "excerpt": _("le titre, le lien et un extrait"),
            "full": _("le texte entier"),
        }
        return words.get(str(value), str(value))
    return str(value)


def _status(value: str) -> str:
    words = {
        "listed": _("dans l’annuaire"),
        "contacted": _("dans l’annuaire, contacté"),
        "participating": _("dans l’annuaire, participe"),
        "declined": _("retiré de l’annuaire"),
        "withdrawn": _("parti de l’annuaire"),
    }
    return words.get(value, value)


def told(change: Mapping[str, Any]) -> str:
    """What a proposal asks for, in a line: each field and what it becomes; empty for no fields."""
    parts = []
    for field, wanted in change.items():
        value = wanted["to"] if isinstance(wanted, dict) and "to" in wanted else wanted
        if words := in_words(field, value):
            parts.append(_("%(field)s : %(value)s", field=label(field), value=words))
        elif isinstance(wanted, dict):
            parts.append(_("%(field)s : rien", field=label(field)))
    return " ; ".join(parts)


def touched(amendment: Amendment) -> str:
    """What a decision was about, as the public log says it: tags and fields, never a text or an
    address that somebody proposed, which refusing it would then publish. Empty where that is all.
    """
    change, kind = amendment.change, amendment.kind
    if amendment.is_of_departed or not change:
        return ""
    if kind == "report":
        return wording.sentence(str(change["reason"]), language())
    if kind == "tag" and change["dimension"] == "relevance":
        return _("a sa place ici") if change["add"] else _("hors sujet")
    if kind == "tag":
        added, removed = (in_words(change["dimension"], change[side]) for side in ("add", "remove"))
        signs = [f"+ {added}"] * bool(added) + [f"− {removed}"] * bool(removed)
        return _("%(field)s : %(value)s", field=label(change["dimension"]), value=" ".join(signs))
    if kind in {"profile", "source"}:
        return ", ".join(label(field) for field in change)
    return ""


def subject(amendment: Amendment) -> str:
    """What it is about, in words: a rule by the kind of proposals that it is for."""
    if amendment.kind == "rule":
        return wording.sentence(f"kind_{amendment.subject}", language())
    return amendment.subject


def label(field: str) -> str:
    """A field's name, as a heading."""
    if field in DIMENSIONS:
        return dimension_label(field)
    words = {
        "sources": _("Sources"),
        "rights": _("Ce que nous montrons"),
        "format": _("Format"),
        "paused": _("En pause"),
        "selector": _("Sélecteur CSS"),
        "who": _("Qui décide"),
        "threshold": _("Voix nécessaires"),
        "weight": _("Poids"),
        "status": _("État du groupe"),
        "logo": _("Logo"),
        "note": _("Note"),
    }
    return words.get(field) or _capital(forms.field_name(field))


def side(field: str, before: Any, after: Any, *, now: str = "") -> Side:
    """One field side by side."""
    between = ", " if field in DIMENSIONS else " "
    left, right = both_sides(in_words(field, before), in_words(field, after), between=between)
    return Side(label(field), left, right, now)


def _side(one: Difference) -> Side:
    now = in_words(one.field, one.now) or _("vide")
    return side(one.field, one.before, one.after, now=now if one.conflict else "")


def _is_changed(amendment: Amendment, found: Sequence[Difference]) -> bool:
    checked = {"profile", "source", "rule"}
    return amendment.kind in checked and any(one.conflict for one in found)


def _links(amendment: Amendment) -> tuple[str, ...]:
    """What to open before deciding; only web addresses, whatever was typed."""
    wanted = _addresses(amendment.change)
    if amendment.entry is not None:
        wanted.append(amendment.entry.url or "")
    elif amendment.group is not None and amendment.group.home:
        wanted.append(amendment.group.home)
    found = dict.fromkeys(url for url in wanted if url.startswith(("https://", "http://")))
    return tuple(found)[:5]


def _addresses(change: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for field in ("url", "home", "to", "sources"):
        value = change.get(field)
        if isinstance(value, dict):
            value = value.get("to")
        found.extend(map(str, value if isinstance(value, list) else [value] if value else []))
    return found


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
