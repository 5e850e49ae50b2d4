"""Where things stand on a map: hubs around, groups between them. Pure geometry.

A group's place depends on its own terms and on the groups that were there before it, never on
those that come after: when one joins, all others stay where they were.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CELL = (204.0, 27.0)
"""Room for one group with its name."""
WIDTH, HEIGHT = 1900.0, 1240.0
"""The map; more groups than fit in it spread beyond its edges."""

Point = tuple[float, float]

HUB_ROOM = (275.0, 50.0)
"""Half of what a hub with its name takes, where no group may stand."""
_RINGS = 400


def hubs(count: int) -> list[Point]:
    """Where hubs stand: three in a triangle, four in a rectangle, more on an ellipse.

    >>> len(hubs(3)), hubs(1)
    (3, [(950.0, 620.0)])
    """
    middle = (WIDTH / 2, HEIGHT / 2)
    if count <= 1:
        return [middle] * count
    if count == 3:
        return [(middle[0], 90.0), (250.0, HEIGHT - 110.0), (WIDTH - 250.0, HEIGHT - 110.0)]
    if count == 4:
        right, low = WIDTH - 270.0, HEIGHT - 120.0
        return [(270.0, 100.0), (right, 100.0), (right, low), (270.0, low)]
    radius = (WIDTH / 2 - 220.0, HEIGHT / 2 - 80.0)
    angles = (2 * math.pi * number / count - math.pi / 2 for number in range(count))
    return [
        (middle[0] + radius[0] * math.cos(angle), middle[1] + radius[1] * math.sin(angle))
        for angle in angles
    ]


def target(mine: Sequence[Point], count: int) -> Point:
    """Where a group wants to stand: between its hubs, a little nearer to the middle.

    A group without a hub wants to stand below all others.
    """
    middle = (WIDTH / 2, HEIGHT / 2)
    if not mine:
        return (middle[0], HEIGHT + 90.0)
    if count == len(mine):
        return middle
    x = sum(point[0] for point in mine) / len(mine)
    y = sum(point[1] for point in mine) / len(mine)
    # One hub's own groups stand before it, not on it.
    pull = 0.30 if len(mine) == 1 else 0.12
    return (x + (middle[0] - x) * pull, y + (middle[1] - y) * pull)


@dataclass
class Places:
    """The cells of a map, each given away once."""

    hubs: Sequence[Point]

    def __post_init__(self) -> None:
        self._taken: set[tuple[int, int]] = set()
        self._searches: dict[Point, Iterator[tuple[int, int]]] = {}

    def take(self, wanted: Point) -> Point:
        """The middle of the nearest free cell; the first asked is the first served."""
        search = self._searches.get(wanted)
        if search is None:
            search = self._searches[wanted] = _outward(wanted)
        for cell in search:
            if cell not in self._taken and not self._is_hubs(cell):
                self._taken.add(cell)
                return _middle(cell)
        raise AssertionError("cells never end before the groups do")

    def _is_hubs(self, cell: tuple[int, int]) -> bool:
        x, y = _middle(cell)
        return any(
            abs(x - hub[0]) < HUB_ROOM[0] and abs(y - hub[1]) < HUB_ROOM[1] for hub in self.hubs
        )


def _middle(cell: tuple[int, int]) -> Point:
    # Rows are laid like bricks, so that names do not stand in columns.
    return ((cell[0] + 0.5 * (cell[1] % 2)) * CELL[0], cell[1] * CELL[1])


def _outward(wanted: Point) -> Iterator[tuple[int, int]]:
    """All cells, the nearest to a point first.

    Ring by ring: those within a radius are certain to come before those outside of it.
    """
    step = CELL[0]
    for ring in range(_RINGS):
        inner, outer = ring * step, (ring + 1) * step
        columns = range(
            math.floor((wanted[0] - outer) / CELL[0]), math.ceil((wanted[0] + outer) / CELL[0]) + 1
        )
        rows = range(
            math.floor((wanted[1] - outer) / CELL[1]), math.ceil((wanted[1] + outer) / CELL[1]) + 1
        )
        found = []
        for column in columns:
            for row in rows:
                x, y = _middle((column, row))
                distance = math.hypot(x - wanted[0], y - wanted[1])
                if inner <= distance < outer:
                    found.append((round(distance, 6), column, row))
        for _, column, row in sorted(found):
            yield column, row
