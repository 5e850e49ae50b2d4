"""A deterministic French collection and the query mix asked of it; the same on every machine.

Term frequencies are Zipf-like: small words first, then civic French, then made-up words that
French could have. Imported by `bench/search.py`; knows no engine.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from aggregator.search.engine import IndexedEntry

NEWEST = datetime(2026, 11, 24, tzinfo=UTC)
TOPICS = [f"theme-{n}" for n in range(12)]
OBJECTIVES = [f"objectif-{n}" for n in range(3)]
SKILLS = [f"savoir-{n}" for n in range(4)]
AREAS = [f"territoire-{n}" for n in range(20)]
SOURCES = 800

_SMALL = (
    """
    de la le et les des en à du une un pour dans est que qui sur par plus au avec sont ce il
    se pas nous cette ou aux leur tout mais été ont elle même ses fait comme ces entre sans
    être
    """
).split()
_CIVIC = (
    """
    quartier ville habitants logement réunion projet mairie association conseil école place
    rue jardin marché vélo tramway métro écologie énergie climat transition solidarité
    précarité loyer expulsion locataires bailleur rénovation aménagement urbanisme
    concertation enquête publique budget participatif citoyens élus commune métropole
    arrondissement département territoire culture bibliothèque théâtre musique atelier fête
    mémoire histoire santé hôpital crèche collège lycée université formation emploi chômage
    coopérative économie sociale solidaire compost déchets recyclage eau Seine canal parc
    arbres pollution bruit circulation piste cyclable gare ligne chantier friche ZAC PLU HLM
    densification béton façade toiture isolation chauffage facture aide droits justice police
    prévention jeunesse femmes égalité migrants accueil hébergement alimentation cantine ferme
    AMAP distribution bénévoles collectif assemblée débat vote élection candidats programme
    mandat opposition majorité gouvernance données cartographie numérique journal presse radio
    podcast œuvre cœur sœur manœuvre aujourd'hui week-end rez-de-chaussée Saint-Denis
    Seine-Saint-Denis Île-de-France Montreuil Aubervilliers Pantin Bobigny Créteil Ivry Vitry
    Nanterre Gennevilliers Épinay Bagnolet
    """
).split()
_OPENINGS = tuple(
    line.split()
    for line in (
        "b c ch d f g j l m n p r s t v br cr dr fr gr pl pr tr bl cl",
        "a e i o u ou ai an en in on eu é è",
        "b c d f g l m n p r s t v ss tt nn ll rd rt st mb mp nc nt",
        "age aison ance ateur ation elle ement ence ette eur eux iste ité oir ure ique ible ien",
    )
)
_RARE_FORMS = ("l'{}", "d'{}", "qu'{}", "{}s", "{}")
_EXTRAS = ("13e arrondissement", "XIIIe arrondissement", "75013 Paris", "P.L.U.", "Z.A.C.", "93")


@dataclass(frozen=True, slots=True)
class Asked:
    """One query of the mix."""

    kind: str
    words: str = ""
    topic: str | None = None
    area: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Collection:
    """`size` entries, made anew each time they are iterated, always the same."""

    def __init__(self, size: int, vocabulary: int = 60_000) -> None:
        self.size = size
        self.words = [*_SMALL, *_CIVIC, *_made_up(vocabulary)]
        # A little flatter than 1/rank: real texts have more than one favourite word.
        self._weights = list(accumulate(1 / (rank + 8) ** 1.03 for rank in range(len(self.words))))

    def __iter__(self) -> Iterator[IndexedEntry]:
        return self.entries(range(1, self.size + 1))

    def entries(self, numbers: Sequence[int]) -> Iterator[IndexedEntry]:
        """The entries with these numbers; each depends on its number only."""
        for number in numbers:
            chance = random.Random(number)
            source = int(SOURCES * chance.random() ** 2)
            yield IndexedEntry(
                id=number,
                title=self._title(chance),
                text=self._text(chance),
                language="fr",
                published=NEWEST - timedelta(seconds=chance.randrange(5 * 365 * 86_400)),
                group=f"groupe-{source}",
                group_name=f"Groupe {source}",
                source=source + 1,
                topics=tuple(chance.sample(TOPICS, chance.choice((1, 1, 2)))),
                objectives=(chance.choice(OBJECTIVES),),
                skills=tuple(chance.sample(SKILLS, chance.choice((0, 1)))),
                areas=tuple(chance.sample(AREAS, chance.choice((1, 1, 1, 2)))),
            )

    def _title(self, chance: random.Random) -> str:
        return " ".join(self._draw(chance, chance.randint(7, 13))).capitalize()

    def _text(self, chance: random.Random) -> str:
        words = self._draw(chance, chance.randint(150, 300))
        for at in range(20, len(words), 47):
            form = chance.choice(_RARE_FORMS)
            vowel = words[at][0].lower() in "aeiouéèêh"
            words[at] = form.format(words[at]) if vowel or "'" not in form else words[at]
        if chance.random() < 0.05:
            words[3:3] = chance.choice(_EXTRAS).split()
        for at in range(12, len(words), 13):
            words[at] += "."
        return " ".join(words)

    def _draw(self, chance: random.Random, count: int) -> list[str]:
        return chance.choices(self.words, cum_weights=self._weights, k=count)

    def queries(self) -> list[Asked]:
        """The mix of ../shared/search/README.md: 231 queries, always the same."""
        chance = random.Random("queries")
        sample = list(self.entries(range(1, min(self.size, 4000) + 1)))
        held = Counter(word for entry in sample for word in {*_words(entry)})
        per_20_000 = 20_000 / len(sample)
        rare = sorted(w for w, n in held.items() if n * per_20_000 <= 12 and len(w) > 4)
        common = sorted(
            w for w, n in held.items() if 0.22 <= n / len(sample) <= 0.45 and len(w) > 1
        )
        middle = sorted(w for w, n in held.items() if 0.01 <= n / len(sample) < 0.22 and len(w) > 3)
        asked = [Asked("rare", chance.choice(rare or middle)) for _ in range(25)]
        asked += [Asked("common", chance.choice(common or middle)) for _ in range(24)]
        asked += [Asked("and", " ".join(chance.sample(middle, 2))) for _ in range(30)]
        asked += [Asked("phrase", f'"{_phrase(chance, sample)}"') for _ in range(25)]
        asked += [Asked("variant", chance.choice(_VARIANTS)) for _ in range(25)]
        asked += [
            Asked("prefix", chance.choice(middle)[: chance.randint(4, 6)] + "*") for _ in range(25)
        ]
        asked += [self._filter(chance, "filter") for _ in range(30)]
        asked += [self._filter(chance, "text+filter", chance.choice(middle)) for _ in range(30)]
        asked += [self._dated(chance) for _ in range(16)]
        return [*asked, Asked("everything")]

    def _filter(self, chance: random.Random, kind: str, words: str = "") -> Asked:
        since = NEWEST - timedelta(days=chance.randrange(60, 5 * 365))
        until = since + timedelta(days=chance.randrange(30, 700))
        return Asked(kind, words, chance.choice(TOPICS), chance.choice(AREAS), since, until)

    def _dated(self, chance: random.Random) -> Asked:
        since = NEWEST - timedelta(days=chance.randrange(5 * 365))
        return Asked(
            "date", since=since, until=since + timedelta(days=chance.choice((1, 7, 31, 365)))
        )


_VARIANTS = (
    """
    ecole ÉNERGIE l'énergie ecologie coeur oeuvre soeur manoeuvre d'habitants PLU P.L.U.
    Z.A.C. zac 13e XIIIe 75013 saint-denis seine-saint-denis ile-de-france epinay creteil
    rez-de-chaussée week-end aujourd’hui rénover
    """
).split()


def _made_up(count: int) -> list[str]:
    chance = random.Random("words")
    words: dict[str, None] = {}
    while len(words) < count:
        syllables = chance.randint(1, 3)
        word = "".join(chance.choice(part) for _ in range(syllables) for part in _OPENINGS[:2])
        words[word + chance.choice(_OPENINGS[2]) + chance.choice(_OPENINGS[3])] = None
    return list(words)


def _words(entry: IndexedEntry) -> Iterator[str]:
    for word in f"{entry.title} {entry.text}".split():
        plain = word.strip(".").lower()
        if plain.isalpha():
            yield plain


def _phrase(chance: random.Random, sample: Sequence[IndexedEntry]) -> str:
    """Two or three neighbouring words of some text."""
    words = chance.choice(sample).text.replace(".", "").split()
    at, count = chance.randrange(len(words) - 3), chance.choice((2, 2, 3))
    return " ".join(words[at : at + count])


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[
        min(len(ordered) - 1, bisect_left(range(1, len(ordered) + 1), share * len(ordered)))
    ]
