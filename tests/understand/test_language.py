"""The language of a text is told by its words, or left to its source when it says too little."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.understand.language import language_of

SENTENCES = {
    "fr": "Les habitants du quartier se réunissent samedi pour défendre leur jardin partagé.",
    "en": "The neighbours are meeting on Saturday to defend their community garden.",
    "es": "Los vecinos del barrio se reúnen el sábado para defender su huerto comunitario.",
    "pt": "Os moradores do bairro reúnem-se no sábado para defender a sua horta comunitária.",
    "it": "Gli abitanti del quartiere si riuniscono sabato per difendere il loro orto comune.",
    "de": "Die Nachbarn treffen sich am Samstag, um ihren Gemeinschaftsgarten zu verteidigen.",
    "nl": "De buren komen zaterdag bijeen om hun gemeenschappelijke tuin te verdedigen.",
    "ca": "Els veïns del barri es reuneixen dissabte per defensar el seu hort comunitari.",
    "ro": "Locuitorii din cartier se întâlnesc sâmbătă pentru a-și apăra grădina comună.",
    "tr": "Mahalle sakinleri cumartesi günü ortak bahçelerini savunmak için toplanıyor.",
    "pl": "Mieszkańcy dzielnicy spotykają się w sobotę, aby bronić swojego ogrodu.",
    "ar": "يجتمع سكان الحي يوم السبت للدفاع عن حديقتهم المشتركة",
    "fa": "ساکنان محله روز شنبه برای دفاع از باغ مشترک خود گرد هم می‌آیند",
    "zh": "社区居民星期六集会保护他们的共享花园",
    "ja": "住民たちは土曜日に共同の庭を守るために集まります",
    "ko": "주민들은 토요일에 공동 정원을 지키기 위해 모입니다",
    "ru": "Жители квартала собираются в субботу, чтобы защитить свой общий сад.",
    "uk": "Мешканці кварталу збираються в суботу, щоб захистити свій спільний сад і двір.",
    "el": "Οι κάτοικοι της γειτονιάς συναντιούνται το Σάββατο για τον κοινό κήπο τους.",
    "he": "תושבי השכונה נפגשים בשבת כדי להגן על הגינה המשותפת שלהם",
    "hi": "मोहल्ले के निवासी शनिवार को अपने साझा बगीचे की रक्षा के लिए मिल रहे हैं",
}


@pytest.mark.parametrize(("language", "text"), SENTENCES.items(), ids=SENTENCES.keys())
def test_one_sentence_is_enough(language: str, text: str) -> None:
    assert language_of(text) == language


def test_the_main_language_of_a_mixed_text_is_taken() -> None:
    assert language_of(SENTENCES["fr"] * 3 + SENTENCES["en"]) == "fr"
    assert language_of(SENTENCES["en"] * 3 + SENTENCES["fr"]) == "en"


def test_a_name_in_another_script_changes_nothing() -> None:
    assert language_of(SENTENCES["fr"] + " 北京 Москва") == "fr"


@pytest.mark.parametrize("text", ["", "Concert", "12 mai 2026, 18 h", "https://exemple.fr/a/b"])
def test_the_source_decides_where_the_text_says_too_little(text: str) -> None:
    assert language_of(text, "br") == "br"
    assert language_of(text) is None


def test_capitals_are_read_like_small_letters() -> None:
    assert language_of(SENTENCES["fr"].upper()) == "fr"


@given(st.text(max_size=400))
def test_any_text_has_a_language_or_none(text: str) -> None:
    found = language_of(text)
    assert found is None or len(found) == 2
