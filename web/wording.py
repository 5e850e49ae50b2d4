"""What templates may say: dates, numbers, terms and languages, in the page's language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import cast
from urllib.parse import urlencode

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, get_day_names
from babel.numbers import format_decimal, format_percent
from flask import Flask, current_app, get_flashed_messages, request, url_for
from markupsafe import Markup, escape

from aggregator.collect.reasons import REASONS
from aggregator.publish.publication import PATHS
from aggregator.publish.text import cut
from aggregator.registry.wording import is_known, sentence
from aggregator.store.tables import Entry, Host
from aggregator.taxonomy import terms
from aggregator.taxonomy.terms import Term
from web import current, typography
from web.caching import keep_private
from web.languages import known, language
from web.languages import translate as _


def install(app: Flask) -> None:
    """Offer the words to every template."""
    app.jinja_env.globals.update(
        ago=ago,
        day_in_words=day_in_words,
        absolute=current.absolute,
        described_in_words=described_in_words,
        dimension_label=dimension_label,
        dimension_name=dimension_name,
        direction=typography.direction,
        duration=lambda seconds: typography.duration(seconds, language()),
        exact=exact,
        happens=happens,
        happens_that_day=happens_that_day,
        hour=lambda moment: typography.hour(moment, language()),
        in_language=in_language,
        instant=datetime.fromisoformat,
        label_of=label_of,
        language=language,
        local=typography.local,
        messages=messages,
        month_in_words=lambda value: typography.month(value, language()),
        more_links=more_links,
        named_day=named_day,
        navigation=navigation,
        other_languages=other_languages,
        robots_in_words=robots_in_words,
        settings=lambda: current.parts().settings,
        span_in_words=span_in_words,
        short_day=lambda value: typography.short_day(value, language()),
        term=terms.term,
        term_label=term_label,
        term_url=term_url,
        tried_in_words=tried_in_words,
        type_label=type_label,
        weekday=weekday,
        weekdays=lambda: [get_day_names("wide", locale=language())[day] for day in range(7)],
        written_in=written_in,
    )
    app.jinja_env.globals.update(in_unit=in_unit)
    app.jinja_env.filters.update(coded=coded, cut=cut, number=number, spaced=_spaced_for_readers)


def messages() -> Sequence[tuple[str, str]]:
    """Kind and words of what the last form has to say; looks only where there is a session."""
    if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies:
        return ()
    found = cast(list[tuple[str, str]], get_flashed_messages(with_categories=True))
    if found:
        keep_private()
    return found


def number(value: float) -> str:
    """A number as the language writes it: `1 234` (U+202F), `1,234`."""
    return format_decimal(value, locale=language())


def in_unit(value: float, unit: str) -> str:
    """A figure as people read it: a `number`, a `share` in per cent, or a `duration` (seconds)."""
    if unit == "share":
        return format_percent(value, locale=language())
    if unit == "duration":
        return typography.duration(value, language())
    return number(value)


def _spaced_for_readers(text: str) -> str:
    return typography.spaced(text) if language() == "fr" else text


def coded(text: str) -> Markup:
    """A text of ours with what stands between backticks set as code."""
    pieces = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if number % 2 else piece
        for number, piece in enumerate(pieces)
    )


def ago(moment: datetime) -> str:
    """How long since, in words."""
    return typography.ago(moment, language(), now=current.now())


def exact(moment: datetime) -> str:
    """Day and hour in full."""
    return typography.exact(moment, language())


def day_in_words(value: date) -> str:
    """A day in words, with its year unless it is this one."""
    today = typography.day_of(current.now())
    return typography.day(value, language(), today=today)


def named_day(value: date) -> str:
    """Today, yesterday, tomorrow with their date; other days by their date."""
    distance = (value - typography.day_of(current.now())).days
    names = {0: _("Aujourd’hui"), -1: _("Hier"), 1: _("Demain")}
    words = day_in_words(value)
    return f"{names[distance]}, {words}" if distance in names else words


def happens(entry: Entry) -> str:
    """When an event takes place: day and hour, and the last day where it lasts longer."""
    assert entry.starts_at is not None
    first = typography.day_of(entry.starts_at)
    words = day_in_words(first)
    start = typography.local(entry.starts_at)
    if (start.hour, start.minute) != (0, 0):
        at = typography.hour(entry.starts_at, language())
        words = _("%(day)s à %(hour)s", day=words, hour=at)
    if entry.ends_at is not None and (typography.day_of(entry.ends_at) - first).days > 1:
        last = day_in_words(typography.day_of(entry.ends_at))
        return _("du %(first)s au %(last)s", first=day_in_words(first), last=last)
    return words


def happens_that_day(entry: Entry, day: date) -> str:
    """The hours of an event, under the heading of `day`; its days where it lasts several."""
    assert entry.starts_at is not None
    last = typography.day_of(entry.ends_at) if entry.ends_at is not None else day
    start = typography.local(entry.starts_at)
    if start.date() != day or (last - day).days > 1:
        return happens(entry)
    if (start.hour, start.minute) == (0, 0):
        return _("toute la journée")
    begins = typography.hour(entry.starts_at, language())
    if entry.ends_at is None or entry.ends_at <= entry.starts_at:
        return begins
    return _("de %(start)s à %(end)s", start=begins, end=typography.hour(entry.ends_at, language()))


def dimension_label(dimension: str) -> str:
    """A dimension's name, as facets and pages show it."""
    return {
        "topic": _("Thèmes"),
        "objective": _("Objectifs"),
        "skill": _("Savoir-faire"),
        "kind": _("Formes de plateforme"),
        "area": _("Territoires"),
        "group": _("Groupes"),
        "type": _("Type"),
        "language": _("Langues"),
    }[dimension]


