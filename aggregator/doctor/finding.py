"""What a check says. Knows no check."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    subject: str
    level: str
    """`good`, `advice` (works, could be better) or `fault`."""
    says: str
    remedy: str = ""
