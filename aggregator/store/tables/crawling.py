"""What crawling leaves behind: every crawl's outcome, and what each host has been asked."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from aggregator.store.tables.base import Base


class Crawl(Base):
    """One visit to one source: when, how it ended, what it brought."""

    __tablename__ = "crawls"
    __table_args__ = (Index("ix_crawls_source_at", "source_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(20))
    """`fetched`, `not_modified` or `failed`."""
    reason: Mapped[str | None] = mapped_column(String(40))
    status: Mapped[int | None]
    entries_new: Mapped[int] = mapped_column(default=0)
    entries_updated: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[float] = mapped_column(default=0.0)
    bytes: Mapped[int] = mapped_column(default=0)


class Host(Base):
    """What one host asked of us; it holds for all sources on it."""

    __tablename__ = "hosts"

    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    """Host and, unless the scheme's own, port."""
    quiet_until: Mapped[datetime | None]
    """No request before (429 or 503 with Retry-After, RFC 9110 §10.2.3)."""
    crawl_delay: Mapped[float | None]
    """Seconds between requests that its robots.txt asks for."""
    robots_state: Mapped[str | None] = mapped_column(String(20))
    """`none`, `allowed`, `partly` or `unreachable`, as last read."""
    robots_txt: Mapped[str | None] = mapped_column(Text)
    """The file itself, so that the next process need not ask again within the day."""
    tdm_reserved: Mapped[bool] = mapped_column(default=False)
    """Its /.well-known/tdmrep.json reserves text and data mining, everywhere or in places."""
    tdm_json: Mapped[str | None] = mapped_column(Text)
    """That file itself; None when there is none."""
    tdm_checked_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    """When its robots.txt was last read."""


class HostDay(Base):
    """Requests one host received from us on one day (UTC), robots.txt and redirects included."""

    __tablename__ = "host_days"

    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    requests: Mapped[int] = mapped_column(default=0)
    bytes: Mapped[int] = mapped_column(default=0)


class HubLease(Base):
    """A WebSub hub's promise to tell us at once of one source's news (W3C WebSub)."""

    __tablename__ = "hub_leases"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(
        ForeignKey("sources.id", ondelete="CASCADE"), unique=True
    )
    token: Mapped[str] = mapped_column(String(64), unique=True)
    """The last part of our callback's address; nobody can guess it."""
    secret: Mapped[str] = mapped_column(String(64))
    """With it the hub signs what it sends (WebSub §7)."""
    hub: Mapped[str]
    topic: Mapped[str]
    """The feed's own address, as it says itself (`rel=self`)."""
    state: Mapped[str] = mapped_column(String(20), default="wanted", index=True)
    """`wanted`, `asked`, `active`, `refused` or `ended`."""
    asked_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    next_try_at: Mapped[datetime]
    failures: Mapped[int] = mapped_column(default=0)
    last_push_at: Mapped[datetime | None]
    pushes: Mapped[int] = mapped_column(default=0)
    """Signed messages that brought a readable feed."""
    forged: Mapped[int] = mapped_column(default=0)
    """Messages ignored because their signature was missing or wrong."""
    entries_pushed: Mapped[int] = mapped_column(default=0)
    entries_missed: Mapped[int] = mapped_column(default=0)
    """Entries that the backup visit found first, though the hub had promised to tell."""


class Picture(Base):
    """The lead picture of one entry, fetched and re-encoded by us; or why it was not."""

    __tablename__ = "pictures"

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True
    )
    url: Mapped[str]
    """Where it came from."""
    tried_at: Mapped[datetime]
    file: Mapped[str | None]
    """Path below `settings.media_folder` of the large size (WebP); None when it failed."""
    small: Mapped[str | None]
    """The same for lists, 480 pixels wide at most."""
    width: Mapped[int | None]
    height: Mapped[int | None]
    alt: Mapped[str] = mapped_column(default="")
    """Alternative text as the source wrote it; empty where it wrote none."""
    reason: Mapped[str | None] = mapped_column(String(40))
    """A code of `aggregator.collect.reasons`; None when `file` is there."""


class Reading(Base):
    """Our one visit to an entry's own page, where the feed only had its beginning."""

    __tablename__ = "readings"

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[datetime]
    reason: Mapped[str | None] = mapped_column(String(40))
    """Why it brought nothing; None when the text is in `Entry.text`."""
