"""Training learns what the texts teach, always the same, and never a single word."""

from aggregator.understand import reading
from aggregator.understand.lexicon import default_text, read_lexicon
from aggregator.understand.training import Labelled, train

LEXICON = read_lexicon(default_text())
TOPICS = ("logement", "culture")


def text(number: int, title: str, *topics: str, relevant: bool = True) -> Labelled:
    return Labelled(
        id=f"t{number}",
        site=f"site {number % 7}",
        reading=reading.read(title, "", LEXICON),
        relevant=relevant,
        topics=frozenset(topics),
        objectives=frozenset(),
        skills=frozenset(),
        places=frozenset(),
        language="fr",
    )


TEXTS = [
    *(text(n, "La hausse des loyers inquiète les locataires", "logement") for n in range(10)),
    *(text(n, "Concert et exposition à la bibliothèque", "culture") for n in range(10, 20)),
    *(text(n, "La Bourse de New York recule", relevant=False) for n in range(20, 30)),
]


def test_what_was_labelled_is_told_apart() -> None:
    weights = train(TEXTS, TOPICS, version="test")
    for one in TEXTS:
        relevance = weights.score("relevance/on-topic", reading.relevance_features(one.reading))
        assert (relevance > 0) == one.relevant
        for slug in TOPICS if one.relevant else ():
            features = reading.lexicon_features(one.reading, "topic", slug)
            assert (weights.score(f"topic/{slug}", features) > 0) == (slug in one.topics)


def test_the_same_texts_give_the_same_weights() -> None:
    one = train(TEXTS, TOPICS, version="test").to_json()
    assert train(list(TEXTS), TOPICS, version="test").to_json() == one


def test_nothing_is_learned_from_nothing() -> None:
    assert train([], TOPICS, version="empty").labels == {}
