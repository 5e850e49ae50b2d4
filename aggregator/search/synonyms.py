"""What the city calls by two names: acronyms and their full names, departments and their numbers.

Data and one lookup. Applied to queries only, so that a new line here needs no new index.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from aggregator.search.analysis import STOP_WORDS, tokens
from aggregator.search.query import Phrase, Query, Word, either

_SAME: Final = """
HLM = logement social = logements sociaux = habitation à loyer modéré
PLU = plan local d'urbanisme
PLUi = plan local d'urbanisme intercommunal
ZAC = zone d'aménagement concerté
ZAD = zone à défendre
ZFE = zone à faibles émissions
ZAN = zéro artificialisation nette
SDF = sans-abri = sans domicile fixe
SCoT = schéma de cohérence territoriale
SRU = solidarité et renouvellement urbain
ANRU = rénovation urbaine
DALO = droit au logement opposable
DAL = droit au logement
APL = aide personnalisée au logement
MGP = métropole du Grand Paris
GPE = Grand Paris Express
EPT = établissement public territorial
AMAP = association pour le maintien d'une agriculture paysanne
ESS = économie sociale et solidaire
SCIC = société coopérative d'intérêt collectif
SCOP = société coopérative et participative
CPTS = communauté professionnelle territoriale de santé
PMI = protection maternelle et infantile
CAF = caisse d'allocations familiales
CCAS = centre communal d'action sociale
RSA = revenu de solidarité active
AESH = accompagnant d'élève en situation de handicap
REP = réseau d'éducation prioritaire
QPV = quartier prioritaire de la politique de la ville = quartier prioritaire
MJC = maison des jeunes et de la culture
EHPAD = établissement d'hébergement pour personnes âgées dépendantes
IVG = interruption volontaire de grossesse
PMR = personne à mobilité réduite
RER = réseau express régional
RATP = régie autonome des transports parisiens
IDFM = Île-de-France Mobilités
SNCF = société nationale des chemins de fer
JO = JOP = jeux olympiques
APUR = atelier parisien d'urbanisme
CESER = conseil économique social et environnemental régional
CNDP = commission nationale du débat public
AME = aide médicale d'État
OQTF = obligation de quitter le territoire français
MNA = mineur non accompagné = mineurs isolés
ASE = aide sociale à l'enfance
GES = gaz à effet de serre
ENR = énergies renouvelables = énergie renouvelable
TDM = tram-train
LGV = ligne à grande vitesse
CDT = contrat de développement territorial
BHNS = bus à haut niveau de service
UFS = urbanisme favorable à la santé
OFS = organisme de foncier solidaire
BRS = bail réel solidaire
SIAE = insertion par l'activité économique
TZCLD = territoire zéro chômeur de longue durée
SEL = système d'échange local
RNU = règlement national d'urbanisme
IDF = Île-de-France
AG = assemblée générale
vélo = bicyclette
boulevard = bd
avenue = av
covoiturage = co-voiturage
weekend = fin de semaine
mail = courriel = e-mail
"""

_DEPARTMENTS: Final = {
    "75": ("département de Paris",),
    "77": ("Seine-et-Marne",),
    "78": ("Yvelines",),
    "91": ("Essonne",),
    "92": ("Hauts-de-Seine", "neuf-deux"),
    "93": ("Seine-Saint-Denis", "neuf-trois"),
    "94": ("Val-de-Marne", "neuf-quatre"),
    "95": ("Val-d'Oise", "neuf-cinq"),
}

_TOO_SHORT: Final = frozenset({"AG", "TDM"})
"""Read one way only: from the full name the acronym would find too much else."""

Terms = tuple[str, ...]


def expression(terms: Sequence[str]) -> Sequence[tuple[int, Query]]:
    """What the first words of these mean besides themselves: how many words, and what they equal.

    The longest first; empty when they have no other name.

    >>> expression(["plan", "local", "urbanisme", "paris"])
    [(3, Word(terms=('plu',), field='text'))]
    """
    found = []
    for words, also in _table().get(terms[0], ()) if terms else ():
        if tuple(terms[: len(words)]) == words:
            found.append((len(words), also))
    return sorted(found, key=lambda pair: -pair[0])


@lru_cache(maxsize=1)
def _table() -> dict[str, list[tuple[Terms, Query]]]:
    """First term → the whole expression and what else it is."""
    table: dict[str, list[tuple[Terms, Query]]] = {}

    def note(asked: str, also: Sequence[Query]) -> None:
        terms = plain(asked)
        table.setdefault(terms[0], []).append((terms, either(*also)))

    for line in _SAME.strip().splitlines():
        names = [name.strip() for name in line.split("=")]
        for name in names:
            others = [other for other in names if other != name and other not in _TOO_SHORT]
            also = [_named(other) for other in others if plain(other) != plain(name)]
            if also:
                note(name, also)
    for number, names_of in _DEPARTMENTS.items():
        place = Word((f"dep{number}",))
        named = Word((f"dep{number}", f"zip{number}"))
        spoken = [_named(name) for name in names_of]
        note(number, [place, *spoken])
        for name in names_of:
            # The bare number counts too many other things.
            note(name, [named, *(_named(other) for other in names_of if other != name)])
    return table


def plain(text: str) -> Terms:
    """The plain terms of an expression, without the words that mean little."""
    return tuple(token.terms[0] for token in tokens(text) if token.form not in STOP_WORDS)


def _named(name: str) -> Query:
    words = tuple(token.terms[:1] for token in tokens(name))
    return Word(words[0]) if len(words) == 1 else Phrase(words)
