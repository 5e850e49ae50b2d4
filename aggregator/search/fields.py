"""The fields of the query language: their names, and what their values mean.

Knows the taxonomy, no group and no source.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from aggregator.search.analysis import fold
from aggregator.search.nodes import Choice
from aggregator.taxonomy import areas, terms

NAMES: Final[Mapping[str, str]] = {
    written: name
    for name, spellings in {
        "title": "titre title",
        "name": "groupe group",
        "author": "auteur autrice author",
        "topic": "theme themes topic",
        "objective": "objectif objective",
        "skill": "savoir savoirfaire savoir_faire savoir-faire skill",
        "area": "territoire lieu area place",
        "kind": "plateforme genre kind",
        "type": "type",
        "language": "langue language lang",
        "since": "depuis since",
        "after": "apres after",
        "until": "jusqua jusqu'a until",
        "before": "avant before",
        "on": "date le on",
    }.items()
    for written in spellings.split()
}
"""Folded name as written → field."""

TEXTS: Final = frozenset({"title", "name", "author"})
DATES: Final = frozenset({"since", "after", "until", "before", "on"})

_TYPES: Final = {
    "article": "article articles billet billets",
    "event": "event events evenement evenements agenda rendez-vous",
    "discussion": "discussion discussions forum debat debats",
    "video": "video videos film films",
    "audio": "audio podcast podcasts son radio",
    "dataset": "dataset datasets donnees jeu",
    "page": "page pages",
}
_LANGUAGES: Final = {
    "fr": "fr francais french",
    "en": "en anglais english",
    "es": "es espagnol spanish",
    "de": "de allemand german",
    "it": "it italien italian",
    "pt": "pt portugais portuguese",
    "ar": "ar arabe arabic",
    "zh": "zh chinois chinese",
    "nl": "nl neerlandais dutch",
    "ca": "ca catalan",
    "ro": "ro roumain romanian",
    "tr": "tr turc turkish",
    "pl": "pl polonais polish",
    "ru": "ru russe russian",
    "uk": "uk ukrainien ukrainian",
}
TYPE_LABELS: Final = {
    "article": ("article", "article"),
    "event": ("événement", "event"),
    "discussion": ("discussion", "discussion"),
    "video": ("vidéo", "video"),
    "audio": ("son", "audio"),
    "dataset": ("jeu de données", "dataset"),
    "page": ("page", "page"),
}
LANGUAGE_LABELS: Final = {
    "fr": ("français", "French"),
    "en": ("anglais", "English"),
    "es": ("espagnol", "Spanish"),
    "de": ("allemand", "German"),
    "it": ("italien", "Italian"),
    "pt": ("portugais", "Portuguese"),
    "ar": ("arabe", "Arabic"),
    "zh": ("chinois", "Chinese"),
    "nl": ("néerlandais", "Dutch"),
    "ca": ("catalan", "Catalan"),
    "ro": ("roumain", "Romanian"),
    "tr": ("turc", "Turkish"),
    "pl": ("polonais", "Polish"),
    "ru": ("russe", "Russian"),
    "uk": ("ukrainien", "Ukrainian"),
}


def choice(dimension: str, value: str) -> tuple[Choice, bool]:
    """What a value means in a dimension, and whether it means anything: slug, name, code or part.

    >>> choice("topic", "Logement")[0].values
    ('logement',)
    """
    exact = exactly(dimension, value)
    if exact is not None:
        return exact, True
    known, wanted = _known(dimension), _simple(value)
    near = dict.fromkeys(
        slug for name, slug in known.items() if len(wanted) > 2 and wanted in name.split()
    )
    if near:
        labels = ", ".join(label(dimension, slug) for slug in near)
        return Choice(dimension, tuple(near), labels), True
    return Choice(dimension, (wanted.replace(" ", "-"),), value.strip()), False


def exactly(dimension: str, value: str) -> Choice | None:
    """What a whole name, slug or code means; None for a part of one, or what is unknown.

    >>> exactly("area", "saint denis").label, exactly("area", "saint")
    ('Saint-Denis', None)
    """
    if dimension == "area":
        area = areas.by_code(value.strip()) or areas.by_name(value)
        if area is not None:
            return Choice(dimension, (area.slug,), area.name)
        here = areas.by_postcode(value.strip())
        if here:
            return Choice(dimension, tuple(a.slug for a in here), value.strip())
    slug = _known(dimension).get(_simple(value))
    return None if slug is None else Choice(dimension, (slug,), label(dimension, slug))


def label(dimension: str, slug: str, language: str = "fr") -> str:
    """A value as people read it; the slug itself where it has no name."""
    if dimension in {"type", "language"}:
        labels = TYPE_LABELS if dimension == "type" else LANGUAGE_LABELS
        return labels.get(slug, (slug, slug))[language == "en"]
    if dimension in terms.DIMENSIONS and terms.is_term(dimension, slug):
        return terms.term(dimension, slug).label(language)
    return slug


@lru_cache(maxsize=16)
def _known(dimension: str) -> Mapping[str, str]:
    """Folded slug or name → slug."""
    if dimension in {"type", "language"}:
        spellings = _TYPES if dimension == "type" else _LANGUAGES
        return {word: slug for slug, words in spellings.items() for word in words.split()}
    known: dict[str, str] = {}
    for term in terms.terms(dimension):
        for name in (term.slug, term.label_fr, term.label_en):
            known.setdefault(_simple(name), term.slug)
    return known


def _simple(name: str) -> str:
    return " ".join(fold(name).replace("-", " ").replace("'", " ").replace("_", " ").split())
