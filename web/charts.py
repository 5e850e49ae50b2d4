"""Small charts as SVG, made on the server. Knows no figure's meaning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

WIDTH, HEIGHT, EDGE = 240, 56, 4
_WIDEST = 40
"""Pixels of one bar where there are few; many share the width of the page."""


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


def bars(heights: Sequence[tuple[int, str, str]]) -> Markup:
    """Bars side by side, of (count, words, address): a pointer reads the words and follows.

    Hidden from assistive technology and the keyboard: the page has the same as a table.
    """
    top = max((count for count, _, _ in heights), default=0) or 1
    drawn = Markup("").join(
        Markup(
            '<a href="{}" tabindex="-1" rel="nofollow"><title>{}</title>'
            '<rect class="ground" x="{}" width="10" height="100"/>'
            '<rect x="{}" y="{:.1f}" width="8" height="{:.1f}"/></a>'
        ).format(url, words, 10 * number, 10 * number + 1, 100 - height, height)
        for number, (count, words, url) in enumerate(heights)
        # What is there at all is seen, however small beside the highest.
        for height in [max(100 * count / top, 3 if count else 0)]
    )
    return Markup(
        '<svg class="bars" width="{}" viewBox="0 0 {} 100" preserveAspectRatio="none"'
        ' aria-hidden="true">{}</svg>'
    ).format(_WIDEST * len(heights), 10 * len(heights), drawn)
