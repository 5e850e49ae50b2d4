"""What crawling leaves behind: every crawl's outcome, and what each host has been asked."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String
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
    tdm_reserved: Mapped[bool] = mapped_column(default=False)
    """Its /.well-known/tdmrep.json reserves text and data mining."""
    checked_at: Mapped[datetime | None]


class HostDay(Base):
    """Requests one host received from us on one day (UTC), robots.txt and redirects included."""

    __tablename__ = "host_days"

    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    requests: Mapped[int] = mapped_column(default=0)
    bytes: Mapped[int] = mapped_column(default=0)
