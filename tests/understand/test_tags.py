"""Each tag says where it comes from and shows the words that speak for it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.understand.tags import Profile, learned_profile, tags_for

TITLE = "Les locataires de la cité refusent la hausse des loyers"
TEXT = (
    "L'amicale de locataires appelle les habitants de Bobigny à une réunion publique jeudi à 19 h "
    "sur les charges et le logement social. Venez nombreux, signez la pétition !"
)


def test_a_topic_is_found_with_the_words_that_speak_for_it() -> None:
    tag = tags_for(TITLE, TEXT).topics[0]
    assert (tag.slug, tag.origin) == ("logement", "text")
    assert tag.weight > 0.6
    assert "loyers" in {evidence.words for evidence in tag.evidence}


def test_evidence_stands_where_it_says() -> None:
    for tag in tags_for(TITLE, TEXT).tags:
        for evidence in tag.evidence:
            field = TITLE if evidence.field == "title" else TEXT
            assert field[evidence.start : evidence.end] == evidence.words


def test_words_that_say_next_to_nothing_are_no_evidence_beside_those_that_tell() -> None:
    found = tags_for("Le loyer augmente", "Locataires et bailleur en parlent à la maison.").topics
    assert [words.words for words in found[0].evidence] == ["loyer", "Locataires", "bailleur"]


def test_areas_are_those_that_the_entry_names() -> None:
    assert [tag.slug for tag in tags_for(TITLE, TEXT).areas] == ["bobigny"]


def test_a_skill_that_only_the_group_declares_is_inherited_and_says_so() -> None:
    profile = Profile(skills=frozenset({"quartiers-populaires"}))
    tag = tags_for(TITLE, TEXT, profile=profile).skills[-1]
    assert (tag.slug, tag.origin, tag.evidence) == ("quartiers-populaires", "source", ())


def test_weak_words_give_no_objective_against_what_the_group_declares() -> None:
    profile = Profile(objectives=frozenset({"renforcer-les-cooperations"}))
    weak = tags_for("Gare de Bondy", "Depuis dix ans, lundi et mardi, le train.", profile=profile)
    assert [(tag.slug, tag.origin) for tag in weak.objectives] == [
        ("renforcer-les-cooperations", "source")
    ]
    strong = tags_for("Vernissage à Bondy", "Exposition et concert, entrée libre.", profile=profile)
    assert strong.objectives[0].slug == "rendre-visible"
    assert strong.objectives[0].origin == "text"


def test_an_objective_that_left_the_taxonomy_is_passed_over() -> None:
    found = tags_for("Bonjour", "Le jardin.", profile=Profile(objectives=frozenset({"ancien"})))
    assert found.objectives == ()


def test_no_text_alone_makes_the_skill_of_working_from_quartiers_populaires() -> None:
    found = tags_for("Nos quartiers populaires", "Avec les habitants des quartiers populaires.")
    assert "quartiers-populaires" not in {tag.slug for tag in found.skills}


def test_what_was_learned_of_a_source_moves_its_tags() -> None:
    counts = {("topic", "alimentation"): 19, ("relevance", "on-topic"): 20}
    profile = Profile(learned=learned_profile(counts, 20))
    before = tags_for("Rendez-vous de mercredi", "Pensez à vos sacs.")
    after = tags_for("Rendez-vous de mercredi", "Pensez à vos sacs.", profile=profile)
    assert "alimentation" not in {tag.slug for tag in before.topics}
    assert "alimentation" in {tag.slug for tag in after.topics}


def test_a_short_entry_takes_the_language_of_its_source() -> None:
    assert tags_for("Concert", "", profile=Profile(language="fr")).language == "fr"
    assert tags_for("Concert", "", language="en-GB").language == "en"
    assert tags_for("Concert", "").language is None


@pytest.mark.parametrize("text", ["", " ", "\x00", "🎉🎉🎉", "<p></p>", "a"])
def test_almost_nothing_gets_no_tag(text: str) -> None:
    found = tags_for("", text)
    assert found.topics == ()
    assert found.areas == ()


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=300), st.text(max_size=600))
def test_any_text_is_understood_somehow(title: str, text: str) -> None:
    found = tags_for(title, text)
    assert 0 <= found.relevance <= 1
    assert len(found.topics) <= 4
    assert all(0 <= tag.weight <= 1 for tag in found.tags)


def test_the_name_of_a_street_is_no_subject() -> None:
    found = tags_for("Incendie rue des Vignerons", "Le local du 14, rue des Vignerons a brûlé.")
    assert "alimentation" not in {tag.slug for tag in found.topics}


def test_a_part_of_a_town_s_name_is_no_subject_but_the_whole_name_may_be() -> None:
    river = tags_for("Nogent-sur-Marne", "Réunion à Villiers-sur-Marne, Bry-sur-Marne suivra.")
    assert "environnement" not in {tag.slug for tag in river.topics}
    market = tags_for("Rungis", "Les maraîchers vendent leurs légumes à Rungis.")
    assert "Rungis" in {words.words for tag in market.topics for words in tag.evidence}


def test_a_town_council_is_no_advice() -> None:
    told = tags_for(
        "Conseil municipal de jeudi", "Le maire a quitté la salle du conseil municipal."
    )
    assert [tag.slug for tag in told.objectives] == ["rendre-visible"]


def test_a_group_of_the_inventory_may_write_in_any_language() -> None:
    title, text = "Recetas de la abuela", "Diez abuelas del barrio han grabado sus recetas."
    known = tags_for(title, text, profile=Profile(topics=frozenset({"culture"})))
    assert known.language == "es"
    assert known.relevance > tags_for(title, text).relevance + 0.2
