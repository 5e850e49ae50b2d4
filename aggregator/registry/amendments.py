"""Proposing a change: by anyone, without an account, with words, an author if they like.

What a change may hold is checked here; what it does is in `applying`, who decides in `moderation`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import CursorResult, or_, select, update
from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.parse import lists
from aggregator.registry import applying, governance, phrases, profile, signing_in, sources
from aggregator.registry.listing import FORMATS, is_web_address
from aggregator.registry.trust import passes, risk, trust
from aggregator.registry.wording import REPORT_REASONS
from aggregator.store.suppressions import address_key, covers
from aggregator.store.tables import RIGHTS, Amendment, Entry, Group, Source
from aggregator.taxonomy import terms
from aggregator.taxonomy.terms import DIMENSIONS

KINDS: Final = tuple(governance.FIRST)
AUTHORS: Final = ("visitor", "group", "moderator", "workshop", "import", "program")
APPEALABLE: Final = timedelta(days=90)
"""After a decision, how long its author can be written to."""
SOURCE_FIELDS: Final = ("url", "format", "rights", "language", "paused", "selector")
LONGEST_SELECTOR: Final = 300


def propose(
    session: Session,
    kind: str,
    *,
    now: datetime,
    change: Mapping[str, Any] | None = None,
    group: Group | None = None,
    source: Source | None = None,
    entry: Entry | None = None,
    why: str = "",
    author: str = "visitor",
    author_name: str = "",
    author_email: str | None = None,
    language: str = "fr",
    appeal_of: Amendment | None = None,
    workshop_id: int | None = None,
    workshop_table: str = "",
    is_written: bool = True,
) -> Amendment:
    """Put a proposal in the queue; a trusted group's own passes at once, by itself.

    `change` by kind: `profile` {field: value}; `source` {field of SOURCE_FIELDS: value} of
    `source`, or a new one of `group` ("selector" of watched pages only); `tag` {"dimension",
    "add": [], "remove": []} of `entry` (dimension `relevance`, slug `on-topic`: whether it belongs
    here at all); `missing_group` {"url", "name"} and any profile field; `dead_link` {"url", "to"?}
    of `group` or `entry`; `duplicate` {"of": slug} of `group`; `report` {"reason"} of `entry`;
    `rule` {"kind", "who", "threshold"}; `lexicon` {"dimension", "slug", "phrase", "weight"}, None
    takes it out; `new_group`, `appeal` and `hold` are made by their rooms.
    The same open proposal twice is one. One that is not written is for the caller to add, who
    has many. Raises Refused with what is wrong.
    """
    if kind not in KINDS:
        raise Refused("unknown_value", field="kind", value=kind[:50])
    assert author in AUTHORS, author
    if source is not None:
        group = source.group
    checked = _checked(session, kind, dict(change or {}), group, source, entry, now)
    amendment = Amendment(
        kind=kind,
        state="open",
        group=group,
        source_id=source.id if source else None,
        entry=entry,
        appeal_of_id=appeal_of.id if appeal_of else None,
        workshop_id=workshop_id,
        workshop_table=profile.plain(workshop_table, "table", 100),
        subject=_subject(kind, checked, group, entry, appeal_of),
        change=checked,
        why=profile.paragraphs(why, "why", 3000),
        author=author,
        author_name=profile.plain(author_name, "author_name", 100),
        author_email=signing_in.email_address(author_email) if author_email else None,
        language=language,
        created_at=now,
    )
    before = _same_open(session, amendment)
    if before is not None:
        # Said twice is not two decisions, but one that is more pressing.
        before.risk = min(100, before.risk + 5)
        return before
    trusted = trust(session, group, now) if group is not None and author == "group" else None
    amendment.risk = risk(amendment, trusted)
    if not is_written:
        return amendment
    session.add(amendment)
    session.flush()
    reason = passes(amendment, trusted) if trusted is not None else None
    if reason is not None:
        pass_by_itself(session, amendment, reason, now)
    return amendment


def pass_by_itself(session: Session, amendment: Amendment, reason: str, now: datetime) -> None:
    """Accept without a moderator: the rules and the group's trust, or a proof, say so."""
    amendment.undo = applying.apply(session, amendment, now)
    amendment.state, amendment.reason, amendment.decided_at = "accepted", reason, now


