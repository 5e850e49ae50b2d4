"""Whatever a source writes is read in bounded time, and nothing gives no nonsense tag."""

import unicodedata

import pytest

from aggregator.understand.lexicon import default_text
from aggregator.understand.tags import Understanding, tags_for

TEXT = (
    "La mairie de Montreuil expulse une famille : les locataires et l'association Droit au "
    "logement dénoncent l'expulsion des locataires du logement social, sans relogement."
)
ONE_MEGABYTE = 1_000_000


def topics(found: Understanding) -> list[str]:
    return [tag.slug for tag in found.topics]


@pytest.mark.parametrize(
    "text",
    [
        TEXT * (ONE_MEGABYTE // len(TEXT)),
        "a" * ONE_MEGABYTE,
        " " * ONE_MEGABYTE,
        "a." * (ONE_MEGABYTE // 2),
        "mot(e)" * (ONE_MEGABYTE // 6),
        "é·e·s " * (ONE_MEGABYTE // 6),
        "Paris " * (ONE_MEGABYTE // 6),
        "75018 " * (ONE_MEGABYTE // 6),
        "\x00\ud83d" * (ONE_MEGABYTE // 2),
    ],
    ids=lambda text: repr(text[:6]),
)
@pytest.mark.timeout(60)  # a third of a second each, unless a step is repeated for each letter
def test_a_megabyte_is_read_to_the_end(text: str) -> None:
    tags_for(text[:1_000], text)
    tags_for(text, "")


@pytest.mark.parametrize(
    "text",
    [
        TEXT.upper(),
        TEXT.lower(),
        "".join(c for c in unicodedata.normalize("NFKD", TEXT) if not unicodedata.combining(c)),
        unicodedata.normalize("NFD", TEXT),
        f"<p class='x'>{TEXT}</p><script>var a = 1;</script>&nbsp;&amp;",
        f"🎉🎉 {TEXT} 🚲🌱",
        f"The tenants will speak, join us. {TEXT} Please come with your neighbours.",
    ],
    ids=["capitals", "small", "no accents", "decomposed", "markup", "emoji", "two languages"],
)
def test_the_subject_and_place_are_found_however_the_text_is_written(text: str) -> None:
    found = tags_for("", text)
    assert topics(found)[:1] == ["logement"]
    assert [tag.slug for tag in found.areas] == ["montreuil"]


def test_a_list_of_all_keywords_is_about_nothing() -> None:
    keywords = (
        "logement vélo concert AMAP école climat santé concertation logiciel libre urbanisme "
        "chômage racisme "
    )
    assert all(tag.weight < 0.6 for tag in tags_for("Mots-clés", keywords * 20).topics)


def test_the_lexicon_itself_is_about_nothing() -> None:
    lines = [line for line in default_text().splitlines() if line[:1].isdigit()]
    shuffled = " ".join(line for start in range(40) for line in lines[start::40])
    assert all(tag.weight < 0.6 for tag in tags_for("", shuffled[:20_000]).topics)


def test_one_word_is_no_certainty() -> None:
    for word in ("Bonjour", "Réunion", "Info", "Actualités", "Paris"):
        assert topics(tags_for(word, "")) in ([], ["democratie-participation"])
        assert all(tag.weight < 0.9 for tag in tags_for(word, "").topics)


def test_lorem_ipsum_gets_no_topic() -> None:
    text = (
        "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt "
        "ut labore et dolore magna aliqua. Ut enim ad minim veniam, quis nostrud exercitation."
    )
    assert tags_for("Lorem ipsum", text).topics == ()
