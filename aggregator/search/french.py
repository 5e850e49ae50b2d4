"""French words brought to one form (inflection), and the forms a searcher also means (derivation).

Pure rules over folded words, no lists of documents. Inflection is done to entries and queries
alike and stays careful: what would confuse two words (port and porte, conseil and conseiller,
organe and organisation) is left apart. Derivation (mobilisation → mobiliser, mobilisent) is only
done to queries, as alternatives, so that it can be wrong without spoiling the index.
"""

from __future__ import annotations

import re
from typing import Final

# Words whose last s or x is no plural, or whose plain form would be another word (plus, PLU).
INVARIABLE: Final = frozenset(
    """
    acces acquis apres assez aupres autobus autrefois avis bas bis bois bras bus campus cas ces
    chaux chez gris
    choix colis compromis concours congres consensus corps cours creux croix dans depens depuis
    des deux dehors dessous dessus dos ds eux exces faux fils fois fonds gaz gens gros
    hors houx jadis jamais las les lors mais malus mars mauvais mes mieux mois moins nous
    numerus os parcours paris parfois pas pays permis plus poids pois prix proces
    processus progres propos puis puits quelquefois ras recours refus relais remords repas repos
    sans secours sens ses sous souris sus tapis tas taux temps tes toujours tous toux tres trois
    univers us velours vers virus vis voix vous cursus prospectus surplus terminus
    """.split()
)

# Feminines, plurals and spellings that no safe rule makes.
IRREGULAR: Final = {
    form: word
    for word, forms in {
        "beau": "belle belles bel beaux",
        "nouveau": "nouvelle nouvelles nouvel nouveaux",
        "vieux": "vieille vieilles vieil",
        "fou": "folle folles",
        "oeil": "yeux",
        "an": "ans",
        "saint": "st sts saints",
        "sainte": "ste stes saintes",
        "reel": "reelle reelles",
        "leger": "legere legeres",
        "agent": "agente agentes",
        "laic": "laique laiques laics",
        "epoux": "epouse epouses",
        "ciel": "cieux",
        "aieul": "aieux",
        "travail": "travaux",
        "vitrail": "vitraux",
        "bail": "baux",
        "corail": "coraux",
        "soupirail": "soupiraux",
        "email": "emaux",
        "blanc": "blanche blanches blancs",
        "franc": "franche franches",
        "sec": "seche seches",
        "frais": "fraiche fraiches",
        "doux": "douce douces",
        "faux": "fausse fausses",
        "roux": "rousse rousses",
        "gros": "grosse grosses",
        "bas": "basse basses",
        "epais": "epaisse epaisses",
        "expres": "expresse expresses",
        "long": "longue longues",
        "public": "publique publiques",
        "turc": "turque turques",
        "grec": "grecque grecques",
        "bon": "bonne bonnes",
        "neuf": "neuve neuves neufs",
        "vif": "vive vives",
        "bref": "breve breves",
        "vert": "verte vertes",
        "fort": "forte fortes",
        "court": "courte courtes",
        "lent": "lente lentes",
        "haut": "haute hautes",
        "petit": "petite petites",
        "grand": "grande grandes",
        "gratuit": "gratuite gratuites",
        "ecrit": "ecrite ecrites",
        "inscrit": "inscrite inscrites",
        "interdit": "interdite interdites",
        "produit": "produite produites",
        "construit": "construite construites",
        "reduit": "reduite reduites",
        "detruit": "detruite detruites",
        "inedit": "inedite inedites",
        "etroit": "etroite etroites",
        "complet": "complete completes",
        "concret": "concrete concretes",
        "discret": "discrete discretes",
        "secret": "secrete secretes",
        "inquiet": "inquiete inquietes",
        "net": "nette nettes",
        "muet": "muette muettes",
        "sujet": "sujette sujettes",
        "voisin": "voisine voisines",
        "citadin": "citadine citadines",
        "feminin": "feminine feminines",
        "masculin": "masculine masculines",
        "clandestin": "clandestine clandestines",
        "urbain": "urbaine urbaines",
        "marchand": "marchande marchandes",
        "second": "seconde secondes",
        "allemand": "allemande allemandes",
        "noir": "noire noires",
        "clair": "claire claires",
        "cher": "chere cheres",
        "fier": "fiere fieres",
        "dur": "dure dures",
        "sur": "sure sures",
        "pur": "pure pures",
        "futur": "future futures",
        "seul": "seule seules",
        "civil": "civile civiles",
        "ancien": "ancienne anciennes",
        "actif": "active actives",
        "elu": "elue elues",
        "lycee": "lycees",
        "musee": "musees",
        "journee": "journees",
        "donnee": "donnees",
        "arrivee": "arrivees",
        "tournee": "tournees",
        "randonnee": "randonnees",
        "traversee": "traversees",
        "annee": "annees",
        "soiree": "soirees",
        "matinee": "matinees",
        "assemblee": "assemblees",
        "idee": "idees",
        "entree": "entrees",
        "duree": "durees",
        "armee": "armees",
        "fumee": "fumees",
        "rentree": "rentrees",
        "vallee": "vallees",
        "chaussee": "chaussees",
        "allee": "allees",
        "cle": "cles clef clefs",
        "cite": "cites",
        "cafe": "cafes",
        "marche": "marches",
        "comite": "comites",
        "ete": "etes",
        "sante": "santes",
        "libre": "libres",
        "monsieur": "messieurs",
        "madame": "mesdames",
        "juif": "juive juives",
        "veuf": "veuve veuves",
        "jumeau": "jumelle jumelles",
        "heros": "heroine heroines",
        "maire": "maires mairesse mairesses",
        "copain": "copine copines",
    }.items()
    for form in forms.split()
}

