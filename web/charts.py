"""Small line charts as SVG, made on the server. Knows no figure's meaning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

WIDTH, HEIGHT, EDGE = 240, 56, 4


def line(points: Sequence[tuple[date, float]], label: str) -> Markup:
    """A chart of one figure day by day, from zero to its highest; empty for fewer than 2 days.

    `label` says in words what the line shows, for those who do not see it.
    """
    if len(points) < 2:
        return Markup()
    first, last = points[0][0], points[-1][0]
    days = max((last - first).days, 1)
    top = max(value for _, value in points) or 1.0
    places = " ".join(
        f"{EDGE + (day - first).days / days * (WIDTH - 2 * EDGE):.1f},"
        f"{HEIGHT - EDGE - value / top * (HEIGHT - 2 * EDGE):.1f}"
        for day, value in points
    )
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<polyline points="{}" fill="none" stroke="var(--thread)" stroke-width="2"'
        ' stroke-linejoin="round" stroke-linecap="round"/></svg>'
    ).format(WIDTH, HEIGHT, label, places)
