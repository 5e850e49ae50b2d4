"""Mails from templates, by kind and language: one template, spoken as text and as HTML. Pure.

Each kind is a folder of `templates/` with `fr.txt` and `en.txt`; a template has a `subject` and
a `body`. Knows no database and no server.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache, partial
from importlib.resources import files
from typing import Any

import css_inline
from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateError
from markupsafe import Markup

from aggregator.errors import MailError
from aggregator.mail.message import Content
from aggregator.mail.voices import HtmlVoice, TextVoice, Voice, typeset, underlined
from aggregator.publish.text import line
from aggregator.registry import wording

LANGUAGES = ("fr", "en")

_PARTS = ("p", "heading", "button", "link", "quote", "items", "note", "entry")
"""The parts of Voice, as templates call them."""

_TEMPLATES = files("aggregator.mail") / "templates"


def kinds() -> tuple[str, ...]:
    """Every kind of letter that can be written, in alphabetical order."""
    return tuple(
        sorted(
            folder.name
            for folder in _TEMPLATES.iterdir()
            if folder.is_dir() and not folder.name.startswith("_")
        )
    )


def render(kind: str, values: Mapping[str, Any], *, language: str, base_url: str) -> Content:
    """The mail of one kind; languages we do not write in get French.

    Raises MailError (permanent) when the kind has no template or lacks a value: the letter is
    kept as failed, with this sentence.
    """
    language = "en" if language.startswith("en") else "fr"
    common = {"base_url": base_url, "language": language, **values}
    try:
        subject, headline, spoken = _said(kind, TextVoice(language), common)
        _, _, marked = _said(kind, HtmlVoice(language), common)
    except TemplateError as error:
        raise MailError(
            f"The letter {kind!r} could not be written: {type(error).__name__} {error}.",
            permanent=True,
        ) from error
    layout = {"base_url": base_url, "language": language, "subject": subject}
    title = typeset(headline, language)
    text = _environment(escapes=False).get_template("_layout.text")
    page = _environment(escapes=True).get_template("_layout.html")
    body = Markup(marked)  # noqa: S704  escaped by its template
    return Content(
        subject,
        _tidy(text.render(**layout, title=underlined(title, "="), body=spoken)),
        inlined(page.render(**layout, title=title, body=body)),
    )


def _said(kind: str, voice: Voice, values: Mapping[str, Any]) -> tuple[str, str, str]:
    """Subject, headline (the subject unless it has its own) and body in one voice.

    A value named like a part is read as `values.note`.
    """
    environment = _environment(escapes=isinstance(voice, HtmlVoice))
    template = environment.get_template(f"{kind}/{values['language']}.txt")
    parts = {name: getattr(voice, name) for name in _PARTS}
    say = partial(_say, values["language"])
    within = partial(_within, values["language"])
    context = template.new_context(
        {**values, "values": values, "say": say, "within": within, **parts}
    )
    blocks = template.blocks
    subject, headline, body = (
        "".join(blocks.get(name, blocks["subject"])(context))
        for name in ("subject", "headline", "body")
    )
    return line(subject), line(headline), body


def _say(language: str, code: str) -> str:
    """The registry's words for one of its codes."""
    return wording.sentence(code, language) if wording.is_known(code) else code


def _within(language: str, code: str) -> str:
    """The same, to stand within a sentence."""
    words = _say(language, code)
    return words[:1].lower() + words[1:]


def _tidy(text: str) -> str:
    # The two dashes before a signature keep their blank (RFC 3676 §4.3).
    lines = "\n".join(part if part == "-- " else part.rstrip(" ") for part in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"


def inlined(html: str) -> str:
    """The page with its rules on the elements; what only a stylesheet can say stays in one."""
    page: str = _inliner().inline(html)
    return page


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(
        keep_at_rules=True, minify_css=True, load_remote_stylesheets=False, keep_link_tags=False
    )


@lru_cache(maxsize=2)
def _environment(escapes: bool) -> Environment:
    return Environment(
        loader=PackageLoader("aggregator.mail"),
        autoescape=escapes,  # noqa: S701  plain text has nothing to escape
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
