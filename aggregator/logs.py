"""How every process writes its log: one line per unit of work, constant event, then fields.

Ids, not objects; never an address or a name of a person.
"""

from __future__ import annotations

import logging
import sys
from typing import Final

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

_CHATTY = ("alembic", "apscheduler", "scrapy", "asyncio", "trafilatura", "htmldate", "courlan")


_CONTROLS: Final = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {
    0x2028: r"\u2028",
    0x2029: r"\u2029",
}


def configure(level: str) -> None:
    """Write to standard error from `level` on: plain lines for a person, JSON for a collector.

    What strangers wrote begins no line of its own and moves no cursor. Libraries write the same.
    The last call counts.
    """
    threshold = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    rendering = _rendering(for_people=sys.stderr.isatty())
    before: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    logging.basicConfig(level=threshold, handlers=[handler], force=True)
    for name in _CHATTY:
        # What they have to say at lower levels is said better by our own lines.
        logging.getLogger(name).setLevel(max(threshold, logging.ERROR))
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        processors=[*before, *rendering],
    )


def _rendering(*, for_people: bool) -> list[Processor]:
    if for_people:
        return [_printable, structlog.dev.ConsoleRenderer()]
    # JSON has an escape for each control character.
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _printable(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The same with control characters spelt out."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = value.translate(_CONTROLS)
    return event