def type_label(type: str) -> str:
    """What an entry is, in words; the bare name for one we do not know."""
    return {
        "article": _("Article"),
        "event": _("Événement"),
        "discussion": _("Discussion"),
        "video": _("Vidéo"),
        "audio": _("Audio"),
        "dataset": _("Jeu de données"),
        "page": _("Page"),
    }.get(type, type)


def language_label(code: str) -> str:
    """A language's name in the page's language; the code itself for one we do not know."""
    return _name_of(code, language())


def dimension_name(dimension: str) -> str:
    """A dimension's name for one term of it."""
    return {
        "topic": _("Thème"),
        "objective": _("Objectif"),
        "skill": _("Savoir-faire"),
        "kind": _("Forme"),
        "area": _("Lieu"),
    }[dimension]


def described_in_words(term: Term) -> str:
    """What a term means; empty for areas."""
    if language() == "fr":
        return typography.spaced(term.description_fr)
    return term.description_en


def robots_in_words(host: Host) -> str:
    """What a site's robots.txt and TDM files ask of us."""
    said = {
        "none": _("pas de robots.txt"),
        "allowed": _("robots.txt nous laisse lire"),
        "partly": _("robots.txt nous ferme des parties"),
        "unreachable": _("robots.txt ne répond pas"),
    }.get(host.robots_state or "", _("robots.txt pas encore lu"))
    if host.crawl_delay:
        said += ", " + _("%(num)s s entre deux requêtes", num=number(host.crawl_delay))
    if host.tdm_reserved:
        said += ", " + _("fouille de textes réservée")
    return said


_TONGUES = (
    *("fr", "ar", "bm", "de", "en", "es", "hi", "it", "pl", "pt", "ro", "ru", "ta", "tr", "uk"),
    *("vi", "wo", "zh"),
)
"""What is written most in the metropolis, by code."""


def tried_in_words(outcome: str) -> str:
    """How one try of a registration ended: a reason of collect, or our own word."""
    reason, own = REASONS.get(outcome), f"tried_{outcome}"
    if reason is not None:
        return reason.sentence(language())
    return sentence(own if is_known(own) else outcome, language())


def span_in_words(period: str) -> str:
    """A month (`2026-01`) or a year (`2026`) in words."""
    if len(period) == 4:
        return period
    return typography.month(date.fromisoformat(f"{period}-01"), language())


def weekday(value: date) -> str:
    """A day of the week in short: `lun.`, `Mon`."""
    return format_date(value, "EEE", locale=language())


def term_label(term: Term) -> str:
    """A term's name in the page's language; French where there is no English."""
    return typography.spaced(term.label_fr) if language() == "fr" else term.label_en


def label_of(dimension: str, slug: str) -> str:
    """A term's name by its slug; the slug itself where the taxonomy has none."""
    known = terms.is_term(dimension, slug)
    return term_label(terms.term(dimension, slug)) if known else slug


def term_url(dimension: str, slug: str) -> str:
    """The landing page of a term; kinds have none of their own and lead to the directory."""
    if dimension == "kind":
        return url_for("groups.index", forme=slug)
    return url_for("terms.page", path=PATHS[dimension], slug=slug)


def written_in(tag: str | None) -> Markup:
    """`lang` and `dir` attributes for words that are not in the page's language; else nothing."""
    if not tag or tag.split("-")[0].lower() == language():
        return Markup("")
    return Markup('lang="{}" dir="{}"').format(escape(tag), typography.direction(tag))


def other_languages() -> Sequence[tuple[str, str]]:
    """Code and own name of each language this page is not in."""
    return [(code, _name_of(code, code)) for code in known() if code != language()]


def tongues(written: str | None) -> Sequence[tuple[str, str]]:
    """Code and name of the languages a group may write in, by name; its own whatever it is."""
    codes = {*_TONGUES, written or "fr"}
    return sorted(((code, tongue(code)) for code in codes), key=lambda one: one[1])


def tongue(code: str) -> str:
    """What a language is called, in the page's; its code where that is unknown."""
    return _name_of(code, language())


def _name_of(code: str, spoken: str) -> str:
    """What a language is called in another."""
    try:
        name = Locale.parse(code).get_display_name(spoken)
    except (UnknownLocaleError, ValueError):
        name = None
    return (name or code).capitalize()


def in_language(code: str) -> str:
    """This same page in another language."""
    parameters = [(key, value) for key, value in request.args.items(multi=True) if key != "langue"]
    return f"{request.script_root}{request.path}?{urlencode([*parameters, ('langue', code)])}"


def navigation() -> Sequence[tuple[str, str]]:
    """The main pages, in order."""
    return [
        ("news.home", _("Le fil")),
        ("agenda.index", _("Agenda")),
        ("groups.index", _("Groupes")),
        ("maps.index", _("Carte")),
        ("terms.index", _("Thèmes et lieux")),
    ]


def more_links() -> Sequence[tuple[str, str]]:
    """Pages of the footer beside those about the portal itself."""
    return [
        ("subscription.index", _("Lettres et alertes")),
        ("join.index", _("Inscrire un groupe")),
        ("desk.ask", _("Espace des groupes")),
        ("help_requests.index", _("Demandes d’aide")),
        ("workshops.index", _("Ateliers")),
        ("journal.index", _("Journal de modération")),
        ("governance.index", _("Qui décide de quoi")),
        ("api.documentation", _("Interface de programmation")),
    ]