_PLAIN: Final = frozenset(IRREGULAR.values())

# Nouns in -é: what is left of them is no verb (comité is not comiter).
_NOUNS_IN_E: Final = re.compile(
    r"(?:it|et|ut|rt|nt|st|ct|ti)e$|^(?:cafe|marche|carre|cote|degre|defile|pre|gre|the|ble|trace"
    r"|conge|clerge|duche|eveche|supermarche|hypermarche|resume|curriculum|fosse|ble|defi)$"
)

_PLURAL_OUX: Final = frozenset("bijoux cailloux choux genoux hiboux joujoux poux".split())
_EUR_NOT_EUX: Final = re.compile(r"(?:[^irg]|sirie|chercheu|coureu|tireu|livreu|nageu|voyageu)$")

# Words that mean one thing in several forms that no rule below makes of each other.
_FAMILY: Final = {
    word: family
    for line in """
        vote voter votent votons votez
        aide aider aident aidons aidez
        lutte lutter luttent luttons luttez
        debat debattre debattent debattons debattez debattu
        fermeture fermer ferment ferme fermons fermez
        ouverture ouvrir ouvrent ouvre ouvrons ouvrez ouvert
        signature signer signent signe signons signez
        election elire elisent
        culture culturel
        vente vendre vendent vendu
        reponse repondre repond repondent repondons repondu
        accueil accueillir accueillent accueille accueillons
        soutien soutenir soutiennent soutenu
        """.strip().splitlines()
    for family in [tuple(line.split())]
    for word in family
}

# Words whose stem is another word's, or that another word's stem would make.
_NOT_DERIVED: Final = frozenset(
    """
    action aliment amer appartement argument atelier batiment berger boulanger cahier calendrier
    chantage chantier charpentier cher ciment clavier clement comment conseiller content courrier
    danger departement dernier document dossier element enfer entier equipage escalier etranger
    fer fevrier fichier fier financier foyer hier hiver hospitalier hotelier instrument janvier
    leger loyer
    menager mer messager metier millier million mission mobilier moment monument nation ouvrier
    palier panier papier parlement particulier partir passager passion pension policier pompier
    premier quartier ration regiment region regulier religion reportage sacrement sentiment
    serment station testament usager ver verger version vetement
    """.split()
)


def inflected(word: str, *, participle: bool = False) -> str:
    """The plain form of a folded word: singular, masculine; a participle's infinitive.

    `participle` says that it was written with é (accents tell rénové from rénove).

    >>> [inflected(word) for word in ("journaux", "citoyennes", "directrice", "porte", "plus")]
    ['journal', 'citoyen', 'directeur', 'porte', 'plus']
    >>> inflected("renovees", participle=True)
    'renover'
    """
    if word in IRREGULAR:
        return IRREGULAR[word]
    if len(word) < 4 or word in INVARIABLE or not word.isalpha():
        return word
    if participle:
        return _participle(word)
    singular = _singular(word)
    return IRREGULAR.get(singular) or _masculine(singular)


def _participle(word: str) -> str:
    base = word.removesuffix("s")
    if base in _PLAIN:
        return base
    masculine = base[:-1] if base.endswith("ee") else base
    # The infinitive stands for all of them: rénové, rénovées, rénover.
    is_noun = _NOUNS_IN_E.search(masculine) or len(masculine) < 4
    return masculine if is_noun else masculine[:-1] + "er"


def _singular(word: str) -> str:
    if word.endswith("aux"):
        return word[:-1] if word.endswith(("eaux", "yaux")) or len(word) < 6 else word[:-2] + "l"
    if word.endswith("eux"):
        # Milieux, lieux, enjeux, cheveux lose their x; nombreux, sérieux, heureux keep it.
        return word[:-1] if re.search(r"(?:^l|mil|j|f|v|ch|^p|o)eux$|lieux$", word) else word
    if word.endswith("oux"):
        return word[:-1] if word in _PLURAL_OUX else word
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _masculine(word: str) -> str:
    for ending, plain, shortest in _FEMININE:
        if word.endswith(ending) and len(word) >= shortest:
            return word[: -len(ending)] + plain
    if word.endswith("euse") and len(word) >= 7:
        stem = word[:-2]
        return stem[:-1] + "ur" if _EUR_NOT_EUX.search(word[:-4]) else stem[:-1] + "ux"
    return word


