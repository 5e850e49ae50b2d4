"""The two voices of every mail: the same template speaks as plain text or as HTML. Pure.

A template says what a part is (`p`, `button`, `entry`); the voice knows how it looks. Nothing
in either is fetched from anywhere: no picture, no font, no script.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from markupsafe import Markup, escape

from aggregator.mail.message import LEAVE_MARK, MANAGE_MARK

WIDTH = 72
"""Columns of the plain text; addresses are never broken."""

_FILLING = "\0"

_INSTEAD = {
    "fr": "Si le bouton ne répond pas, copiez cette adresse :",
    "en": "If the button does nothing, copy this address:",
}

Caller = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Told:
    """One entry or event, as a mail tells it; every text plain, on one line, within rights."""

    title: str
    url: str
    group: str
    when: str
    """The day it was published, or when and where it takes place."""
    excerpt: str = ""
    also: tuple[str, ...] = ()
    """Other groups that tell the same story."""
    why: str = ""
    """Why it is in this mail, in words."""
    language: str | None = None
    """When not the mail's own."""
    is_event: bool = False

    @property
    def whence(self) -> str:
        """Group and day; of an event, when and where come first."""
        return f"{self.when} ({self.group})" if self.is_event else f"{self.group}, {self.when}"


class Voice(Protocol):
    """How the parts of a mail are said."""

    def p(self, caller: Caller) -> str:
        """A paragraph."""
        ...

    def heading(self, words: str) -> str:
        """A title between parts."""
        ...

    def button(self, words: str, url: str) -> str:
        """The one thing the reader is asked to do, with its address in full."""
        ...

    def link(self, words: str, url: str) -> str:
        """A link within a paragraph."""
        ...

    def quote(self, words: str) -> str:
        """What somebody else wrote."""
        ...

    def items(self, words: Iterable[str]) -> str:
        """A list."""
        ...

    def note(self, caller: Caller) -> str:
        """Small print."""
        ...

    def entry(self, told: Told, also: str, why: str) -> str:
        """One entry; `also` and `why` are the words before its other groups and its reason."""
        ...


class TextVoice:
    """Plain text, 72 columns, pleasant to read without any program's help."""

    def __init__(self, language: str) -> None:
        self._language = language

    def p(self, caller: Caller) -> str:
        """See Voice.p."""
        return self._wrapped(caller()) + "\n\n"

    def heading(self, words: str) -> str:
        """See Voice.heading."""
        return f"\n{underlined(self._set(words), '-')}\n\n"

    def button(self, words: str, url: str) -> str:
        """See Voice.button."""
        return f"{self._set(before_address(words, self._language))}\n{url}\n\n"

    def link(self, words: str, url: str) -> str:
        """See Voice.link."""
        return f"{words} <{url}>"

    def quote(self, words: str) -> str:
        """See Voice.quote."""
        return self._wrapped(words, "> ", "> ") + "\n\n"

    def items(self, words: Iterable[str]) -> str:
        """See Voice.items."""
        return "".join(self._wrapped(item, "  – ", "    ") + "\n" for item in words) + "\n"

    def note(self, caller: Caller) -> str:
        """See Voice.note."""
        return self._wrapped(caller()) + "\n\n"

    def entry(self, told: Told, also: str, why: str) -> str:
        """See Voice.entry."""
        lines = [
            self._wrapped(told.title, "* ", "  "),
            self._wrapped(told.whence, "  ", "  "),
        ]
        if told.excerpt:
            lines.append(self._wrapped(told.excerpt, "  ", "  "))
        lines.append(f"  {told.url}")
        if told.also:
            lines.append(self._wrapped(f"{also} {', '.join(told.also)}", "  ", "  "))
        if told.why:
            lines.append(self._wrapped(f"{why} {told.why}", "  ", "  "))
        return "\n".join(lines) + "\n\n"

    def _wrapped(self, text: str, first: str = "", others: str = "") -> str:
        for mark in (MANAGE_MARK, LEAVE_MARK):
            # It stands for an address that will not fit behind other words.
            text = text.replace(mark, mark.ljust(WIDTH, _FILLING))
        return textwrap.fill(
            self._set(text.replace("\n", " ")),
            WIDTH,
            initial_indent=first,
            subsequent_indent=others,
            break_long_words=False,
            break_on_hyphens=False,
        ).replace(_FILLING, "")

    def _set(self, text: str) -> str:
        return typeset(text, self._language)


