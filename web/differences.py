"""Two texts side by side, word by word. Pure: knows neither amendments nor pages."""

from __future__ import annotations

import difflib

from markupsafe import Markup, escape

_LONGEST = 3000
"""Characters compared; longer texts are shown to there."""


def both_sides(before: str, after: str, *, between: str = " ") -> tuple[Markup, Markup]:
    """The first text with what goes marked, the second with what comes.

    Words are compared, or the parts of a list that have `between` between them.

    >>> both_sides("Les jardins", "Les vergers")
    (Markup('Les <del>jardins</del>'), Markup('Les <ins>vergers</ins>'))
    >>> both_sides("Rendre visible", "Rendre visible, Partager", between=", ")[1]
    Markup('Rendre visible, <ins>Partager</ins>')
    """
    old, new = (_parts(text[:_LONGEST], between) for text in (before, after))
    left: list[Markup] = []
    right: list[Markup] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = between.join(old[a:b]), between.join(new[c:d])
        if kind == "equal":
            left.append(escape(gone))
            right.append(escape(come))
            continue
        if gone:
            left.append(Markup("<del>{}</del>").format(gone))
        if come:
            right.append(Markup("<ins>{}</ins>").format(come))
    return escape(between).join(left), escape(between).join(right)


def _parts(text: str, between: str) -> list[str]:
    return text.split() if between == " " else [part for part in text.split(between) if part]
