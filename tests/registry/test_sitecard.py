"""A home page tells name, description, logo and language, however it was made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.webpage import read_page
from aggregator.registry import guessing
from aggregator.registry.sitecard import SiteCard, card
from aggregator.taxonomy import terms
from aggregator.understand.editing import Edit, with_edits
from aggregator.understand.tags import default_rules

HOME = "https://www.halage.example/accueil/"


def told(html: str, feed: ParsedFeed | None = None) -> SiteCard:
    return card(read_page(html.encode(), HOME), feed)


@pytest.mark.parametrize(
    ("html", "name"),
    [
        ('<meta property="og:site_name" content="Halage"><title>Chantier | X</title>', "Halage"),
        ("<title>Accueil – Association Halage</title>", "Association Halage"),
        ("<title>Halage, l’île qui travaille | Halage</title>", "Halage"),
        ("<title>Bienvenue !</title>", "halage.example"),
        ("<p>rien</p>", "halage.example"),
        ("", "halage.example"),
        (
            '<script type="application/ld+json">{"@context": "https://schema.org", "@graph": ['
            '{"@type": "WebSite", "name": "Site"}, {"@type": "NGO", "name": "Halage"}]}</script>',
            "Halage",
        ),
        ('<script type="application/ld+json">{"@type": "NGO", "name": </script>', "halage.example"),
        (
            '<meta property="og:site_name" content="&lt;b&gt;Halage&lt;/b&gt;\n asso">',
            "Halage asso",
        ),
    ],
)
def test_the_name_is_what_the_site_calls_itself(html: str, name: str) -> None:
    assert told(html).name == name


def test_a_feed_tells_what_the_page_does_not() -> None:
    feed = ParsedFeed((), title="Halage", description="Insertion par le jardin.", language="fr")
    seen = told("", feed)
    assert (seen.name, seen.description, seen.language) == (
        "Halage",
        "Insertion par le jardin.",
        "fr",
    )


@pytest.mark.parametrize(
    ("html", "logo"),
    [
        (
            '<link rel="icon" href="/favicon.ico"><link rel="apple-touch-icon" href="t.png">',
            "https://www.halage.example/accueil/t.png",
        ),
        (
            '<link rel="icon" sizes="192x192" href="/192.png">'
            '<link rel="icon" type="image/svg+xml" href="/l.svg">',
            "https://www.halage.example/l.svg",
        ),
        (
            '<meta property="og:image" content="//cdn.example/og.jpg">',
            "https://cdn.example/og.jpg",
        ),
        ('<link rel="icon" href="/favicon.ico">', None),
        ('<meta property="og:image" content="javascript:alert(1)">', None),
        (
            '<script type="application/ld+json">{"@type": ["Organization"], '
            '"logo": {"url": "/logo.png"}}</script>',
            "https://www.halage.example/logo.png",
        ),
    ],
)
def test_the_logo_is_the_largest_that_the_site_offers(html: str, logo: str | None) -> None:
    assert told(html).logo == logo


def test_the_language_is_declared_or_read() -> None:
    assert told('<html lang="en-GB"><body>Hi</body></html>').language == "en"
    french = "Nous défendons les jardins partagés et les terres agricoles de la métropole."
    assert told(f"<p>{french}</p>").language == "fr"


@given(st.text() | st.text(alphabet='<>="/ metaitlelinkscrp'))
def test_any_page_gives_a_name(html: str) -> None:
    seen = told(html)
    assert seen.name
    assert seen.logo is None or seen.logo.startswith("http")


def test_terms_are_proposed_with_the_words_that_speak_for_them() -> None:
    entries = [
        ParsedEntry(uid=str(n), url=None, title=f"Piste cyclable {n}", summary="Le vélo avance.")
        for n in range(5)
    ]
    found = guessing.proposed("Les Lilas à vélo", "Le vélo aux Lilas, pour tous.", entries)
    assert found["topic"][0]["slug"] == "transports"
    assert found["topic"][0]["evidence"]
    assert all(
        terms.is_term(dimension, term["slug"])
        for dimension, proposed in found.items()
        for term in proposed
    )


def test_nothing_said_proposes_nothing() -> None:
    assert guessing.proposed("X", "", []) == {"topic": [], "objective": [], "skill": [], "area": []}


def test_terms_are_proposed_by_the_words_in_force() -> None:
    edit = Edit("topic", "transports", "zorbicycle", 4.0)
    rules = with_edits(default_rules(), [edit])
    about = "Le zorbicycle pour tous."
    assert guessing.proposed("X", about, [])["topic"] == []
    (term,) = guessing.proposed("X", about, [], rules=rules)["topic"]
    assert (term["slug"], term["evidence"]) == ("transports", ["zorbicycle"])
