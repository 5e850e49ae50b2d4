"""French and English: every word of ours is there in both, and the reader chooses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient

ROOT = Path(__file__).parents[2]
CATALOGUES = sorted((ROOT / "web" / "translations").glob("*/LC_MESSAGES/*.po"))
KEYWORDS = {
    "_": None,
    "translate": None,
    "translate_many": (1, 2),
    "ngettext": (1, 2),
    "gettext": None,
}


def used() -> set[object]:
    """Every message of the templates and of the code."""
    found = extract_from_dir(
        ROOT / "web",
        method_map=[("**.py", "python"), ("templates/**", "jinja2")],
        keywords=KEYWORDS,
    )
    return {message for _file, _line, message, _comments, _context in found}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_every_message_is_translated_with_all_its_values(path: Path) -> None:
    with path.open("rb") as file:
        catalogue: Catalog = read_po(file)
    missing, broken = [], []
    for message in used():
        entry = catalogue.get(message)
        if entry is None or not entry.string or entry.fuzzy:
            missing.append(message)
            continue
        for before, after in zip(many(message), many(entry.string), strict=True):
            if values(before) != values(after):
                broken.append(after)
    assert missing == []
    assert broken == []


def many(text: object) -> tuple[str, ...]:
    return text if isinstance(text, tuple) else (str(text),)


def values(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s", text))


def test_reader_gets_the_language_of_the_browser(client: FlaskClient) -> None:
    html = client.get("/", headers={"Accept-Language": "en-GB,en;q=0.9"}).get_data(as_text=True)
    assert '<html lang="en"' in html
    assert "Today, Tuesday 24 November" in html
    html = client.get("/", headers={"Accept-Language": "de"}).get_data(as_text=True)
    assert '<html lang="fr"' in html


def test_choice_is_remembered_and_the_page_says_that_it_varies(app: Flask) -> None:
    client = app.test_client()
    answer = client.get("/?langue=en")
    assert "langue=en" in answer.headers["Set-Cookie"]
    assert {"Accept-Language", "Cookie"} <= set(answer.vary)
    assert "The groups" in client.get("/groupes").get_data(as_text=True)
    client.get("/?langue=klingon")
    assert "The groups" in client.get("/groupes").get_data(as_text=True)


def test_french_entry_on_an_english_page_says_its_language(client: FlaskClient) -> None:
    html = client.get("/entrees/1?langue=en").get_data(as_text=True)
    assert '<h1 lang="fr" dir="ltr">' in html


def test_french_marks_keep_to_their_words(client: FlaskClient) -> None:
    html = client.get("/").get_data(as_text=True)
    assert "«\u202fle loyer a doublé\u202f», que faire\u202f?" in html


def test_title_of_a_search_keeps_its_marks_to_its_words(client: FlaskClient) -> None:
    html = client.get("/recherche?q=piste").get_data(as_text=True)
    assert "<h1>«\u202fpiste\u202f»</h1>" in html
