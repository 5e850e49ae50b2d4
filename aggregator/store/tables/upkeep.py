"""What the worker remembers of its own jobs."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, String
from sqlalchemy.orm import Mapped, mapped_column

from aggregator.store.tables.base import Base


class JobRun(Base):
    """The last run of one job of the timetable, refreshed at most once a minute."""

    __tablename__ = "job_runs"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    seconds: Mapped[float] = mapped_column(default=0.0)
    failures: Mapped[int] = mapped_column(default=0)
    """In a row, since it last went well."""
    last_error: Mapped[str] = mapped_column(default="")


class DailyFigure(Base):
    """One figure of one day (UTC): how well the service does, in public on /sante."""

    __tablename__ = "daily_figures"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    """One of `aggregator.store.figures.NAMES`."""
    value: Mapped[float]