# Ending, its masculine, and the shortest word it is believed of.
_FEMININE: Final = (
    ("trice", "teur", 7),
    ("ienne", "ien", 7),
    ("yenne", "yen", 7),
    ("eenne", "een", 7),
    ("pionne", "pion", 8),
    ("tonne", "ton", 8),
    ("elle", "el", 7),
    ("chere", "cher", 8),
    ("arde", "ard", 8),
    ("iere", "ier", 7),
    ("llere", "ller", 8),
    ("gere", "ger", 7),
    ("ative", "atif", 7),
    ("itive", "itif", 7),
    ("ctive", "ctif", 7),
    ("ntive", "ntif", 8),
    ("nsive", "nsif", 7),
    ("rtive", "rtif", 7),
    ("ssive", "ssif", 7),
    ("usive", "usif", 7),
    ("rieure", "rieur", 8),
    ("jeure", "jeur", 7),
    ("neure", "neur", 7),
    ("lleure", "lleur", 8),
    ("teure", "teur", 7),
    ("seure", "seur", 9),
    ("nieure", "nieur", 9),
    ("cheure", "cheur", 9),
    ("cureure", "cureur", 9),
    ("aise", "ai", 7),
    ("oise", "oi", 7),
    ("aine", "ain", 7),
    ("ante", "ant", 7),
    ("ente", "ent", 7),
    ("erte", "ert", 7),
    ("ale", "al", 6),
    ("ane", "an", 8),
    ("due", "du", 6),
    ("nue", "nu", 7),
    ("lue", "lu", 7),
    ("ie", "i", 99),
)


def derived(word: str) -> tuple[str, ...]:
    """The other forms that one who searches for this word also means, folded and plain.

    >>> derived("mobilisation")
    ('mobiliser', 'mobilisent', 'mobilise', 'mobilisons', 'mobilisez')
    >>> derived("ecologie"), derived("conseil")
    (('ecologique', 'ecologetique'), ())
    """
    if word in _FAMILY:
        return tuple(other for other in _FAMILY[word] if other != word)
    if word in _NOT_DERIVED or len(word) < 5:
        return ()
    for ending, shortest, forms in _DERIVATIONS:
        if word.endswith(ending) and len(word) >= shortest:
            stem = word[: -len(ending)]
            return tuple(stem + form for form in forms if stem + form not in _NOT_DERIVED)
    return ()


# Ending, the shortest word, the endings to try in its place; the first that fits decides.
_DERIVATIONS: Final = (
    ("isation", 9, ("iser", "isent", "ise", "isons", "isez")),
    ("ification", 11, ("ifier", "ifient", "ifie", "ifions", "ifiez")),
    ("ication", 10, ("iquer", "iquent")),
    ("ation", 8, ("er", "ent", "ons", "ez")),
    ("ition", 9, ("ir", "issent", "it", "i", "ie")),
    ("position", 10, ("poser", "posent", "pose", "posons", "posez")),
    ("ulsion", 8, ("ulser", "ulsent")),
    ("uction", 8, ("uire", "uisent", "uit")),
    ("ution", 8, ("uer", "uent", "ue")),
    ("ement", 8, ("er", "ent")),
    ("issent", 9, ("ir", "it", "ition")),
    ("erent", 8, ("er", "ement", "ation")),
    ("aient", 8, ("er", "ent", "ement", "ation")),
    ("ent", 7, ("er", "ement", "ation", "e")),
    ("ifier", 8, ("ifient", "ifie", "ifions", "ifiez", "ification")),
    ("iser", 7, ("isent", "ise", "isons", "isez", "isation")),
    ("ulser", 7, ("ulsent", "ulse", "ulsion")),
    ("quer", 7, ("quent", "que", "quez", "quons", "cation", "quation")),
    ("uer", 6, ("uent", "ue", "uons", "uez", "ution", "uation")),
    ("poser", 7, ("posent", "pose", "posons", "posez", "position")),
    ("oyer", 7, ("oient", "oie", "oyons", "oyez", "oyage")),
    ("oyage", 8, ("oyer", "oient", "oie")),
    ("age", 8, ("er", "ent", "e")),
    ("er", 7, ("ent", "e", "ons", "ez", "ation", "ement", "age")),
    ("er", 5, ("ent", "e", "ons", "ez", "ation", "ement")),
    ("endre", 6, ("end", "endent", "endons", "endez", "endu")),
    ("ondre", 7, ("ond", "ondent", "ondons", "ondez", "ondu")),
    ("uire", 7, ("uisent", "uit", "uction")),
    ("ir", 5, ("issent", "it", "i", "ie", "ition")),
    ("getique", 9, ("gie",)),
    ("gie", 7, ("gique", "getique")),
    ("graphie", 9, ("graphique",)),
    ("cratie", 9, ("cratique",)),
    ("cratique", 9, ("cratie",)),
    ("graphique", 9, ("graphie",)),
    ("gique", 7, ("gie",)),
    ("omie", 7, ("omique",)),
    ("omique", 7, ("omie",)),
    ("te", 6, ("ter", "tent", "tation")),
    ("e", 6, ("er", "ent")),
)