def of_group(session: Session, group: Group, *, limit: int = 20) -> Sequence[Amendment]:
    """What is asked or was decided about a group's profile and sources, the newest first."""
    return session.scalars(
        select(Amendment)
        .where(Amendment.group_id == group.id)
        .order_by(Amendment.id.desc())
        .limit(limit)
    ).all()


def _checked(
    session: Session,
    kind: str,
    change: dict[str, Any],
    group: Group | None,
    source: Source | None,
    entry: Entry | None,
    now: datetime,
) -> dict[str, Any]:
    if kind == "profile":
        return profile.change(_needed(group, "group"), change)
    if kind == "source":
        return _source_change(_needed(group, "group"), source, change)
    if kind == "tag":
        return _tag_change(_needed(entry, "entry"), change)
    if kind == "missing_group":
        return _missing_group(session, change)
    if kind == "dead_link":
        return _dead_link(change, group, entry)
    if kind == "duplicate":
        return _duplicate(session, _needed(group, "group"), change)
    if kind == "report":
        _needed(entry, "entry")
        if change.get("reason") not in REPORT_REASONS:
            raise Refused("reason_needed")
        return {"reason": change["reason"]}
    if kind == "rule":
        return governance.checked(session, change)
    if kind == "lexicon":
        return phrases.checked(session, change, now)
    return change


Row = TypeVar("Row", Group, Entry)


def _needed(row: Row | None, field: str) -> Row:
    if row is None:
        raise Refused("missing", field=field)
    return row


