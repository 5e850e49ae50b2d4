"""In which language a text is written. Pure: scripts, frequent words, and letters.

Knows fr, en, es, pt, it, de, nl, ca, ro, tr, pl, ar, fa, zh, ja, ko, ru, uk, el, he, hi, ta, bn.
Below MIN_LETTERS letters a text says too little, and the source's own language is taken.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

MIN_LETTERS = 25
_READ = 4_000
"""Characters looked at: enough for any text, and bounded."""

_FREQUENT = {
    "fr": "le la les l de des du d et à a au aux en un une est que qu qui dans pour pas par sur "
    "ne n se s ce c cette ces son sa ses il elle ils elles nous vous on je j plus avec "
    "sont être avoir été ont mais ou où leur leurs notre votre nos comme tout tous toutes "
    "y fait sans deux entre aussi même après depuis lors si chez vers très autre contre "
    "cet était peut sous afin donc quand rendez place venez ville quartier "
    "lundi mardi mercredi jeudi vendredi samedi dimanche soir journée janvier février juin "
    "juillet août septembre octobre novembre décembre fête réunion publique habitants mairie "
    "association associations atelier entrée ensemble",
    "en": "the of and to in a is that for it on with as was are be by this from at or an have "
    "has not but which you we they he his her their its our will can all been more one "
    "about who what when there also than into would your do if so up out new how i my me "
    "no these some were had meeting saturday sunday housing neighbourhood street week free",
    "es": "el la los las de del y e en un una unos que es por con no se su sus para al lo como "
    "más pero este esta estos ha han son fue ser muy sin sobre también ya entre cuando "
    "todo nos hay desde porque donde hasta nuestro nuestra contra ese eso si o le les "
    "está están y quien hoy reunión vecinos barrio vivienda sábado domingo calle semana",
    "pt": "o a os as de do da dos das e em um uma que é por com não se seu sua seus suas para "
    "ao aos à às no na nos nas como mais mas este esta foi ser muito sem sobre também já "
    "entre quando tudo há desde porque onde até nosso nossa são está pelo pela pelos "
    "pelas ou ele ela isso você mês num numa reunião moradores bairro cidade domingo rua",
    "it": "il lo la i gli le di del della dei delle dello degli e è in un una uno che per con "
    "non si su sul sulla nel nella al alla ai alle da dal dalla come più ma questo questa "
    "sono anche ha hanno essere molto senza tra fra dove quando tutti ci noi nostro "
    "nostra ed o se loro suo sua riunione quartiere città sabato domenica",
    "de": "der die das den dem des ein eine einen einem einer und in im ist nicht mit für auf "
    "von vom zu zum zur als auch an am es sich bei nach wie aus aber oder wir ihr sie er "
    "ich man sind wird werden war hat haben über um noch nur so dass kann durch gegen "
    "unser unsere mehr alle samstag sonntag treffen stadt wohnung",
    "nl": "de het een en van in is dat op te met voor niet zijn er aan als ook bij door naar om "
    "uit maar of wij we ze zij hij ik je dit deze die wordt worden was heeft hebben over "
    "nog kan meer onze ons hun tot tegen geen wel",
    "ca": "el la els les de del dels i en un una que és per amb no es seu seva al als com més "
    "però aquest aquesta són va ser sense sobre també ja entre quan tot hi ha des on fins "
    "nostre nostra contra si o pel pels li ens vam han està",
    "ro": "și în de la a al ale un o cu pe nu se că este sunt din pentru care mai ce ca sau dar "
    "fost au am fi prin după despre acest această noi lor lui ei sa său toate dacă până "
    "între fără foarte unei unui cei cele",
    "tr": "ve bir bu da de için ile olarak olan çok daha gibi en ne kadar sonra var yok değil "
    "ama veya ya ki her o biz siz onlar ben sen mi mı mu mü ise tüm karşı göre kendi iki "
    "yeni olduğu oldu etti eden diye üzere ancak şu tarafından",
    "pl": "i w na z do nie się to jest że o jak po za od dla co ale przez czy tak są był była "
    "było już tylko może być ma przy oraz ich jego jej który która które tym tego także "
    "lub ze pod nad bez my wy oni nas wszystkich dzielnicy",
}
_LETTERS = {
    "ğış": "tr",
    "łąężźśćń": "pl",
    "ñ¿¡": "es",
    "ãõ": "pt",
    "ß": "de",
    "ățșţ": "ro",
    "œùêû": "fr",
    "ŀ": "ca",
}
_LETTER_WEIGHT = 0.8
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("bn", re.compile(r"[\u0980-\u09ff]")),
    ("ta", re.compile(r"[\u0b80-\u0bff]")),
)
_FOREIGN_LETTER = re.compile("|".join(script.pattern for _, script in _SCRIPTS))
_ADDRESS = re.compile(r"https?://\S+|\S+@\S+|[#@]\w+")
_WORD = re.compile(r"[^\W\d_]+")


def language_of(text: str, fallback: str | None = None) -> str | None:
    """ISO 639-1 code of the text's main language; the fallback where the text says too little.

    Bounded: the first 4,000 characters are read. Title and text together tell more than one.

    >>> language_of("Les habitants du quartier se réunissent pour défendre leur jardin.")
    'fr'
    >>> language_of("Concert", "fr")
    'fr'
    """
    sample = _ADDRESS.sub(" ", text[:_READ])
    letters = sum(map(str.isalpha, sample))
    other = _other_script(sample, letters)
    if other is not None:
        return other
    if letters < MIN_LETTERS:
        return fallback
    return _latin(sample.lower()) or fallback


def _other_script(sample: str, letters: int) -> str | None:
    """A language known by its script, when that script holds most of the letters."""
    if not letters or not _FOREIGN_LETTER.search(sample):
        return None
    for language, script in _SCRIPTS:
        # One ideogram says about as much as two or three letters.
        share = len(script.findall(sample)) * (2 if language in {"zh", "ja", "ko"} else 1)
        if share > letters * (0.2 if language == "ja" else 0.5):
            return _neighbour(language, sample)
    return None


def _neighbour(language: str, sample: str) -> str:
    if language == "ar" and len(re.findall(r"[پچژگک‌ی]", sample)) * 40 > len(sample):
        return "fa"
    if language == "ru" and re.search(r"[іїєґ]", sample):
        return "uk"
    return language


@lru_cache(maxsize=1)
def _weights() -> dict[str, dict[str, float]]:
    """What a frequent word says for each language: less where many share it."""
    languages = {language: set(words.split()) for language, words in _FREQUENT.items()}
    shared = Counter(word for words in languages.values() for word in words)
    found: dict[str, dict[str, float]] = {}
    for language, words in languages.items():
        for word in words:
            found.setdefault(word, {})[language] = (1.0 if len(word) > 1 else 0.6) / shared[word]
    return found


def _latin(sample: str) -> str | None:
    weights = _weights()
    scores: dict[str, float] = dict.fromkeys(_FREQUENT, 0.0)
    for word in _WORD.findall(sample):
        for language, weight in weights.get(word, {}).items():
            scores[language] += weight
    for letters, language in _LETTERS.items():
        count = sum(map(sample.count, letters))
        scores[language] += _LETTER_WEIGHT * min(count, 5)
    best, second = sorted(scores.values(), reverse=True)[:2]
    if best < 1.0 or best - second < 0.15:
        return None
    return max(scores, key=scores.__getitem__)
