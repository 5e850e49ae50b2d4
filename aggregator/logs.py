"""How every process writes its log: one line per unit of work, constant event, then fields.

Ids, not objects; never an address or a name of a person.
"""

from __future__ import annotations

import logging
import sys

import structlog

_CHATTY = ("apscheduler", "scrapy", "asyncio", "trafilatura", "htmldate", "courlan")


def configure(level: str) -> None:
    """Write to standard error from `level` on: plain lines for a person, JSON for a collector."""
    threshold = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    logging.basicConfig(level=threshold, format="%(levelname)s %(name)s %(message)s")
    for name in _CHATTY:
        # What they have to say at lower levels is said better by our own lines.
        logging.getLogger(name).setLevel(max(threshold, logging.ERROR))
    for_people = sys.stderr.isatty()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if for_people else structlog.processors.JSONRenderer(),
        ],
    )