class HtmlVoice:
    """HTML that holds without a stylesheet: classes are inlined afterwards."""

    def __init__(self, language: str) -> None:
        self._language = language

    def p(self, caller: Caller) -> Markup:
        """See Voice.p."""
        return Markup("<p>{}</p>\n").format(self._set(caller()))

    def heading(self, words: str) -> Markup:
        """See Voice.heading."""
        return Markup("<h2>{}</h2>\n").format(self._set(words))

    def button(self, words: str, url: str) -> Markup:
        """See Voice.button."""
        return Markup(
            '<p class="do"><a class="button" href="{url}">{words}</a></p>\n'
            '<p class="note">{before} <a class="plain" href="{url}">{url}</a></p>\n'
        ).format(
            url=url,
            words=self._set(words),
            before=self._set(_INSTEAD["fr" if self._language.startswith("fr") else "en"]),
        )

    def link(self, words: str, url: str) -> Markup:
        """See Voice.link."""
        return Markup('<a href="{}">{}</a>').format(url, words)

    def quote(self, words: str) -> Markup:
        """See Voice.quote."""
        return Markup("<blockquote>{}</blockquote>\n").format(self._set(words))

    def items(self, words: Iterable[str]) -> Markup:
        """See Voice.items."""
        lines = Markup("").join(Markup("<li>{}</li>").format(self._set(item)) for item in words)
        return Markup("<ul>{}</ul>\n").format(lines)

    def note(self, caller: Caller) -> Markup:
        """See Voice.note."""
        return Markup('<p class="note">{}</p>\n').format(self._set(caller()))

    def entry(self, told: Told, also: str, why: str) -> Markup:
        """See Voice.entry."""
        other = Markup(' lang="{}"').format(told.language) if told.language else ""
        parts = [
            Markup('<h3{}><a class="title" href="{}">{}</a></h3>').format(
                other, told.url, self._set(told.title) if not other else told.title
            ),
            Markup('<p class="from">{}</p>').format(self._set(told.whence)),
        ]
        if told.excerpt:
            excerpt = told.excerpt if other else self._set(told.excerpt)
            parts.append(Markup('<p class="excerpt"{}>{}</p>').format(other, excerpt))
        if told.also:
            names = ", ".join(told.also)
            parts.append(Markup('<p class="why">{}</p>').format(self._set(f"{also} {names}")))
        if told.why:
            parts.append(Markup('<p class="why">{}</p>').format(self._set(f"{why} {told.why}")))
        return Markup('<div class="entry">{}</div>\n').format(Markup("\n").join(parts))

    def _set(self, text: str) -> Markup:
        return Markup(typeset(str(escape(text)).strip(), self._language))  # noqa: S704  escaped


def underlined(words: str, stroke: str) -> str:
    """A title of plain text, wrapped, with a rule as long as its longest line."""
    lines = textwrap.wrap(words, WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join([*lines, stroke * min(max(map(len, lines), default=0), WIDTH)])


def before_address(words: str, language: str) -> str:
    """What a button does, before its address is spelled out."""
    return f"{words}:" if language.startswith("en") else f"{words} :"


def typeset(text: str, language: str) -> str:
    """French blanks that do not break, where the language is French.

    >>> typeset("« Vélo » : où ? À 14 h 30", "fr")
    '«\\xa0Vélo\\xa0»\\xa0: où\\u202f? À 14\\xa0h\\xa030'
    >>> typeset("31 µg/m³, 27 % de plus, 12 grands", "fr")
    '31\\xa0µg/m³, 27\\xa0% de plus, 12 grands'
    """
    if not language.startswith("fr"):
        return text
    text = re.sub(r"« ", "«\u00a0", text)
    text = re.sub(r"(?<=\d) h(?: (?=\d\d\b))?", lambda found: found[0].replace(" ", "\u00a0"), text)
    text = re.sub(r" (?=[:»])|(?<=\d) (?=[%€]|(?:k?m[²³]?|[kµ]?g)\b)", "\u00a0", text)
    return re.sub(r" (?=[;!?])", "\u202f", text)
