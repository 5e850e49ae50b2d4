"""What calendars get wrong in their lines (RFC 5545 §3.1), mended before they are read.

Pure: text to text. Knows no event.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_LONGEST_TEXT: Final = 8_000_000
_LINE: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}[;:]")
_MOMENT: Final = re.compile(
    r"(DTSTART|DTEND|RECURRENCE-ID)(;.{1,300})?:(\d{4})-?(\d\d)-?(\d\d)"
    r"(?:[T ](\d\d):?(\d\d)(?::?(\d\d))?(?:\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?)?\s*",
    re.IGNORECASE,
)
_ZONE_NAME: Final = re.compile(r";TZID=([^\";]*[,:][^\";]*)", re.IGNORECASE)


def mended(text: str) -> str:
    """Lines that are neither a property nor folded belong to the line before them.

    Dates are written as the RFC has them; a calendar broken off ends with its last whole event.
    """
    lines: list[str] = []
    for line in text[:_LONGEST_TEXT].splitlines():
        if not line.strip():
            continue
        if lines and not _LINE.match(line) and line[0] not in " \t":
            lines[-1] += "\\n" + line
        else:
            moment = _MOMENT.fullmatch(line)
            lines.append(_moment(moment) if moment else line)
    whole = [number for number, line in enumerate(lines) if line.strip().upper() == "END:VEVENT"]
    if whole and lines[-1].strip().upper() != "END:VCALENDAR":
        lines[whole[-1] + 1 :] = ["END:VCALENDAR"]
    return "\r\n".join(lines) + "\r\n"


def _moment(found: re.Match[str]) -> str:
    """As the RFC has it: `DTSTART:2026-12-06T18:00+01:00`, or a zone whose name wants quotes."""
    name, parameters, year, month, day, hour, minute, second, zone = found.groups(default="")
    value = f"{year}{month}{day}"
    if hour:
        value += f"T{hour}{minute}{second or '00'}"
    if zone in {"", "Z", "z"}:
        return f"{name}{_ZONE_NAME.sub(_quoted, parameters)}:{value}{zone.upper()}"
    try:
        at = datetime.strptime(value + zone, "%Y%m%dT%H%M%S%z").astimezone(UTC)
    except (ValueError, OverflowError):
        return found.group()
    return f"{name}:{at:%Y%m%dT%H%M%SZ}"


def _quoted(found: re.Match[str]) -> str:
    return f';TZID="{found.group(1).replace(chr(92), "")}"'
