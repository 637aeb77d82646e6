"""Entities by type, with the real models: what is found, on which words, when it was said."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intelligence.spoken_words import spoken
from vivavoce.errors import ModelError
from vivavoce.intelligence.base import AddOnError
from vivavoce.intelligence.entities.finder import Entities
from vivavoce.intelligence.entities.model import PACKAGED
from vivavoce.protocol.stream import Word


@pytest.fixture(scope="module")
def finder() -> Entities:
    finder = Entities()
    finder.load("en")
    return finder


TELEPHONE = "four one five five five five oh one double three"
ENGLISH = [
    # People.
    ("My name is Claire Fontaine.", "NAME", "Claire Fontaine"),
    ("My name is Claire Fontaine.", "NAME_GIVEN", "Claire"),
    ("My name is Claire Fontaine.", "NAME_FAMILY", "Fontaine"),
    ("my name is claire murphy", "NAME", "claire murphy"),
    ("Ask Mr. Fontaine about it.", "NAME_FAMILY", "Fontaine"),
    ("I saw Dr. Okafor on Monday.", "NAME_MEDICAL_PROFESSIONAL", "Dr. Okafor"),
    ("Grace's surname is Hall.", "NAME_FAMILY", "Hall"),
    # Organizations and places.
    ("She works for Siemens in Munich.", "ORGANIZATION", "Siemens"),
    ("He was in Lakeside Hospital.", "ORGANIZATION_MEDICAL_FACILITY", "Lakeside Hospital"),
    ("She works for Siemens in Munich.", "LOCATION_CITY", "Munich"),
    ("i grew up in chicago", "LOCATION_CITY", "chicago"),
    ("They moved to New Zealand.", "LOCATION_COUNTRY", "New Zealand"),
    ("They moved to North Carolina.", "LOCATION_STATE", "North Carolina"),
    ("I live at seventeen Oak Street.", "LOCATION_ADDRESS", "seventeen Oak Street"),
    ("the zip code is one oh oh one four", "LOCATION_ZIP", "one oh oh one four"),
    ("We swam in Lake Ontario.", "LOCATION", "Ontario"),
    ("It is at 52.5200, 13.4050.", "LOCATION_COORDINATE", "52.5200, 13.4050"),
    # Time.
    ("We signed on the third of March 2021.", "DATE", "the third of March 2021"),
    ("It is due on 12/18/2026.", "DATE", "12/18/2026"),
    ("I was born on May 5th, 1990.", "DOB", "May 5th, 1990"),
    ("We open in the summer of 2027.", "DATE_INTERVAL", "the summer of 2027"),
    ("He left in two thousand and nineteen.", "DATE_INTERVAL", "two thousand and nineteen"),
    ("It was printed in 1455.", "DATE_INTERVAL", "1455"),
    ("It starts at three thirty p.m. today.", "TIME", "three thirty p.m."),
    ("Come at quarter past six.", "TIME", "quarter past six"),
    ("It took two and a half hours.", "DURATION", "two and a half hours"),
    ("My son is twelve years old.", "AGE", "twelve years old"),
    # Numbers that stand for something.
    ("I paid twelve dollars and fifty cents.", "MONEY", "twelve dollars and fifty cents"),
    ("I paid €3.5 million for it.", "MONEY", "€3.5 million"),
    ("Sales fell by three point two percent.", "STATISTICS", "three point two percent"),
    ("Take fifty milligrams at night.", "DOSE", "fifty milligrams"),
    ("Call me on (415) 555-0132.", "PHONE_NUMBER", "(415) 555-0132"),
    ("call four one five five five five oh one double three", "PHONE_NUMBER", TELEPHONE),
    ("it is a dot b at proton dot me", "EMAIL_ADDRESS", "a dot b at proton dot me"),
    ("See https://example.org/a?b=1.", "URL", "https://example.org/a?b=1"),
    ("The host is 10.1.2.3.", "IP_ADDRESS", "10.1.2.3"),
    ("Open notes_final.docx now.", "FILENAME", "notes_final.docx"),
    ("My username is wolf_77.", "USERNAME", "wolf_77"),
    ("The password is swordfish9.", "PASSWORD", "swordfish9"),
    ("My card is 4111 1111 1111 1111.", "CREDIT_CARD", "4111 1111 1111 1111"),
    ("It expires on 04/28.", "CREDIT_CARD_EXPIRATION", "04/28"),
    ("The security code is four one nine.", "CVV", "four one nine"),
    ("Pay to GB33 BUKB 2020 1555 5555 55.", "BANK_ACCOUNT", "GB33 BUKB 2020 1555 5555 55"),
    ("The routing number is 021000021.", "ROUTING_NUMBER", "021000021"),
    ("My account number is 99812.", "ACCOUNT_NUMBER", "99812"),
    ("My SSN is 078-05-1120.", "SSN", "078-05-1120"),
    ("My passport is C01X00T47.", "PASSPORT_NUMBER", "C01X00T47"),
    ("Driver's license number S530 4600 0001.", "DRIVER_LICENSE", "S530 4600 0001"),
    ("The plate number is KX52 ABC.", "VEHICLE_ID", "KX52"),
    ("Her member ID is W123 456 789.", "HEALTHCARE_NUMBER", "W123 456 789"),
    ("Order number five five one nine please.", "NUMERICAL_PII", "five five one nine"),
    # What lists know.
    ("She speaks Italian well.", "LANGUAGE", "Italian"),
    ("My boss is Italian.", "ORIGIN", "Italian"),
    ("They are Buddhist.", "RELIGION", "Buddhist"),
    ("He votes for the Democrats.", "POLITICAL_AFFILIATION", "Democrats"),
    ("I'm married, no children.", "MARITAL_STATUS", "married"),
    ("My neighbour is a plumber.", "OCCUPATION", "plumber"),
    ("My blood type is AB negative.", "BLOOD_TYPE", "AB negative"),
    ("My sister is a Capricorn.", "ZODIAC_SIGN", "Capricorn"),
    ("She is bisexual.", "GENDER_SEXUALITY", "bisexual"),
    ("He takes metformin.", "DRUG", "metformin"),
    ("He has epilepsy.", "CONDITION", "epilepsy"),
    ("She has a sprained ankle.", "INJURY", "sprained ankle"),
    ("They did a biopsy.", "MEDICAL_PROCESS", "biopsy"),
    ("The code is J45.40.", "MEDICAL_CODE", "J45.40"),
    ("We watched the World Cup.", "EVENT", "World Cup"),
    ("I dropped my iPhone 15 Pro.", "PRODUCT", "iPhone 15 Pro"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "entity_type", "text"), ENGLISH)
def test_an_entity_is_found_on_its_words(finder: Entities, said: str, entity_type: str, text: str) -> None:
    words = spoken(said)
    [mention] = [m for m in finder.find(words, "en") if m.entity_type == entity_type]
    assert mention.text == text
    said_there = "".join(words[i].text for i in mention.words).strip()
    assert said_there.startswith(text)
    assert len(said_there) <= len(text) + 2
    assert (mention.start, mention.end) == (
        words[mention.words.start].start,
        words[mention.words.stop - 1].end,
    )


@pytest.mark.parametrize(
    "said",
    [
        "See you tomorrow or last Friday, as you like.",
        "I would like one of them, not two.",
        "May I ask you to mark this page?",
        "Will you read it to us in the hall?",
        "we may march in the rain and hope for the best",
        "Yeah, okay, thanks, bye.",
        "Hold on a second, please.",
        "The first name and the last name are missing.",
        "That is a nice bath and a good deal.",
        "What is your account number?",
        "I forgot my password and it was reset.",
    ],
)
def test_ordinary_words_are_no_entities(finder: Entities, said: str) -> None:
    assert finder.find(spoken(said), "en") == []


MOVIL = "seis uno dos tres cuatro cinco seis siete ocho"
OTHERS = [
    ("fr", "Je m'appelle Jean Dupont et j'habite à Lyon.", {"NAME": "Jean Dupont", "LOCATION_CITY": "Lyon"}),
    ("fr", "à jean arobase orange point fr", {"EMAIL_ADDRESS": "jean arobase orange point fr"}),
    ("fr", "le cinq mai à quinze heures trente", {"DATE": "cinq mai", "TIME": "quinze heures trente"}),
    ("fr", "J'ai 34 ans, je suis né le 12 mars 1990.", {"AGE": "34 ans", "DOB": "12 mars 1990"}),
    ("es", "mi teléfono es " + MOVIL, {"PHONE_NUMBER": MOVIL}),
    ("es", "cuesta cuarenta y cinco euros", {"MONEY": "cuarenta y cinco euros"}),
    ("de", "Er ist 34 Jahre alt.", {"AGE": "34 Jahre alt"}),
    ("de", "Er kommt am 3. Mai um 15 Uhr.", {"DATE": "3. Mai", "TIME": "15 Uhr"}),
    ("it", "il cinque maggio duemilaventi", {"DATE": "cinque maggio duemilaventi"}),
    ("pt", "Tenho 30 anos e pago 20 euros.", {"AGE": "30 anos", "MONEY": "20 euros"}),
    ("nl", "Mijn e-mail is a@b.nl en ik ben 30 jaar.", {"EMAIL_ADDRESS": "a@b.nl", "AGE": "30 jaar"}),
    ("ja", "2024年5月3日の10時30分です", {"DATE": "2024年5月3日", "TIME": "10時30分"}),
    ("xx", "a@b.com", {"EMAIL_ADDRESS": "a@b.com"}),
    ("xx", "DE89370400440532013000", {"BANK_ACCOUNT": "DE89370400440532013000"}),
]  # fmt: skip


@pytest.mark.parametrize(("language", "said", "expected"), OTHERS)
def test_other_languages_have_what_rules_can_find(
    finder: Entities, language: str, said: str, expected: dict[str, str]
) -> None:
    found = {m.entity_type: m.text for m in finder.find(spoken(said), language)}
    assert expected.items() <= found.items()


def test_a_language_gets_a_model_by_its_directory() -> None:
    said = spoken("Renault a son siège à Boulogne-Billancourt et Sweynheim y travaille.")
    assert "en" in Entities().languages
    without = {m.text for m in Entities().find(said, "xx")}
    finder = Entities({"xx": PACKAGED["fr"].locate()})
    assert finder.languages == ("en", "fr", "xx")
    assert finder.capability().backend == "model directory"
    assert {m.text for m in finder.find(said, "xx")} > without


def test_a_directory_without_a_model_is_said_to_have_none(tmp_path: Path) -> None:
    finder = Entities({"de": tmp_path})
    with pytest.raises(ModelError, match="no spaCy model"):
        finder.load("de")
    with pytest.raises(AddOnError, match="entities in de") as refused:
        finder.find(spoken("Guten Tag"), "de")
    assert refused.value.status_code == 501


def test_a_damaged_model_is_refused() -> None:
    whole = PACKAGED["en"]
    damaged = type(whole)(whole.distribution, whole.path, "0" * 64)
    with pytest.raises(ModelError, match="reinstall"):
        damaged.locate()


PARTIALS = [
    ("my card number is four one one", "NUMERICAL_PII"),
    ("my card number is 4111 11", "NUMERICAL_PII"),
    ("call me at four one five five", "NUMERICAL_PII"),
    ("my email is john dot smith at", "EMAIL_ADDRESS"),
    ("my social is one two three forty five", "SSN"),
    ("my password is capital T r zero u b four", "PASSWORD"),
    ("that is spelled O, B, R, I, E, N", "NAME"),
]


@pytest.mark.parametrize(("said", "entity_type"), PARTIALS)
def test_what_is_not_all_said_yet_is_sensitive(finder: Entities, said: str, entity_type: str) -> None:
    words = spoken(said)
    mention, *_ = finder.sensitive(words, "en", {entity_type})
    assert mention.entity_type == entity_type
    assert mention.words.stop == len(words)


def test_a_type_stands_for_its_narrower_ones_when_it_is_sensitive(finder: Entities) -> None:
    words = spoken("I was born on May 5th, 1990 in Chicago, says Dr. Okafor.")
    found = finder.sensitive(words, "en", {"DATE", "LOCATION", "NAME"})
    assert {"DOB", "LOCATION_CITY", "NAME_MEDICAL_PROFESSIONAL"} <= {m.entity_type for m in found}
    assert {m.entity_type for m in finder.sensitive(words, "en", {"LOCATION"})} == {"LOCATION_CITY"}


@settings(max_examples=40, deadline=None)
@given(
    texts=st.lists(st.text(max_size=12), max_size=40), language=st.sampled_from(["en", "de", "ja", "xx", ""])
)
def test_whatever_the_words_mentions_lie_within_them(
    finder: Entities, texts: list[str], language: str
) -> None:
    words = [Word(text, i / 2, i / 2 + 0.4, 0.5) for i, text in enumerate(texts)]
    for mention in finder.find(words, language):
        assert mention.words
        assert 0 <= mention.words.start < mention.words.stop <= len(words)
        assert mention.text


@pytest.mark.parametrize(("language", "sentences"), [("en", 300), ("xx", 1667)])
def test_a_very_long_utterance_is_read_to_its_end(finder: Entities, language: str, sentences: int) -> None:
    words = spoken("my name is Claire, call 415-555-0132. " * sentences)
    phones = [m for m in finder.find(words, language) if m.entity_type == "PHONE_NUMBER"]
    assert len(phones) == sentences


def test_several_threads_find_the_same(finder: Entities) -> None:
    said = [spoken(text) for text, *_ in ENGLISH]
    alone = [finder.find(words, "en") for words in said]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda words: finder.find(words, "en"), said))
    assert together == alone
