"""What one visit brought, written down: entries, schedule, validators, health, in one transaction.

The order of a visit's end: keep the claim, judge the answer, ingest, note, commit. Killed before
the commit, nothing happened and the lease ends by itself; after it, everything did. Knows no
Scrapy and no socket.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from aggregator.collect import health, reasons, schedule, websub
from aggregator.collect.ingest import Ingested, ingest, says_something
from aggregator.collect.readers import read_feed
from aggregator.collect.watch import Watched
from aggregator.collect.wire import Response
from aggregator.errors import FetchError, ParseError
from aggregator.parse import reservations
from aggregator.parse.entries import ParsedFeed
from aggregator.store import sources
from aggregator.store.tables import Crawl, Source

MOVE_AFTER = timedelta(days=7)
"""A permanent redirect counts once it has said the same for this long."""
_DAY = timedelta(days=1)


@dataclass(slots=True)
class Tally:
    """Requests that one visit made, by host; robots.txt and redirects included."""

    requests: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def count(self, host: str, size: int) -> None:
        """One more request to `host`, answered with `size` bytes."""
        self.requests[host] = self.requests.get(host, 0) + 1
        self.sizes[host] = self.sizes.get(host, 0) + size


@dataclass(frozen=True, slots=True)
class Settled:
    """How a visit ended."""

    outcome: str
    """`fetched`, `not_modified` or `failed`."""
    reason: str | None = None
    new: int = 0
    updated: int = 0


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit's end, as every step of it needs it."""

    session: Session
    source: Source
    now: datetime
    chance: float
    shortest: timedelta
    tagged: bool
    watched: Watched | None = None


def settle(
    session: Session,
    source: Source,
    answer: Response | FetchError,
    *,
    now: datetime,
    chance: float,
    tally: Tally | None = None,
    tagged: bool = True,
    shortest: timedelta = schedule.SHORTEST,
    watched: Watched | None = None,
) -> Settled:
    """Write down how the visit to `source` ended; the caller holds its claim and commits.

    `chance` in [0, 1) spreads the next visit; `shortest` is the least time before it. `watched`:
    what was read already, where the answer is a watched page.
    """
    visit = Visit(session, source, now, chance, shortest, tagged, watched)
    source.requests += 1
    source.last_crawled_at = now
    source.claimed_until = None
    source.last_status = answer.status if isinstance(answer, Response) else None
    try:
        if isinstance(answer, FetchError):
            raise answer
        settled = _read_answer(visit, answer)
    except FetchError as error:
        settled = _failed(visit, error)
    _note(session, source, answer, settled, now, tally)
    return settled


def _read_answer(visit: Visit, answer: Response) -> Settled:
    """A success, or the FetchError that says why it is none."""
    source, now = visit.source, visit.now
    if answer.status == 304:
        _succeeded(source, answer, now)
        source.not_modified += 1
        _plan(visit)
        return Settled("not_modified")
    _check_status(visit.session, answer, now)
    if not answer.body.strip():
        raise FetchError("The answer is empty.", reason="empty")
    digest = hashlib.sha256(answer.body).hexdigest()
    if digest == source.body_hash:
        _succeeded(source, answer, now)
        source.read_at = now
        source.not_modified += 1
        _plan(visit)
        return Settled("not_modified")
    _refuse_reserved(source, answer)
    feed = visit.watched.feed if visit.watched else _parsed(answer, now)
    ingested = ingest(visit.session, source, feed, now=now, tagged=visit.tagged)
    source.body_hash = digest
    source.read_at = now
    _succeeded(source, answer, now)
    _learn(visit, feed, ingested, answer)
    _plan(visit)
    if visit.watched is not None:
        _keep_sample(visit, visit.watched)
    return Settled("fetched", new=len(ingested.new), updated=len(ingested.updated))


def _check_status(session: Session, answer: Response, now: datetime) -> None:
    """Raise FetchError for every status that brings no whole body."""
    if answer.status in {429, 503}:
        until = schedule.retry_after(answer.headers.get("retry-after"), now)
        if until is not None:
            sources.keep_host(session, host_of(answer.url), quiet_until=until)
    if 200 <= answer.status < 300 and answer.status != 206:
        return
    wall = health.bot_wall(answer.status, answer.headers, answer.body)
    if wall is not None:
        raise FetchError(f"{wall} answered {answer.status}.", reason="bot_wall", permanent=True)
    code = reasons.for_status(answer.status)
    raise FetchError(
        f"{urlsplit(answer.url).hostname} answered {answer.status}.",
        reason=code,
        permanent=reasons.reason(code).permanent,
    )