def _source_change(
    group: Group, source: Source | None, change: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for field, value in change.items():
        checked = _source_value(field, value)
        if field == "selector" and (source is None or source.format != "page"):
            raise Refused("unknown_field", field=field)
        before = sources.value_of(source, field) if source is not None else None
        if before != checked:
            found[field] = {"from": before, "to": checked}
    if not found:
        raise Refused("nothing_to_change")
    if source is None and "url" not in found:
        raise Refused("missing", field="url")
    if "url" in found:
        key = address_key(found["url"]["to"])
        others = [one for one in group.sources if one is not source]
        if any(address_key(one.url) == key for one in others):
            raise Refused("already_listed", name=found["url"]["to"])
    return found


def _source_value(field: str, value: object) -> Any:
    if field not in SOURCE_FIELDS:
        raise Refused("unknown_field", field=field)
    if field == "paused":
        return bool(value)
    if field == "selector":
        text = profile.plain(value or "", field, LONGEST_SELECTOR)
        if text and not lists.is_selector(text):
            raise Refused("no_selector", selector=text)
        return text
    text = profile.plain(value or "", field, 2000)
    known = {"rights": RIGHTS, "format": FORMATS}.get(field)
    if known is not None and text not in known:
        raise Refused("unknown_value", field=field, value=text[:100])
    if field == "url" and not is_web_address(text):
        raise Refused("not_an_address", address=text[:100])
    if field == "language":
        return profile.checked("language", text) if text else None
    return text


def _tag_change(entry: Entry, change: Mapping[str, Any]) -> dict[str, Any]:
    dimension = change.get("dimension")
    if dimension == "relevance":
        return _relevance_change(entry, change)
    if dimension not in DIMENSIONS:
        raise Refused("unknown_value", field="dimension", value=str(dimension)[:50])
    add, remove = (sorted(set(map(str, change.get(side) or ()))) for side in ("add", "remove"))
    for slug in (*add, *remove):
        if not terms.is_term(dimension, slug):
            raise Refused("unknown_value", field=dimension, value=slug[:100])
    there = {tag.slug for tag in entry.tags if tag.dimension == dimension}
    add, remove = sorted(set(add) - there), sorted(set(remove) & there)
    if not add and not remove:
        raise Refused("nothing_to_change")
    return {"dimension": dimension, "add": add, "remove": remove}


def _relevance_change(entry: Entry, change: Mapping[str, Any]) -> dict[str, Any]:
    """Whether the entry is on topic at all: `on-topic` added or removed."""
    add = "on-topic" in (change.get("add") or ())
    if add == ("on-topic" in (change.get("remove") or ())):
        raise Refused("nothing_to_change")
    said = ["on-topic"]
    if entry.relevance == float(add):
        raise Refused("nothing_to_change")
    return {
        "dimension": "relevance",
        "add": said if add else [],
        "remove": [] if add else said,
    }


def _missing_group(session: Session, change: dict[str, Any]) -> dict[str, Any]:
    url = profile.plain(change.pop("url", None) or change.pop("home", ""), "url", 2000)
    if not is_web_address(url):
        raise Refused("not_an_address", address=url[:100])
    if covers(session, url):
        raise Refused("left")
    key = address_key(url)
    for group in _at_host(session, key.partition("/")[0].partition(":")[0]):
        if group.home and address_key(group.home) == key:
            raise Refused("already_listed", name=group.name, slug=group.slug)
    values = {field: profile.checked(field, value) for field, value in change.items() if value}
    if "name" not in values:
        values["name"] = key.partition("/")[0]
    return {"url": url, **values}


def _at_host(session: Session, host: str) -> Sequence[Group]:
    """The groups whose address holds a host, however it is spelled."""
    spellings = {host}
    with suppress(UnicodeError):
        spellings.add(host.encode("ascii").decode("idna"))
    at = or_(*(Group.home.icontains(spelling, autoescape=True) for spelling in spellings))
    return session.scalars(select(Group).where(at)).all()


def _dead_link(
    change: Mapping[str, Any], group: Group | None, entry: Entry | None
) -> dict[str, Any]:
    if group is None and entry is None:
        raise Refused("missing", field="group")
    dead = change.get("url") or (entry.url if entry else group.home if group else "")
    found = {"url": profile.plain(dead or "", "url", 2000)}
    if change.get("to"):
        found["to"] = profile.checked("home", change["to"])
    return found


def _duplicate(session: Session, group: Group, change: Mapping[str, Any]) -> dict[str, Any]:
    slug = str(change.get("of", ""))
    of = session.scalar(select(Group).where(Group.slug == slug))
    if of is None or of.id == group.id or not of.is_public:
        raise Refused("unknown_value", field="group", value=slug[:100])
    return {"of": slug, "name": of.name}


def _subject(
    kind: str,
    change: Mapping[str, Any],
    group: Group | None,
    entry: Entry | None,
    appeal_of: Amendment | None,
) -> str:
    if appeal_of is not None:
        return appeal_of.subject
    if entry is not None:
        return entry.title[:500]
    if group is not None:
        return group.name
    return str(change.get("name") or change.get("phrase") or change.get("kind") or kind)[:500]


def _same_open(session: Session, amendment: Amendment) -> Amendment | None:
    """An open one that asks for the same: reported twice is not two decisions."""
    with session.no_autoflush:
        open_ones = session.scalars(
            select(Amendment).where(
                Amendment.kind == amendment.kind,
                Amendment.state == "open",
                Amendment.group_id == (amendment.group.id if amendment.group else None),
                Amendment.entry_id == (amendment.entry.id if amendment.entry else None),
                Amendment.author == amendment.author,
                Amendment.workshop_id == amendment.workshop_id,
                Amendment.workshop_table == amendment.workshop_table,
            )
        ).all()
    return next((one for one in open_ones if _asks_the_same(one, amendment)), None)


def _asks_the_same(one: Amendment, other: Amendment) -> bool:
    """Of a missing group the address decides: its name is written in many ways."""
    if one.kind == "missing_group" and one.author == "visitor":
        return address_key(one.change["url"]) == address_key(other.change["url"])
    return one.subject == other.subject and one.change == other.change


def forget_authors(session: Session, now: datetime) -> int:
    """Erase the addresses of those who proposed, 90 days after the decision; how many."""
    result = session.execute(
        update(Amendment)
        .where(Amendment.decided_at < now - APPEALABLE, Amendment.author_email.is_not(None))
        .values(author_email=None)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount
