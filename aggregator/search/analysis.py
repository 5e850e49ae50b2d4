"""Text to terms, the same for entries, queries and highlights. Pure; knows no engine.

A token has a place, a span in the text, and every term it can be found by: its plain form first,
then the joined form of a hyphenated name, the number in 1er, the postcode of Paris 13e.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from aggregator.search.french import INVARIABLE, derived, inflected


class Token(NamedTuple):
    """One word of a text."""

    position: int
    """Its place: neighbours differ by one."""
    start: int
    end: int
    """The span in the text, in characters."""
    terms: tuple[str, ...]
    """What it is found by, the plain form first; never empty."""
    form: str
    """As written, folded: what prefixes are compared with."""


class Part(NamedTuple):
    """A word inside a written chunk, before its neighbours are looked at."""

    offset: int
    length: int
    terms: tuple[str, ...]
    form: str
    is_open: bool
    """Its neighbours may say more of it: 13 after Paris, 93 in parentheses."""


STOP_WORDS: Final = frozenset(
    """
    a ai ainsi alors apres au aucun aussi autre autres aux avant avec avoir c ca car ce cela ces
    cet cette ceux chaque chez ci comme d dans de deja depuis des donc dont du elle elles en encore
    entre est et etaient etait etc ete etre eu eux fait faire font il ils j je l la le les leur
    leurs lors lui m ma mais me meme memes mes moi mon n ne ni nos notre nous on ont ou par pas
    peu peut plus pour qu quand que quel quelle quelles quels qui s sa se sera ses si soit son
    sont sous sur t ta te tes toi ton tous tout toute toutes tres tu un une vos votre vous y
    """.split()
)

# ʼ counts as a letter in Unicode: here it never is one.
_LETTER: Final = r"[^\W_ʼ][\u0300-\u036f]*"
_WRITTEN: Final = r"(?:[^\Wʼ]++[\u0300-\u036f]*+)++"
_APOSTROPHES: Final = "'’ʼ‘′＇`´"
_HYPHENS: Final = "-‐‑"
_CJK: Final = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
CHUNK: Final = re.compile(
    rf"(?<![^\Wʼ])(?:[^\W\d_ʼ]\.){{2,}}(?:[^\W\d_ʼ](?!\w))?"
    rf"|{_WRITTEN}(?:[{_HYPHENS}{_APOSTROPHES}](?!(?:[^\W\d_]\.){{2}}){_WRITTEN})*"
)
"""What is looked at in one piece: P.L.U. (after L' as well), l'école, Seine-Saint-Denis."""
_PARTS: Final = re.compile(rf"(?:(?!{_CJK})(?:{_LETTER}))+|{_CJK}")
_ELIDED: Final = frozenset("l d j m t s c n y qu lorsqu puisqu jusqu quoiqu presqu quelqu".split())
_WHOLE: Final = re.compile(r"^(?:aujourd|prud|grand|entr|o)$")
_ORDINAL: Final = re.compile(r"^(\d{1,4})(?:er|ere|re|e|eme|ieme|nd|nde|de)s?$", re.ASCII)
_ROMAN: Final = re.compile(r"^(?:(I)(?:er|re|ère|ʳᵉ|ᵉʳ)|([IVX]+)(?:e|ème|eme|ᵉ))$")
_PARIS_POSTCODE: Final = re.compile(r"^75(?:0(0[1-9]|1\d|20)|116)$")
_DEPARTMENTS: Final = frozenset("75 77 78 91 92 93 94 95".split())
_SPELLED: Final = {
    word: f"{number}e"
    for number, word in enumerate(
        "premier deuxieme troisieme quatrieme cinquieme sixieme septieme huitieme neuvieme dixieme "
        "onzieme douzieme treizieme quatorzieme quinzieme seizieme dixseptieme dixhuitieme "
        "dixneuvieme vingtieme".split(),
        1,
    )
    if number > 1
}
_ORDINALS: Final = {"1e": ("premier",), "premier": ("1e",), "2e": ("second",), "second": ("2e",)}
"""What a searcher also means; in entries, a bare second is mostly a moment."""
_LIGATURES: Final = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d"})
_LONGEST: Final = 64


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """Lower case without accents or ligatures; equal texts in any Unicode form become equal.

    >>> fold("L’ŒUVRE À ÉPINAY")
    "l'oeuvre a epinay"
    """
    plain = unicodedata.normalize("NFKD", text.translate(_QUOTES).casefold().translate(_LIGATURES))
    return "".join(char for char in plain if not unicodedata.combining(char))


_QUOTES: Final = str.maketrans(dict.fromkeys(_APOSTROPHES, "'") | dict.fromkeys(_HYPHENS, "-"))


def tokens(text: str, language: str | None = "fr") -> Iterator[Token]:
    """The words of a text in order.

    >>> [token.terms for token in tokens("L'école du 13e, à Saint-Denis (93)")][0:2]
    [('ecole',), ('du',)]
    """
    french = is_french(language)
    position = 0
    before, last = "", ""
    for match in CHUNK.finditer(text):
        start = match.start()
        for offset, length, terms, form, is_open in parts(match.group(), french):
            if is_open:
                terms = _with_places(text, match, terms, (before, last))
            yield Token(position, start + offset, start + offset + length, terms, form)
            before, last = last, terms[0]
            position += 1


def is_french(language: str | None) -> bool:
    """Whether the French analysis applies: unknown counts as French here."""
    return language is None or language[:2].lower() in {"fr", ""}


@lru_cache(maxsize=200_000)
def parts(written: str, french: bool) -> tuple[Part, ...]:
    """The words in one match of CHUNK; remembered, since texts repeat them."""
    if "." in written:
        acronym = fold(written.replace(".", ""))
        return (Part(0, len(written), (acronym,), acronym, is_open=False),)
    pieces = [(part.start(), part.group()) for part in _PARTS.finditer(written[:_LONGEST])]
    if not pieces:
        return ()
    while french and len(pieces) > 1 and written[pieces[1][0] - 1] not in _HYPHENS:
        first, second = fold(pieces[0][1]), fold(pieces[1][1])
        if (first, second) in _ONE_WORD or _WHOLE.match(first):
            return _one_word(written, pieces)
        if first not in _ELIDED:
            break
        pieces = pieces[1:]
    found = list(_each(pieces, french))
    joined = _joined(written, pieces, french)
    if joined and found:
        found[0] = found[0]._replace(terms=(*found[0].terms, *joined))
    return tuple(found)


def _one_word(written: str, pieces: list[tuple[int, str]]) -> tuple[Part, ...]:
    """Aujourd'hui, prud'homme: the apostrophe is a letter of the word."""
    start, end = pieces[0][0], pieces[1][0] + len(pieces[1][1])
    whole = fold(written[start:end]).replace("'", "")
    first = Part(start, end - start, (inflected(whole),), whole, is_open=False)
    return (first, *_each(pieces[2:], french=True))


_ONE_WORD: Final = frozenset(
    {("quelqu", "un"), ("quelqu", "une"), ("presqu", "ile"), ("presqu", "iles"), ("d", "abord")}
)


def _each(pieces: list[tuple[int, str]], french: bool) -> Iterator[Part]:
    for offset, piece in pieces:
        form = fold(piece)
        if form:
            terms = _terms(piece, form, french)
            is_open = terms[0][0].isdigit() or terms[0] == "arrondissement"
            yield Part(offset, len(piece), terms, form, is_open)


def _joined(written: str, pieces: list[tuple[int, str]], french: bool) -> tuple[str, ...]:
    """Week-end is also found as weekend; dates and page ranges are not joined."""
    if len(pieces) < 2 or not any(char in _HYPHENS for char in written):
        return ()
    if any(piece.isdigit() for _, piece in pieces):
        return ()
    word = "".join(fold(piece) for _, piece in pieces)
    if not french:
        return (word,)
    joined = inflected(word)
    return (joined, _SPELLED[joined]) if joined in _SPELLED else (joined,)


def _terms(piece: str, form: str, french: bool) -> tuple[str, ...]:
    ordinal = _ORDINAL.match(form)
    if ordinal:
        number = ordinal.group(1).lstrip("0") or "0"
        return (f"{number}e", number)
    if not french:
        return (_light(form),)
    roman = _ROMAN.match(piece)
    if roman:
        number = str(_value(roman.group(1) or roman.group(2)))
        return (f"{number}e", number)
    if len(piece) > 2 and piece[-1] == "s" and piece[:-1].isupper():
        return (form[:-1],)
    if form in _SPELLED:
        return (inflected(form), _SPELLED[form])
    if not _is_participle(piece, form):
        return (inflected(form),)
    plain = inflected(form, participle=True)
    if plain.endswith("ee"):
        return (plain,)  # année is a noun, and no Anne
    # Accents tell participles apart; one who types without accents must find them as well.
    unaccented = re.sub("ee?s?$", "e", form)
    return (plain,) if unaccented == plain else (plain, unaccented)


def _is_participle(piece: str, form: str) -> bool:
    """Whether it was written with é, or without accents as nothing but é can have been."""
    tail = unicodedata.normalize("NFC", piece[-4:]).casefold()
    return tail.rstrip("s").endswith(("é", "ée")) or form.endswith(("ee", "ees"))


def _light(form: str) -> str:
    """Languages we have no rules for: the plural s, in words long enough to tell."""
    singular = len(form) < 5 or not form.isascii() or form.endswith(("ss", "us", "is"))
    return form if singular else form.removesuffix("s")


def _value(roman: str) -> int:
    digits = [{"I": 1, "V": 5, "X": 10}[char] for char in roman]
    pairs = zip(digits, [*digits[1:], 0], strict=True)
    return sum(-digit if digit < after else digit for digit, after in pairs)


def _with_places(
    text: str, match: re.Match[str], terms: tuple[str, ...], previous: tuple[str, str]
) -> tuple[str, ...]:
    """Adds what a number means as a place: the postcode of Paris 13e, the department in (93)."""
    first = terms[0]
    if len(first) == 3 and first.isdigit() and previous[1].isdigit() and len(previous[1]) < 4:
        # 20 000 is also found as 20000.
        return (*terms, previous[1] + first)
    postcode = _PARIS_POSTCODE.match(first)
    if postcode:
        return terms if first != "75116" else (*terms, "75016")
    number = first.removesuffix("e")
    if number.isdigit() and 1 <= int(number) <= 20 and previous[1] == "paris":
        return (*terms, f"750{int(number):02}")
    if first == "arrondissement":
        ordinal = previous[1].removesuffix("e")
        if previous[1].endswith("e") and ordinal.isdigit() and 1 <= int(ordinal) <= 20:
            return (*terms, f"750{int(ordinal):02}")
        return terms
    department = first if first in _DEPARTMENTS else first[:2] if len(first) == 5 else ""
    if department in _DEPARTMENTS and (len(first) == 5 or _names_place(text, match, previous)):
        return (*terms, f"dep{department}" if len(first) == 2 else f"zip{department}")
    return terms


def _names_place(text: str, match: re.Match[str], previous: tuple[str, str]) -> bool:
    enclosed = text[match.start() - 1 : match.start()] + text[match.end() : match.end() + 1]
    if enclosed == "()":
        return True
    # « dans le 93 », but not « le 93 rue de Paris » nor « les 93 logements ».
    after = text[match.end() : match.end() + 2].lstrip(" \u00a0\u202f")
    return previous[1] in {"le", "du", "au"} and not after[:1].isalnum()


def alternatives(word: str, *, derive: bool = True) -> tuple[tuple[str, ...], ...]:
    """What a word of a query may be in entries: for each of its parts, the terms to look for.

    >>> alternatives("mobilisation")[0][:2], alternatives("l'eau")
    (('mobilisation', 'mobiliser'), (('eau',),))
    """
    found: list[tuple[str, ...]] = []
    for token in tokens(word):
        plain = token.terms[0]
        if token.form[0].isdigit() or plain[0].isdigit():
            # 1 finds 1er, but 1er does not find 1, nor 13e a bare 13.
            terms = [plain]
        else:
            own = [*token.terms, token.form]
            if token.form not in INVARIABLE:
                own.append(_light(token.form))
            terms = [term for term in own if not term[0].isdigit() or term in token.terms]
        if derive:
            terms.extend(_derived(token))
        found.append(tuple(dict.fromkeys(terms)))
    return tuple(found)


def _derived(token: Token) -> Iterator[str]:
    for term in dict.fromkeys((token.terms[0], token.form)):
        yield from map(inflected, derived(term))
    yield from _ORDINALS.get(token.terms[0], ())
    postcode = _PARIS_POSTCODE.match(token.terms[0])
    number = token.terms[0].removesuffix("e")
    if token.terms[0].endswith("e") and number.isdigit() and 1 <= int(number) <= 20:
        yield f"750{int(number):02}"
    if postcode and postcode.group(1) is None:
        yield "75016"