def _refuse_reserved(source: Source, answer: Response) -> None:
    """The answer's header or head may reserve its texts, unless the group takes part."""
    said = reservations.from_feed(answer.body, answer.headers)
    if said.tdm and source.group.status != "participating":
        raise FetchError("Its tdm-reservation says 1.", reason="tdm_reserved", permanent=True)


def _keep_sample(visit: Visit, watched: Watched) -> None:
    """The page's looks for the next comparison; unread articles bring the next visit forward."""
    source = visit.source
    source.sample = watched.sample
    if not watched.is_complete:
        source.body_hash = source.etag = source.last_modified = None
        source.next_crawl_at = visit.now + visit.shortest


def _parsed(answer: Response, now: datetime) -> ParsedFeed:
    """The feed in the answer; FetchError with what stands in its place otherwise."""
    try:
        feed = read_feed(answer, now=now)
        if feed.problems and not any(map(says_something, feed.entries)):
            raise ParseError(f"Nothing could be saved of it: {feed.problems[0]}")
        return feed
    except ParseError as error:
        wall = health.bot_wall(answer.status, answer.headers, answer.body)
        if wall is not None:
            message = f"{wall} answered in the feed’s place."
            raise FetchError(message, reason="bot_wall", permanent=True) from error
        code = "html" if looks_like_html(answer) else "not_a_feed"
        raise FetchError(str(error), reason=code, permanent=True) from error


