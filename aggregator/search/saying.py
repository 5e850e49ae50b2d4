"""A search told in words, French or English: what was understood, and what was not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

from aggregator.search.dates import PARIS
from aggregator.search.fields import label
from aggregator.search.nodes import All, Choice, Dates, Node, Some, Start, Text, Without

Language = Literal["fr", "en"]

WARNINGS: Final = {
    "too_long": (
        "La recherche est très longue : seul son début compte.",
        "This search is very long: only its beginning counts.",
    ),
    "too_many": (
        "La recherche a trop de mots : ceux qui suivent ne comptent pas.",
        "This search has too many words: the rest does not count.",
    ),
    "too_deep": (
        "Il y a trop de parenthèses les unes dans les autres : celle-ci ne compte pas.",
        "Too many parentheses inside each other: this one does not count.",
    ),
    "open_quote": (
        "Ces guillemets ne sont pas refermés : l’expression va jusqu’au bout.",
        "This quotation is not closed: it goes on to the end.",
    ),
    "open_parenthesis": (
        "Cette parenthèse n’est pas refermée : elle l’est à la fin.",
        "This parenthesis is not closed: it is closed at the end.",
    ),
    "stray_parenthesis": (
        "Cette parenthèse ne ferme rien : elle ne compte pas.",
        "This parenthesis closes nothing: it does not count.",
    ),
    "stray_operator": (
        "« {} » n’a rien à relier ici : il ne compte pas.",
        "“{}” has nothing to connect here: it does not count.",
    ),
    "empty_field": (
        "Il manque un mot après « {} » : ce champ ne compte pas.",
        "A word is missing after “{}”: this field does not count.",
    ),
    "unknown_field": (
        "« {} » n’est pas un champ : c’est un mot comme les autres.",
        "“{}” is not a field: it is a word like any other.",
    ),
    "unknown_value": (
        "« {} » n’est pas connu dans ce champ : rien n’y répond.",
        "“{}” is not known in this field: nothing has it.",
    ),
    "no_date": (
        "« {} » n’est pas une date : écrivez 2026-01, 15/01/2026, hier ou 7j.",
        "“{}” is not a date: write 2026-01, 15/01/2026, hier or 7j.",
    ),
    "short_prefix": (
        "Il faut au moins deux lettres avant l’astérisque : « {} » ne compte pas.",
        "At least two letters must stand before the asterisk: “{}” does not count.",
    ),
    "nothing": (
        "Il n’y a là aucun mot à chercher : voici tout.",
        "There is no word to search for: here is everything.",
    ),
}
"""Code → what people read, French and English."""

_FIELDS: Final = {
    "title": ("dans le titre : {}", "in the title: {}"),
    "name": ("groupe : {}", "group: {}"),
    "author": ("de {}", "by {}"),
    "topic": ("thème : {}", "topic: {}"),
    "objective": ("objectif : {}", "objective: {}"),
    "skill": ("savoir-faire : {}", "skill: {}"),
    "area": ("territoire : {}", "place: {}"),
    "kind": ("plateforme : {}", "platform: {}"),
    "type": ("type : {}", "type: {}"),
    "language": ("langue : {}", "language: {}"),
    "group": ("groupe : {}", "group: {}"),
}
_MONTHS: Final = (
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(),
    "January February March April May June July August September October November December".split(),
)


def warning(code: str, word: str, language: Language) -> str:
    """The sentence of a warning."""
    return WARNINGS[code][language == "en"].format(word)


def node(tree: Node, language: Language) -> str:
    """A tree in words.

    >>> node(All((Text("logement"), Without(Text("Paris")))), "fr")
    '« logement », sauf « Paris »'
    """
    return _say(tree, language, inside=False)


def chosen(dimension: str, values: str, language: Language) -> str:
    """A filter in words: `thème : Logement`."""
    return _FIELDS[dimension][language == "en"].format(values)


def span(since: datetime | None, until: datetime | None, language: Language) -> str:
    """A period in words; `until` is the first instant after it."""
    english = language == "en"
    last = None if until is None else until - timedelta(seconds=1)
    if since is not None and last is not None:
        if since.astimezone(PARIS).date() == last.astimezone(PARIS).date():
            return f"on {day(since, language)}" if english else f"le {day(since, language)}"
        words = "from {} to {}" if english else "du {} au {}"
        return words.format(day(since, language), day(last, language))
    if since is not None:
        return f"since {day(since, language)}" if english else f"depuis le {day(since, language)}"
    if last is not None:
        return f"until {day(last, language)}" if english else f"jusqu’au {day(last, language)}"
    return ""


def day(instant: datetime, language: Language) -> str:
    """A day in Paris.

    >>> from datetime import UTC
    >>> day(datetime(2026, 1, 1, tzinfo=UTC), "fr"), day(datetime(2026, 1, 1, tzinfo=UTC), "en")
    ('1er janvier 2026', '1 January 2026')
    """
    local = instant.astimezone(PARIS)
    first = "1er" if local.day == 1 and language == "fr" else str(local.day)
    return f"{first} {_MONTHS[language == 'en'][local.month - 1]} {local.year}"


def quoted(words: str, language: Language) -> str:
    """Between the language's quotation marks."""
    return f"“{words}”" if language == "en" else f"« {words} »"


def _say(tree: Node, language: Language, *, inside: bool) -> str:
    english = language == "en"
    match tree:
        case Text(words, exact, field):
            shown = quoted(words, language)
            if exact:
                shown += " (in these very words)" if english else " (mot pour mot)"
            return _in_field(shown, field, language)
        case Start(start, field):
            return _in_field(quoted(f"{start}…", language), field, language)
        case Choice(dimension, values, written):
            labels = [label(dimension, value, language) for value in values]
            known = labels != list(values) or dimension in {"type", "language"}
            shown = (" or " if english else " ou ").join(labels) if known else written
            return _FIELDS[dimension][english].format(shown)
        case Dates(since, until, _):
            return span(since, until, language)
        case Without(part):
            return ("not " if english else "sauf ") + _say(part, language, inside=True)
        case Some(parts):
            joined = (" or " if english else " ou ").join(
                _say(part, language, inside=True) for part in parts
            )
            return f"({joined})" if inside else joined
        case All(parts):
            joined = _all(parts, language)
            return f"({joined})" if inside else joined


def _in_field(shown: str, field: str, language: Language) -> str:
    return shown if field == "text" else _FIELDS[field][language == "en"].format(shown)


def _all(parts: tuple[Node, ...], language: Language) -> str:
    """Words first, joined by « et »; then what narrows them down, after commas."""
    words = [part for part in parts if isinstance(part, Text | Start | Some | All)]
    rest = [part for part in parts if part not in words]
    both = " and " if language == "en" else " et "
    told = [both.join(_say(part, language, inside=True) for part in words)] if words else []
    told.extend(_say(part, language, inside=True) for part in rest)
    return ", ".join(told)
