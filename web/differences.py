"""Two texts side by side, word by word. Pure: knows neither amendments nor pages."""

from __future__ import annotations

import difflib

from markupsafe import Markup, escape

_LONGEST = 3000
"""Characters compared; longer texts are shown to there."""


def both_sides(before: str, after: str) -> tuple[Markup, Markup]:
    """The first text with what goes marked, the second with what comes.

    >>> both_sides("Les jardins", "Les vergers")
    (Markup('Les <del>jardins</del>'), Markup('Les <ins>vergers</ins>'))
    """
    old, new = before[:_LONGEST].split(), after[:_LONGEST].split()
    left: list[Markup] = []
    right: list[Markup] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = " ".join(old[a:b]), " ".join(new[c:d])
        if kind == "equal":
            left.append(escape(gone))
            right.append(escape(come))
            continue
        if gone:
            left.append(Markup("<del>{}</del>").format(gone))
        if come:
            right.append(Markup("<ins>{}</ins>").format(come))
    return Markup(" ").join(left), Markup(" ").join(right)
