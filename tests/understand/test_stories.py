"""Entries that tell the same thing find each other, and those only alike do not."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from aggregator.understand.stories import Match, StoryEntry, StoryIndex

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NEWS = (
    "Le conseil de quartier invite les habitantes et les habitants à une marche exploratoire "
    "autour de la gare, afin de relever ensemble les passages dangereux pour les piétons et les "
    "cyclistes. Le départ est donné devant la bibliothèque ; un relevé sera remis à la mairie."
)
FOOTER = " Association loi 1901, 12 rue des Acacias. Permanence le mardi. Partager sur les réseaux."


def entry(
    id: int, text: str, *, source: int | None = None, title: str = "", days: float = 0
) -> StoryEntry:
    return StoryEntry(id, source or id, NOW + timedelta(days=days), title or f"Titre {id}", text)


def index(*entries: StoryEntry) -> StoryIndex:
    filled = StoryIndex()
    for one in entries:
        filled.add(one)
    return filled


def test_a_text_republished_with_a_new_beginning_is_found() -> None:
    found = index(entry(1, NEWS)).match(entry(2, "Repris de nos voisins. " + NEWS[:200]))
    assert found is not None
    assert (found.id, found.kind) == (1, "text")


def test_a_text_with_its_sentences_in_another_order_is_found() -> None:
    sentences = NEWS.split(". ")
    assert index(entry(1, NEWS)).match(entry(2, ". ".join(reversed(sentences)))) is not None


def test_another_text_on_a_like_subject_is_not_the_same() -> None:
    other = (
        "La mairie annonce la réfection des trottoirs de l'avenue et promet un plan pour les "
        "cyclistes ; les commerçants demandent à être entendus avant le début des travaux."
    )
    assert index(entry(1, NEWS)).same_text(entry(2, other)) == []


def test_what_a_source_repeats_in_each_entry_joins_nothing() -> None:
    filled = index(
        *(
            entry(n, f"Nouvelle numéro {n} du jour {n}, mot{n} chose{n}." + FOOTER, source=7)
            for n in range(1, 5)
        )
    )
    asked = entry(9, "Tout autre chose, la cantine change de fournisseur." + FOOTER, source=7)
    assert filled.same_text(asked) == []


def test_the_same_text_after_the_window_is_another_story() -> None:
    filled = index(entry(1, NEWS))
    assert filled.match(entry(2, NEWS, days=9.9)) is not None
    assert filled.match(entry(2, NEWS, days=10.1)) is None


def test_an_entry_does_not_match_itself() -> None:
    one = entry(1, NEWS)
    assert index(one).match(one) is None


def test_the_same_event_in_other_words_is_found_by_names_and_date() -> None:
    first = StoryEntry(
        1,
        1,
        NOW,
        "Vélorution à Montreuil le 12 décembre",
        "Grande vélorution au départ de Croix-de-Chavaux samedi 12 décembre contre la suppression "
        "de la piste de la rue Étienne-Marcel.",
        frozenset({"montreuil"}),
    )
    second = StoryEntry(
        2,
        2,
        NOW,
        "Suppression de la piste Étienne-Marcel : vélorution",
        "Rendez-vous le 12 décembre à Croix-de-Chavaux pour une vélorution, disent les cyclistes.",
        frozenset({"montreuil"}),
    )
    found = index(first).match(second)
    assert found is not None
    assert found.kind == "event"
    assert "Chavaux" in found.shared


def test_the_same_words_about_another_place_are_another_event() -> None:
    title, text = "Fête de la soupe", "Grande fête de la soupe, concours, fanfare et bal le 12 mai."
    here = StoryEntry(1, 1, NOW, title, text, frozenset({"pantin"}))
    there = StoryEntry(2, 2, NOW, title, text[:40], frozenset({"sceaux"}))
    assert index(here).same_event(there) == []


def test_a_removed_or_forgotten_entry_matches_no_more() -> None:
    filled = index(entry(1, NEWS), entry(2, FOOTER * 3, days=-20))
    assert filled.forget(NOW - timedelta(days=10)) == 1
    filled.remove(1)
    filled.remove(1)
    assert len(filled) == 0
    assert filled.match(entry(3, NEWS)) is None


def test_adding_twice_is_adding_once() -> None:
    filled = index(entry(1, NEWS), entry(1, NEWS))
    assert len(filled) == 1
    assert filled.same_text(entry(2, NEWS)) == [Match(1, "text", 1.0)]


def test_empty_texts_have_no_story() -> None:
    assert index(entry(1, "")).match(entry(2, "")) is None


def test_two_tellings_of_an_event_find_each_other_among_all_others(
    events: dict[str, tuple[tuple[str, str], tuple[str, str]]],
) -> None:
    filled = StoryIndex()
    for number, (first, _) in enumerate(events.values()):
        filled.add(StoryEntry(number, number, NOW, *first))
    found = {}
    for number, (name, (_, second)) in enumerate(events.items()):
        match = filled.match(StoryEntry(100 + number, 100 + number, NOW, *second))
        found[name] = None if match is None else match.id == number
    assert False not in found.values()
    assert sum(value is True for value in found.values()) >= 7


def test_look_alikes_are_two_events(
    lookalikes: list[tuple[tuple[str, str], tuple[str, str]]],
) -> None:
    for one, other in lookalikes:
        filled = index(StoryEntry(1, 1, NOW, *one))
        assert filled.match(StoryEntry(2, 2, NOW, *other)) is None, one[0]


@given(st.lists(st.tuples(st.integers(0, 4), st.text(max_size=80), st.text(max_size=300))))
def test_whatever_is_added_can_be_asked_for_and_taken_out_again(
    written: list[tuple[int, str, str]],
) -> None:
    filled = StoryIndex()
    for source, title, text in written:
        one = StoryEntry(len(filled), source, NOW, title, text)
        filled.add(one)
        found = filled.match(one)
        assert found is None or 0 < found.score <= 1
    for id in range(len(written)):
        filled.remove(id)
    assert len(filled) == 0