def looks_like_html(answer: Response) -> bool:
    """Whether an ordinary page stands where a feed was expected."""
    start = answer.body[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html")) or b"<html" in start


def _succeeded(source: Source, answer: Response, now: datetime) -> None:
    source.last_ok_at = now
    source.last_reason = None
    source.last_detail = ""
    if source.proposals and source.failures:
        source.proposals = []
    source.failures = 0
    # A 304 may leave validators out; then the known ones still hold (RFC 9110 §15.4.5).
    if answer.status != 304 or "etag" in answer.headers:
        source.etag = echoable(answer.headers.get("etag"))
    if answer.status != 304 or "last-modified" in answer.headers:
        source.last_modified = echoable(answer.headers.get("last-modified"))
    _follow_move(source, answer, now)


def echoable(validator: str | None) -> str | None:
    """A validator that can be sent back byte for byte; None for an absent or absurd one."""
    if not validator or len(validator) > 1000 or not validator.isprintable():
        return None
    return validator


def _follow_move(source: Source, answer: Response, now: datetime) -> None:
    """Note where permanent redirects lead, and go there for good after 7 days of the same."""
    target = permanent_target(answer)
    if target != source.moved_to:
        source.moved_to, source.moved_since = target, now if target else None
        return
    if target is None or source.moved_since is None or now - source.moved_since < MOVE_AFTER:
        return
    if source.found_url:
        source.found_url = target
    else:
        source.url = target
        source.edited_fields = sorted({*source.edited_fields, "url"})
    source.moved_to = source.moved_since = None


def permanent_target(answer: Response) -> str | None:
    """Where the leading run of 301 and 308 redirects ends; None when the first is temporary."""
    target = None
    for status, url in answer.redirects:
        if status not in {301, 308}:
            break
        target = url
    return target


def _learn(visit: Visit, feed: ParsedFeed, ingested: Ingested, answer: Response) -> None:
    """What the feed says of itself, and the rhythm of what it has published."""
    source, now = visit.source, visit.now
    source.title = feed.title[:500] or source.title
    if feed.language and not source.language:
        source.language = feed.language[:35]
    source.pace = schedule.Pace(
        ttl=timedelta(minutes=min(max(feed.ttl or 0, 0), 7 * 24 * 60)),
        max_age=schedule.max_age(answer.headers, now),
        skip_hours=feed.skip_hours,
        skip_days=feed.skip_days,
        pushed_until=schedule.Pace.of_json(source.pace).pushed_until,
    ).as_json()
    if feed.moved_to not in {None, source.address}:
        # Only a redirect moves a source by itself; whoever wrote the feed may not own it.
        why = "the feed itself announces it"
        source.proposals = [{"url": feed.moved_to, "title": feed.title, "why": why}]
    websub.want(visit.session, source, feed, now=now)
    if ingested.new and "pushed_until" in source.pace:
        websub.count_missed(visit.session, source, len(ingested.new), now=now)
    if ingested.new:
        source.last_new_at = now
    if ingested.new or not source.rhythm:
        times = sources.published(visit.session, source.id, schedule.REMEMBERED)
        source.rhythm = schedule.learn(times, now).as_json()


def _plan(visit: Visit) -> None:
    """The next visit and the state, after a success."""
    source, now = visit.source, visit.now
    rhythm = schedule.Rhythm.of_json(source.rhythm)
    pace = schedule.Pace.of_json(source.pace)
    source.next_crawl_at = schedule.next_visit(
        now, rhythm, pace, chance=visit.chance, shortest=visit.shortest
    )
    source.interval = int((source.next_crawl_at - now).total_seconds())
    week, before = _volumes(visit, rhythm)
    source.state = health.after_success(
        rhythm, now, week=week, before=before, moving=source.moved_to is not None
    )


def _volumes(visit: Visit, rhythm: schedule.Rhythm) -> tuple[int, float]:
    """Entries of the last 7 days, and of a usual week in the 8 weeks before them.

    Zero for a source that we have known for less, and for one too quiet to be judged by it.
    """
    source, now = visit.source, visit.now
    if rhythm.rate(now) < 0.3 or now - source.created_at < timedelta(days=63):
        return 0, 0.0
    week = sources.count_published(visit.session, source.id, now - timedelta(days=7), now)
    nine = sources.count_published(visit.session, source.id, now - timedelta(days=63), now)
    return week, (nine - week) / 8


def _failed(visit: Visit, error: FetchError) -> Settled:
    source, now = visit.source, visit.now
    source.failures += 1
    source.last_reason = error.reason
    source.last_detail = str(error)[:500]
    source.next_crawl_at = schedule.next_try(
        now,
        source.failures,
        chance=visit.chance,
        permanent=error.permanent,
        shortest=visit.shortest,
    )
    if error.reason == "gone":
        source.next_crawl_at = now + schedule.LAST_ERROR
    source.interval = int((source.next_crawl_at - now).total_seconds())
    source.state = health.after_failure(
        error.reason,
        failures=source.failures,
        last_ok_at=source.last_ok_at,
        now=now,
        proposals=len(source.proposals),
    )
    return Settled("failed", reason=error.reason)


def _note(
    session: Session,
    source: Source,
    answer: Response | FetchError,
    settled: Settled,
    now: datetime,
    tally: Tally | None,
) -> None:
    exchange = answer if isinstance(answer, Response) else None
    session.add(
        Crawl(
            source_id=source.id,
            at=now,
            outcome=settled.outcome,
            reason=settled.reason,
            status=exchange.status if exchange else None,
            entries_new=settled.new,
            entries_updated=settled.updated,
            seconds=exchange.seconds if exchange else 0.0,
            bytes=exchange.size if exchange else 0,
        )
    )
    for host, requests in (tally.requests if tally else {}).items():
        sources.count_requests(
            session, host, now.date(), requests=requests, size=tally.sizes[host] if tally else 0
        )


def host_of(url: str) -> str:
    """Host and, unless the scheme's own, port: the name of its `Host` row.

    >>> host_of("https://Exemple.FR:443/flux"), host_of("http://exemple.fr:8080/")
    ('exemple.fr', 'exemple.fr:8080')
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    standard = {"http": 80, "https": 443}.get(parts.scheme)
    host = (parts.hostname or "")[:240]
    return host if port in (None, standard) else f"{host}:{port}"


def conditions(source: Source, now: datetime) -> Mapping[str, str]:
    """The headers that make the next visit conditional; none when a whole read is overdue.

    Once a week the body is read whatever the validators say: some servers answer 304 for ever.
    """
    if source.read_at is None or now - source.read_at > 7 * _DAY or source.body_hash is None:
        return {}
    headers = {}
    if source.etag:
        headers["If-None-Match"] = source.etag
    if source.last_modified:
        headers["If-Modified-Since"] = source.last_modified
    return headers
