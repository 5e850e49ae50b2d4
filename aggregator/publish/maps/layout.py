"""Where things stand on a map: hubs along its edges, groups in the field between. Pure geometry.

A group's place depends on its own terms and on the groups that were there before it, never on
those that come after: when one joins, all others stay where they were. The field is always as
wide, so that names stay as readable; with more groups it grows upwards and downwards only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

COLUMNS = 5
CELL = (248.0, 24.0)
"""Room for one group's mark, name and count."""
WIDTH, HEIGHT = COLUMNS * CELL[0], 560.0
"""The field: its width, and its height while few groups are there."""

_STEEP = 1.7
"""How much farther a step up or down counts than one aside: groups gather broadly, not in piles."""

Point = tuple[float, float]


def hubs(count: int) -> list[Point]:
    """Where hubs pull: from above and from below, evenly; three in a triangle, four in a square.

    >>> hubs(1), hubs(3)
    ([(620.0, 0.0)], [(620.0, 0.0), (206.7, 560.0), (1033.3, 560.0)])
    """
    above = count // 2 if count != 1 else 1
    return [*_row(above, 0.0), *_row(count - above, HEIGHT)]


def is_above(hub: Point) -> bool:
    """Whether a hub stands above the field, or below it."""
    return hub[1] < HEIGHT / 2


def target(mine: Sequence[Point]) -> Point:
    """Where a group wants to stand: between its hubs; without any, in the middle of the field."""
    middle = (WIDTH / 2, HEIGHT / 2)
    if not mine:
        return middle
    x = sum(point[0] for point in mine) / len(mine)
    y = sum(point[1] for point in mine) / len(mine)
    # One hub's own groups stand before it, with room to grow around them.
    pull = 0.3 if len(mine) == 1 else 0.1
    return (x + (middle[0] - x) * pull / 2, y + (middle[1] - y) * pull)


@dataclass
class Places:
    """The cells of a map, each given away once."""

    _taken: set[tuple[int, int]] = field(default_factory=set)
    _searches: dict[Point, Iterator[tuple[int, int]]] = field(default_factory=dict)

    def take(self, wanted: Point) -> Point:
        """The middle of the nearest free cell; the first asked is the first served."""
        search = self._searches.get(wanted)
        if search is None:
            search = self._searches[wanted] = _outward(wanted)
        for cell in search:
            if cell not in self._taken:
                self._taken.add(cell)
                return _middle(cell)
        raise AssertionError("rows never end")

    def width_at(self, place: Point) -> float:
        """How far it is from the left of a taken cell to its neighbour, or to the field's edge.

        At most two cells: a name that is longer is none.
        """
        column, row = round(place[0] / CELL[0] - 0.5), round(place[1] / CELL[1] - 0.5)
        is_free = column + 1 < COLUMNS and (column + 1, row) not in self._taken
        return CELL[0] * (2 if is_free else 1)


def _row(count: int, y: float) -> list[Point]:
    # Two stand at a sixth from the edges, more share the width evenly.
    if count == 2:
        return [(round(WIDTH / 6, 1), y), (round(WIDTH * 5 / 6, 1), y)]
    return [(round(WIDTH * (2 * number + 1) / (2 * count), 1), y) for number in range(count)]


def _middle(cell: tuple[int, int]) -> Point:
    return ((cell[0] + 0.5) * CELL[0], (cell[1] + 0.5) * CELL[1])


def _outward(wanted: Point) -> Iterator[tuple[int, int]]:
    """All cells of the field, the nearest to a point first; it never ends.

    Ring by ring: those within a radius are certain to come before those outside of it.
    """
    step = CELL[0]
    ring = 0
    while True:
        inner, outer = ring * step, (ring + 1) * step
        reach = outer / _STEEP
        rows = range(
            math.floor((wanted[1] - reach) / CELL[1]), math.ceil((wanted[1] + reach) / CELL[1]) + 1
        )
        found = []
        for column in range(COLUMNS):
            for row in rows:
                x, y = _middle((column, row))
                distance = math.hypot(x - wanted[0], (y - wanted[1]) * _STEEP)
                if inner <= distance < outer:
                    found.append((round(distance, 6), column, row))
        for _, column, row in sorted(found):
            yield column, row
        ring += 1
