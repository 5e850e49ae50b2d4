"""Every kind of letter can be written, in both languages and both voices, whatever is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import MailError
from aggregator.mail import render
from aggregator.mail.compose import Section
from aggregator.mail.message import LEAVE_MARK, MANAGE_MARK
from aggregator.mail.voices import Told

BASE = "https://fil.example"
PATH = "/espace/entrer/secret"
GROUP = {"name": "Les Lilas à vélo", "path": PATH, "hours": 24}

VALUES: dict[str, dict[str, Any]] = {
    "confirm_subscription": {
        "rhythm": "une lettre chaque lundi à 7 h", "title": "thème : Transports",
        "confirm_url": BASE + PATH, "until": "samedi 28 novembre",
    },
    "manage_subscriptions": {"manage_url": BASE + PATH},
    "confirm_group": GROUP,
    "confirm_claim": GROUP,
    "group_live": {**GROUP, "slug": "lilas", "provisional": True},
    "desk_link": {"path": PATH, "minutes": 30, "groups": ["Les Lilas à vélo", "<b>AMAP</b>"]},
    "handover": {"name": "Les Lilas à vélo", "path": PATH, "days": 7},
    "handed_over": {"name": "Les Lilas à vélo"},
    "confirm_leaving": GROUP,
    "group_left": {"name": "Les Lilas à vélo", "for_good": True},
    "confirm_ownership": GROUP,
    "proof_done": {"name": "Les Lilas à vélo", "slug": "lilas", "method": "rel_me"},
    "proof_lapsed": {"name": "Les Lilas à vélo", "slug": "lilas", "method": "dns_txt"},
    "moderator_link": {"path": PATH, "minutes": 30},
    "moderator_invited": {"role": "moderator", "name": "Alice", "path": PATH, "hours": 72},
    "moderator_dismissed": {"name": "Alice"},
    "amendment_decided": {
        "subject": "Les Lilas à vélo", "kind": "profile", "state": "refused",
        "reason": "unclear", "note": "Il manque le lien.", "path": "/journal/7",
    },
    "help_confirm": {"title": "Une rampe ?", "path": PATH, "hours": 48},
    "help_told": {
        "title": "Une rampe ?", "text": "Comment obtenir une rampe ?", "skill": "Conseil",
        "area": "Les Lilas", "name": "Bob", "group": "Les Lilas à vélo", "path": PATH,
    },
    "help_answer": {
        "title": "Une rampe ?", "text": "Passez samedi.", "group": "Les Lilas à vélo",
        "reply_to": "contact@lilas.example",
    },
    "help_published": {"title": "Une rampe ?", "path": PATH, "told": 0},
    "help_refused": {"title": "Une rampe ?", "path": PATH, "reason": "off_topic"},
}  # fmt: skip
VALUES["operator_warning"] = {
    "warnings": [
        {"code": "sources", "ill": 40, "of": 187, "before": 3},
        {"code": "letters", "waiting": 12},
        {"code": "digests", "overdue": 7},
        {"code": "disk", "megabytes": 300, "days": None},
        {"code": "disk", "megabytes": 9000, "days": 12},
        {"code": "job", "name": "index", "failures": 4, "error": "OSError: <b>full</b>"},
    ]
}
VALUES["remind_subscription"] = VALUES["confirm_subscription"]
COMPOSED = {"digest", "alert"}


def test_every_kind_has_values_here_and_two_languages() -> None:
    assert set(render.kinds()) == set(VALUES) | COMPOSED
    for kind in render.kinds():
        folder = Path(render.__file__).parent / "templates" / kind
        assert {file.name for file in folder.iterdir()} == {"fr.txt", "en.txt"}


@pytest.mark.parametrize("language", render.LANGUAGES)
@pytest.mark.parametrize("kind", VALUES)
def test_a_letter_says_the_same_as_text_and_as_html(kind: str, language: str) -> None:
    content = render.render(kind, VALUES[kind], language=language, base_url=BASE)
    assert content.subject
    assert "\n" not in content.subject
    assert "{{" not in content.text + content.html
    assert "kind_" not in content.text
    assert "method_" not in content.text
    for url in [word for word in content.text.split() if word.startswith("https://")]:
        assert url.replace("&", "&amp;") in content.html
    longest = max(content.text.split("\n"), key=len)
    assert len(longest) <= 72 or "https://" in longest
    assert "<script" not in content.html
    html5lib.HTMLParser(strict=True).parse(content.html)


@settings(deadline=None, max_examples=40)
@given(words=st.text(), kind=st.sampled_from(sorted(VALUES)))
def test_any_words_stay_words(words: str, kind: str) -> None:
    hostile = f"<img src=x onerror=a>{words}{{{{ 7*7 }}}}"
    values = {
        name: hostile if isinstance(value, str) and not value.startswith(("/", "https")) else value
        for name, value in VALUES[kind].items()
    }
    content = render.render(kind, values, language="fr", base_url=BASE)
    page = html5lib.parse(content.html, namespaceHTMLElements=False)
    assert page.find(".//img") is None
    assert not [name for each in page.iter() for name in each.attrib if name.startswith("on")]
    assert "\n" not in content.subject


def test_the_longest_letter_is_shown_whole_by_programs_that_cut() -> None:
    """Gmail hides what comes after 102 KB of HTML: the way out stands there."""
    told = Told(
        title="Permis de construire : nous avons lu le dossier de la tour",
        url="https://lilas-a-velo.example/2026/11/25/permis-de-construire-nous-avons-lu.html",
        group="Les Lilas à vélo", when="mercredi 25 novembre", excerpt="Venez nombreux. " * 15,
        why="Urbanisme et aménagement (« permis de construire », « tour »)",
    )  # fmt: skip
    values = {
        "headline": "Toutes les nouvelles", "short": "Toutes les nouvelles", "count": 200,
        "told": 100, "day": "mercredi 25 novembre", "period": "Du 18 au 25 novembre.",
        "sections": [Section("Urbanisme et aménagement", (told,) * 100)], "agenda": [told] * 10,
        "agenda_url": BASE, "more": 100, "more_url": BASE, "rhythm": "chaque mercredi à 7 h",
        "view_url": BASE, "manage_url": MANAGE_MARK, "leave_url": LEAVE_MARK,
    }  # fmt: skip
    content = render.render("digest", {"digest": values}, language="fr", base_url=BASE)
    assert len(content.html.encode()) < 102_400


def test_a_letter_that_cannot_be_written_says_why() -> None:
    with pytest.raises(MailError, match=r"confirm_group.*hours"):
        render.render("confirm_group", {"name": "x", "path": "/"}, language="fr", base_url=BASE)
    for kind in ("nothing", "../../etc", "_layout"):
        with pytest.raises(MailError, match="could not be written"):
            render.render(kind, {}, language="fr", base_url=BASE)


def test_a_language_we_do_not_write_in_gets_french() -> None:
    content = render.render("group_left", VALUES["group_left"], language="de", base_url=BASE)
    assert content.subject.endswith("a quitté le Fil commun")


def test_a_way_of_proving_is_named_within_the_sentence() -> None:
    text = render.render("proof_lapsed", VALUES["proof_lapsed"], language="fr", base_url=BASE).text
    assert "est le vôtre (un enregistrement DNS)." in " ".join(text.split())


def test_a_long_title_is_wrapped_and_underlined_as_far_as_it_goes() -> None:
    name = "Collectif des habitantes et habitants du quartier de la Noue-Malassis"
    text = render.render("group_left", {"name": name}, language="fr", base_url=BASE).text
    title, rest, rule = text.split("\n")[:3]
    assert f"{title} {rest}" == f"{name} a quitté le Fil commun"
    assert rule == "=" * len(title)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (0, "pas encore donné d’adresse"),
        (1, "un groupe qui peut aider en est prévenu"),
        (3, "3 groupes qui peuvent aider en sont prévenus"),
    ],
)
def test_who_asks_for_help_reads_how_many_were_told(told: int, words: str) -> None:
    values = VALUES["help_published"] | {"told": told}
    letter = render.render("help_published", values, language="fr", base_url=BASE)
    assert words in " ".join(letter.text.split())
