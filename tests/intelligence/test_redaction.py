"""What a session's listeners may read: nothing that is asked to be redacted, at no moment."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intelligence.finders import NAMES, RuleFinder, said
from vivavoce.intelligence.markers import all_masked, is_redacted, marked, masked
from vivavoce.intelligence.redaction import Redactor
from vivavoce.protocol.redaction import redacted_types
from vivavoce.protocol.stream import Word

TYPES = redacted_types(["GDPR"])


def redactor(*types: str, mask: bool = False) -> Redactor:
    return Redactor(RuleFinder(), redacted_types(types) if types else TYPES, mask=mask)


def finals(*texts: str, types: tuple[str, ...] = (), mask: bool = False) -> list[str]:
    """What is written of utterances that follow one another on a channel."""
    one, at, written = redactor(*types, mask=mask), 0.0, []
    for text in texts:
        utterance = said(text, at=at)
        at = utterance.end + 0.3
        written.append(one.final(utterance).text.strip())
    return written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("my name is Jonathan Meyers, hello", "my name is [NAME_1], hello"),
        ("call 415-555-0132 now", "call [PHONE_NUMBER_1] now"),
        ("call four one five five five five oh one three two now", "call [PHONE_NUMBER_1] now"),
        ("it is john dot smith at gmail dot com.", "it is [EMAIL_ADDRESS_1]."),
        ("please call me at 415 555 0132 then", "please call me at [PHONE_NUMBER_1] then"),
        ("what was he looking at?", "what was he looking at?"),
        ("so jonathan is here", "so [NAME_1] is here"),
        ("we are 12 people and 3 dogs", "we are 12 people and 3 dogs"),
        ("it cost 10,000 dollars in 2021", "it cost 10,000 dollars in 2021"),
        ("the reference 8812345 is mine", "the reference [NUMERICAL_PII_1] is mine"),
    ],
)
def test_entities_become_markers(text: str, written: str) -> None:
    assert finals(text) == [written]


def test_a_mask_keeps_spaces_and_the_punctuation_after_it() -> None:
    assert finals("I am Jonathan Meyers, hello", mask=True) == ["I am ######## ######, hello"]


@given(st.one_of(st.text(), st.text("a .。、，？！#\n")).filter(str.strip), st.sampled_from(sorted(TYPES)))
def test_what_is_written_in_place_of_a_word_is_known_as_that(text: str, entity_type: str) -> None:
    word = Word(text, 0.0, 1.0, 1.0)
    assert is_redacted(masked(word).text)
    assert is_redacted(marked([word], f"{entity_type}_12").text)


def test_only_what_is_asked_for_goes() -> None:
    assert finals("Jonathan has 415-555-0132 here", types=("NAME",)) == ["[NAME_1] has 415-555-0132 here"]


def test_an_entity_keeps_its_number_and_others_have_their_own() -> None:
    assert finals(
        "I am Jonathan Meyers and she is Priya",
        "Priya called 415-555-0132 today",
        "Jonathan called four one five five five five zero one three two too",
    ) == [
        "I am [NAME_1] and she is [NAME_2]",
        "[NAME_2] called [PHONE_NUMBER_1] today",
        "[NAME_1] called [PHONE_NUMBER_1] too",
    ]


def test_a_partial_takes_no_number() -> None:
    one, spoken = redactor(), said("then Priya came and Jonathan Khanna left us all")
    seen = [one.partial(replace(spoken, words=spoken.words[:count])).text for count in range(10)]
    assert any("[NAME_2]" in text for text in seen)
    assert one.final(said("ask Meyers now")).text == " ask [NAME_1] now"
    assert one.partial(replace(spoken, words=spoken.words[:3])).text == " then"
    assert one.final(spoken).text == " then [NAME_2] came and [NAME_3] left us all"


def test_numbers_go_on_after_a_restart() -> None:
    before = redactor()
    kept = [before.final(said("I am Jonathan and she is Priya"))]
    after = redactor()
    after.resume(kept)
    assert after.final(said("I am Khanna today", at=60)).text == " I am [NAME_3] today"


@pytest.mark.parametrize("cut", range(1, 10))
def test_a_number_that_is_cut_in_two_goes_on_both_sides(cut: int) -> None:
    digits = ["four", "one", "five", "five", "five", "five", "oh", "one", "three", "two"]
    first, second = finals(f"my number is {' '.join(digits[:cut])}", f"{' '.join(digits[cut:])} so call me")
    assert not set(digits) & set(f"{first} {second}".split())
    assert first.startswith("my number is [")
    assert second.endswith("] so call me")
    # It is one number.
    assert first.split()[-1] == second.split()[0]


def finals_of(pieces: list[tuple[str, str]], *, restart_before: int | None = None) -> list[Word]:
    """What is written of pieces that follow one another, each with the label of its language."""
    one, at, kept = redactor(), 0.0, []
    for number, (text, language) in enumerate(pieces):
        if number == restart_before:
            one = redactor()
            one.resume(kept)
        utterance = said(text, at=at, language=language, number=number)
        at = utterance.words[-1].start + 0.5
        kept.append(one.final(utterance))
    return [word for final in kept for word in final.words]


def hidden(written: list[Word]) -> set[int]:
    """Which words, half a second each, are redacted."""
    gone = [word for word in written if is_redacted(word.text)]
    return {index for word in gone for index in range(round(2 * word.start), round(2 * word.end + 0.2))}


def cuts_within(words: list[str], gone: set[int]) -> list[int]:
    """Where what is `gone` may be cut in two; a "plus" or a "the" alone tells nothing."""
    return sorted(i for i in gone if i - 1 in gone and words[i - 1] not in ("plus", "the"))


MENTIONS = [
    "my number is four one five five five five oh one three two so call me",
    "my number is 415 555 0132 so call me",
    "take down plus four four one five five five oh one three two please",
    "my email is john dot smith at gmail dot com I said",
    "well I am Jonathan Meyers from upstairs",
    "so we moved to 1600 Pennsylvania Street last year",
    "I live at 22 North Lincoln Street with friends",
    "I was born on the fourth of July nineteen eighty two in Paris",
    "and my daughter is seven years old now",
]


@settings(deadline=None)
@given(st.sampled_from(MENTIONS), st.data())
def test_what_an_utterance_hides_is_hidden_wherever_it_is_cut(text: str, data: st.DataObject) -> None:
    words = text.split()
    whole = hidden(finals_of([(text, "en")]))
    within = cuts_within(words, whole)
    ends = sorted(data.draw(st.sets(st.sampled_from(within), min_size=1, max_size=2)))
    pieces = [" ".join(words[first:end]) for first, end in pairwise([0, *ends, len(words)])]
    # Recognisers mistake the language of a few words.
    labels = ["en", *data.draw(st.lists(st.sampled_from(["en", "cy", "fr"]), min_size=2, max_size=2))]
    assert whole <= hidden(finals_of(list(zip(pieces, labels, strict=False)))), pieces


@settings(deadline=None)
@given(st.sampled_from(MENTIONS), st.data())
def test_a_restart_within_what_is_hidden_shows_nothing_of_it(text: str, data: st.DataObject) -> None:
    words = text.split()
    whole = hidden(finals_of([(text, "en")]))
    cut = data.draw(st.sampled_from(cuts_within(words, whole)))
    pieces = [(" ".join(words[:cut]), "en"), (" ".join(words[cut:]), "en")]
    assert whole <= hidden(finals_of(pieces, restart_before=1)), pieces


@pytest.mark.parametrize(
    ("pieces", "written"),
    [
        ("my card number is|four one one one one, got it?", "my card number is|[NUMERICAL_PII_1], got it?"),
        ("my name is|Jonathan speaking to you", "my name is|[NAME_1] speaking to you"),
        ("my number is 415 555|0132 I said", "my number is [NUMERICAL_PII_1]|[NUMERICAL_PII_1] I said"),
        ("that was it|and we went home", "that was it|and we went home"),
    ],
)
def test_what_follows_is_looked_at_in_the_language_before_it(pieces: str, written: str) -> None:
    one, at, texts = redactor(), 0.0, []
    for piece, language in zip(pieces.split("|"), ("en", "cy"), strict=True):
        utterance = said(piece, at=at, language=language)
        at = utterance.end + 0.3
        texts.append(one.final(utterance).text.strip())
    assert texts == written.split("|")


@pytest.mark.parametrize(
    "text",
    [
        "send it to maria at work dot org please",
        "we have 3 dogs",
        "it is 5",
        "the first of them",
        "we met in 2019",
    ],
)
def test_what_is_cut_nowhere_stands(text: str) -> None:
    """What is no piece at the end, or no address beyond it, is not taken for one."""
    assert finals(text)[0].split()[-1] == text.split()[-1]


def test_only_what_is_asked_for_is_taken_for_a_piece() -> None:
    assert finals("my daughter is seven", types=("NAME",)) == ["my daughter is seven"]
    assert finals("we moved to 1600 Pennsylvania", types=("AGE",)) == ["we moved to 1600 Pennsylvania"]
    assert finals("born on the fourth", types=("NAME",)) == ["born on the fourth"]


def test_digits_that_come_one_by_one_all_go() -> None:
    said_so = "please take down my card number|four|one|one one|1234|5678|nine"
    written = finals(*said_so.split("|"))
    assert all(is_redacted(text) for text in written[1:]), written


def test_a_number_goes_on_after_a_restart() -> None:
    kept = redactor().final(said("my number is 415 555"))
    after = redactor()
    after.resume([kept])
    assert after.final(said("0132 I said", at=kept.end + 0.3)).text == " [NUMERICAL_PII_1] I said"


@pytest.mark.parametrize("mask", [False, True])
def test_a_number_goes_on_after_an_utterance_that_could_not_be_redacted(mask: bool) -> None:
    one, first = redactor(mask=mask), said("my number is 415 555")
    one.failed(first)
    second = one.final(said("0132 I said", at=first.end + 0.3))
    assert is_redacted(second.words[0].text)
    assert second.text.endswith(" I said")


@pytest.mark.parametrize("mask", [False, True])
def test_a_number_goes_on_after_a_restart_that_followed_on_a_masked_utterance(mask: bool) -> None:
    kept, after = all_masked(said("my number is 415 555")), redactor(mask=mask)
    after.resume([kept])
    assert is_redacted(after.final(said("0132 I said", at=kept.end + 0.3)).words[0].text)


def test_a_name_that_is_cut_in_two_goes_on_both_sides() -> None:
    assert finals("I am Jonathan", "Meyers from upstairs") == ["I am [NAME_1]", "[NAME_1] from upstairs"]


@pytest.mark.parametrize("cut", range(1, 7))
def test_an_address_that_is_cut_in_two_goes_on_both_sides(cut: int) -> None:
    address = ["john", "dot", "smith", "at", "gmail", "dot", "com"]
    first, second = finals(f"my email is {' '.join(address[:cut])}", f"{' '.join(address[cut:])} I said")
    assert not set(address) & set(f"{first} {second}".split())
    assert first.startswith("my email is [")
    assert second.endswith("] I said")


def test_what_follows_a_whole_address_stands() -> None:
    assert finals("write to john at gmail dot com", "or call me") == [
        "write to [EMAIL_ADDRESS_1]",
        "or call me",
    ]


def test_who_was_named_is_known_again_where_nothing_is_found() -> None:
    class Forgetful(RuleFinder):
        def sensitive(self, words, language, types):  # type: ignore[no-untyped-def]
            found = super().sensitive(words, language, types)
            return found if any("am" in word.text for word in words) else []

    one = Redactor(Forgetful(), TYPES)
    one.final(said("I am Jonathan Meyers"))
    assert one.final(said("then Jonathan's dog barked", at=60)).text == " then [NAME_1] dog barked"


def test_who_was_named_is_known_again_in_other_letters() -> None:
    assert finals(
        "this is priya raghunathan", "RAGHUNATHAN is here", "ask raghunathan", "ask Raghunathan"
    ) == [
        "this is [NAME_1]",
        "[NAME_1] is here",
        "ask [NAME_1]",
        "ask [NAME_1]",
    ]


def test_a_name_that_is_an_ordinary_word_too_is_only_known_with_its_capital() -> None:
    texts = finals("I am Jonathan Bell", "it rings like a bell", "then Bell came")
    assert texts == ["I am [NAME_1]", "it rings like a bell", "then [NAME_1] came"]


def test_channels_do_not_go_on_with_one_another() -> None:
    one = redactor()
    assert one.final(said("my number is 415 555", channel=0)).text.endswith("]")
    assert one.final(said("2 of them came", channel=1, at=2)).text == " 2 of them came"


SPEECH = st.lists(
    st.sampled_from(
        [
            "my name is Jonathan Meyers",
            "Priya Khanna speaking",
            "the number is four one five five five five oh one three two",
            "call me at 415 555 0132",
            "it is 4155550132",
            "my mail is john dot smith at gmail dot com",
            "that is jonathan underscore m at work dot org",
            "write to priya at work dot org",
            "J O N A T H A N",
            "and then we went to the shop",
            "he bought three apples for 20 dollars",
            "Yes. No.",
            "in 2021 it was fine",
            *MENTIONS,
        ]
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None)
@given(SPEECH, st.data())
def test_no_partial_shows_what_the_final_redacts(parts: list[str], data: st.DataObject) -> None:
    words = " ".join(parts).split()
    cut = data.draw(st.integers(1, len(words)))
    one, at = redactor(), 0.0
    for number, piece in enumerate((words[:cut], words[cut:])):
        if not piece:
            continue
        shown: list[str] = []
        for count in range(1, len(piece) + 1):
            # The last word is half said at first.
            for last in (piece[count - 1][: len(piece[count - 1]) // 2 + 1], piece[count - 1]):
                heard = said(" ".join([*piece[: count - 1], last]), at=at, number=number)
                shown += one.partial(heard).text.split()
        utterance = said(" ".join(piece), at=at, number=number)
        at = utterance.end + 0.1
        final = one.final(utterance).text.split()
        kept = [re.sub(r"\W", "", word) for word in final if not is_redacted(word)]
        gone = {re.sub(r"\W", "", word) for word in piece} - set(kept)
        assert not gone & {re.sub(r"\W", "", word) for word in shown}
        assert not NAMES & {re.sub(r"\W", "", word) for word in (*final, *shown)}


BIRTHDAYS = [
    ("I was born on the fourth of July nineteen eighty two in Paris", "en", "I was born on"),
    ("Ich bin am 4. Juli 1982 geboren.", "de", "Ich bin am"),
    ("on 4 July 1982 is my birthday", "en", "on"),
    ("El 4 de julio de 1982 nací en Lima", "es", "El"),
]


@pytest.mark.parametrize(("text", "language", "before"), BIRTHDAYS)
def test_the_day_on_which_somebody_was_born_is_shown_at_no_moment(
    text: str, language: str, before: str
) -> None:
    one, whole = redactor(), said(text, language=language)
    secret = {"fourth", "July", "nineteen", "eighty", "two", "4.", "Juli", "1982", "4", "julio"}
    for count in range(1, len(whole.words) + 1):
        shown = one.partial(replace(whole, words=whole.words[:count]))
        assert not secret & set(shown.text.split())
    written = one.final(whole).text.strip()
    assert written.startswith(f"{before} [DOB_1] ")
    assert not secret & set(written.split())


def test_a_day_on_which_nobody_was_born_stands() -> None:
    text = "wir fahren am 4. Juli nach Süden in die Berge"
    assert redactor().final(said(text, language="de")).text.strip() == text


def test_a_partial_goes_on_from_one_whose_final_is_not_there_yet() -> None:
    one = redactor()
    one.partial(said("my mail is john dot", number=0))
    assert one.partial(said("smith at gmail dot com and so on", at=2.3, number=1)).text == (
        " [EMAIL_ADDRESS_1] and"
    )
    one.partial(said("my number is 415 555 013", at=10, number=2))
    assert one.partial(said("2 if you want", at=13, number=3)).text.endswith("] if")


def test_a_partial_shows_what_is_clear() -> None:
    one = redactor()
    heard = "well Jonathan Meyers went to the shop and bought"
    assert one.partial(said(heard)).text == " well [NAME_1] went to the shop"
    # What a partial tries has no number yet.
    assert one.final(said("so Priya is here")).text == " so [NAME_1] is here"


@given(st.text(max_size=40), st.sampled_from(["en", "de", "ja", "xx", ""]))
def test_whatever_is_said_something_can_be_written(text: str, language: str) -> None:
    one = redactor()
    one.partial(said(text, language=language))
    one.final(said(text, language=language))
    assert not any(letter.isalnum() for letter in all_masked(said(text)).text)


def test_ten_thousand_words_are_redacted() -> None:
    written = redactor().final(said("so Jonathan called 415-555-0132 today and " * 2000)).text
    assert "Jonathan" not in written
    assert written.count("[PHONE_NUMBER_1]") == 2000
