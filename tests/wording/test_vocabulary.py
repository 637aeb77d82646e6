"""Custom vocabulary: what becomes an entry, what stays as it was heard, and when it was said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.errors import NotLoaded
from vivavoce.protocol.stream import Word
from vivavoce.recognizers.phonemizer import Phonemizer
from vivavoce.wording.vocabulary import CustomVocabulary, Entry

SURE, UNSURE = 0.97, 0.4
ENTRIES = [
    Entry("Gladia"),
    Entry("Kubernetes", ("cooper netties",)),
    Entry("Nietzsche", ("neecha",)),
    Entry("Siobhan", ("shivawn",)),
    Entry("Levothyroxine"),
    Entry("Mont Blanc"),
    Entry("LiveKit"),
    Entry("AT&T"),
    Entry("St. Gallen"),
]


@pytest.fixture(scope="module")
def phonemizer() -> Iterator[Phonemizer]:
    phonemizer = Phonemizer()
    yield phonemizer
    phonemizer.close()


def words(*texts: str, confidence: float = UNSURE) -> tuple[Word, ...]:
    """One word each half second."""
    return tuple(Word(text, i / 2, i / 2 + 0.4, confidence) for i, text in enumerate(texts))


def spoken(text: str, confidence: float = UNSURE) -> tuple[Word, ...]:
    return words(*(f" {word}" for word in text.split()), confidence=confidence)


def written(
    phonemizer: Phonemizer, entries: Sequence[Entry], heard: tuple[Word, ...], language: str = "en"
) -> str:
    found = CustomVocabulary(entries, phonemizer.sounds).apply(heard, language)
    return "".join(word.text for word in found).removeprefix(" ")


@pytest.mark.parametrize(
    ("heard", "becomes"),
    [
        ("we use glad ya here", "we use Gladia here"),
        ("we use gladiya here", "we use Gladia here"),
        ("it runs on cooper netties, mostly.", "it runs on Kubernetes, mostly."),
        ("a book by niecha", "a book by Nietzsche"),
        ("send it to shiv awn today", "send it to Siobhan today"),
        ("take levo thyroxin daily", "take Levothyroxine daily"),
        ("they climbed mon blank.", "they climbed Mont Blanc."),
        ("“glad ya!” he said", "“Gladia!” he said"),
        ("the glad ya's price", "the Gladia's price"),
    ],
)
def test_what_sounds_like_an_entry_and_was_unsure_becomes_it(
    phonemizer: Phonemizer, heard: str, becomes: str
) -> None:
    assert written(phonemizer, ENTRIES, spoken(heard)) == becomes


@pytest.mark.parametrize(
    "heard",
    [
        "it was the best of times, it was the worst of times",
        "I am glad you came to live with us",
        "the communities of the mountains are quite near",
        "she never said it, and either way he kissed the lady",
        "",
    ],
)
@pytest.mark.parametrize("confidence", [0.9, SURE])
def test_ordinary_words_stay(phonemizer: Phonemizer, heard: str, confidence: float) -> None:
    assert written(phonemizer, ENTRIES, spoken(heard, confidence)) == heard


def test_an_entry_is_written_as_given_however_sure_another_case_was(phonemizer: Phonemizer) -> None:
    heard = spoken("livekit and at&t and MONT BLANC. In st. gallen?", 1.0)
    assert written(phonemizer, ENTRIES, heard) == "LiveKit and AT&T and Mont Blanc. In St. Gallen?"


@pytest.mark.parametrize(
    ("heard", "becomes"),
    [
        ("we write c++ here.", "we write C++ here."),
        ("it is in C++.", "it is in C++."),
        ("I like C# more", "I like C# more"),
        ("apple inc. today", "Apple Inc. today"),
        ("made by apple inc, today", "made by Apple Inc., today"),
        ("the .net world", "the .NET world"),
        ("vitamin C is good", "vitamin C is good"),
        ("¿qué? dijo", "¿Qué? dijo"),
    ],
)
def test_the_punctuation_of_an_entry_is_written_once(
    phonemizer: Phonemizer, heard: str, becomes: str
) -> None:
    entries = [Entry(value, intensity=0) for value in ("C++", "C#", "Apple Inc.", ".NET", "¿Qué?")]
    assert written(phonemizer, entries, spoken(heard, SURE)) == becomes


@pytest.mark.parametrize(
    ("entry", "language", "heard"),
    [
        ("हिन्दी", "hi", " हिन्दी में"),
        ("தமிழ்", "ta", " தமிழ் நாடு"),
        ("สวัสดี", "th", "สวัสดี"),
        ("दान", "hi", " आज का दिन"),
    ],
)
def test_vowels_that_are_marks_belong_to_their_word(
    phonemizer: Phonemizer, entry: str, language: str, heard: str
) -> None:
    found = CustomVocabulary([Entry(entry, intensity=0)], phonemizer.sounds).apply(
        words(heard, confidence=SURE), language
    )
    assert "".join(word.text for word in found) == heard


def test_the_surer_a_word_was_the_more_alike_it_must_be(phonemizer: Phonemizer) -> None:
    becomes = [written(phonemizer, ENTRIES, spoken("a gladder", sure)) for sure in (0.0, 0.5, 1.0)]
    assert becomes == ["a Gladia", "a gladder", "a gladder"]


def test_intensity_says_how_readily_an_entry_is_written(phonemizer: Phonemizer) -> None:
    heard = spoken("we used gladder here", 0.7)
    becomes = [
        written(phonemizer, [Entry("Gladia", intensity=intensity)], heard) for intensity in (0, 0.5, 1)
    ]
    assert becomes == ["we used gladder here", "we used gladder here", "we used Gladia here"]


def test_what_is_unlike_every_entry_stays_however_unsure_it_was(phonemizer: Phonemizer) -> None:
    entries = [Entry("++", intensity=1), Entry("Rindfleischetikettierungsüberwachungsaufgabe", intensity=1)]
    heard = "so it goes on and on as we all know too well by now"
    assert written(phonemizer, entries, spoken(heard, 0.0)) == heard


def test_an_entry_may_be_pronounced_as_in_another_language(phonemizer: Phonemizer) -> None:
    heard = spoken("wir nutzen Solerja heute")
    english = [Entry("Solaria", language="en")]
    assert written(phonemizer, english, heard, "de") == "wir nutzen Solaria heute"


def test_what_one_way_to_ask_finds_out_of_the_entries_the_other_knows(phonemizer: Phonemizer) -> None:
    vocabulary = CustomVocabulary([Entry("Solaria")], phonemizer.sounds)
    at_hand = vocabulary.asking(phonemizer.sounds_at_hand)
    heard = spoken("the so laria model")
    with pytest.raises(NotLoaded):
        at_hand.apply(heard, "is")
    vocabulary.prepare("is")
    assert at_hand.apply(heard, "is") == vocabulary.apply(heard, "is") != heard


def test_a_word_of_a_script_without_spaces_is_found_by_its_sound(phonemizer: Phonemizer) -> None:
    assert (
        written(phonemizer, [Entry("北京大学")], words("我", "在", "背", "景", "大", "学"), "zh")
        == "我在北京大学"
    )


def test_as_many_words_keep_their_times_and_fewer_last_as_long(phonemizer: Phonemizer) -> None:
    vocabulary = CustomVocabulary(ENTRIES, phonemizer.sounds)
    heard = spoken("see mon blank")
    assert [(w.start, w.end) for w in vocabulary.apply(heard, "en")] == [(w.start, w.end) for w in heard]
    ask, first, last = spoken("ask glad ya")
    assert vocabulary.apply((ask, first, last), "en") == (
        ask,
        Word(" Gladia", first.start, last.end, first.confidence),
    )


TEXTS = st.text("ablgdieyß’'.,- 東é1", min_size=1, max_size=7)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.builds(Entry, TEXTS.filter(str.strip), st.tuples(TEXTS), st.floats(0, 1)), max_size=4),
    st.lists(TEXTS, max_size=8),
    st.sampled_from(["en", "zh", "xx"]),
)
def test_any_words_keep_their_order_and_their_time(
    phonemizer: Phonemizer, entries: list[Entry], texts: list[str], language: str
) -> None:
    heard = words(*texts)
    found = CustomVocabulary(entries, phonemizer.sounds).apply(heard, language)
    assert {word.start for word in found} <= {word.start for word in heard}
    assert {word.end for word in found} <= {word.end for word in heard}
    assert all(one.end <= other.start for one, other in pairwise(found))
    if heard:
        assert (found[0].start, found[-1].end) == (heard[0].start, heard[-1].end)
