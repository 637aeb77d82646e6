"""Sentences of what was said, however pauses cut it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.live.sentences import LONG_SILENCE, sentences_of, timed_sentences
from vivavoce.protocol.stream import Utterance, Word


def utterance(text: str, start: float = 0.0, *, language: str = "en", channel: int = 0) -> Utterance:
    """Its words, split at spaces, take 0.1 s each."""
    words = tuple(
        Word(f" {word}", start + n / 10, start + (n + 1) / 10, 1.0) for n, word in enumerate(text.split())
    )
    return Utterance(f"{channel:02}_{start}", channel, start, words[-1].end, language, words)


@st.composite
def conversations(draw: st.DrawFn) -> list[Utterance]:
    texts = st.lists(st.text("aBcé字مส.?!。؟…\"'«»1", min_size=1, max_size=6), min_size=1, max_size=8)
    languages = st.sampled_from(["en", "fr", "zh", "th", "ar", "yue"])
    utterances = []
    for channel in range(draw(st.integers(1, 2))):
        now = 0.0
        for _ in range(draw(st.integers(0, 5))):
            now += draw(st.floats(0, 2 * LONG_SILENCE))
            spoken = utterance(" ".join(draw(texts)), now, language=draw(languages), channel=channel)
            utterances.append(spoken)
            now = spoken.end
    return utterances


@given(conversations())
def test_every_word_of_a_channel_is_in_its_sentences_once_and_in_order(utterances: list[Utterance]) -> None:
    for channel in (0, 1):
        of_channel = [one for one in utterances if one.channel == channel]
        written = "".join(sentences_of(of_channel)).replace(" ", "")
        assert written == "".join(one.text for one in of_channel).replace(" ", "")


@given(conversations())
def test_the_channels_do_not_change_each_others_sentences(utterances: list[Utterance]) -> None:
    apart = [sentences_of([one for one in utterances if one.channel == channel]) for channel in (0, 1)]
    assert sorted(sentences_of(utterances)) == sorted(apart[0] + apart[1])


@given(conversations())
def test_a_sentence_has_the_words_that_it_is_made_of(utterances: list[Utterance]) -> None:
    for sentence in timed_sentences(utterances):
        spoken = "".join(word.text for word in sentence.words).replace(" ", "")
        assert sentence.text.replace(" ", "") in spoken
        assert sentence.words[0].start == sentence.start <= sentence.end == sentence.words[-1].end


def test_a_sentence_begins_and_ends_with_its_words() -> None:
    first, second = timed_sentences([utterance("We met. Nobody"), utterance("came.", 2.0)])
    assert (first.text, first.start, first.end) == ("We met.", 0.0, 0.2)
    assert (second.text, second.start, second.end) == ("Nobody came.", 0.2, 2.1)


@given(conversations())
def test_no_sentence_is_empty(utterances: list[Utterance]) -> None:
    assert all(sentence == sentence.strip() != "" for sentence in sentences_of(utterances))


@pytest.mark.parametrize("text", ["plan B\u00a0.", "A\u2028.", "A\u3000.", "x. B\u1680."])
def test_any_space_may_stand_before_a_full_stop(text: str) -> None:
    spelled = Utterance("a", 0, 0, 1, "en", (Word(text, 0, 1, 1.0),))
    assert "".join(sentences_of([spelled])).replace(" ", "") == text.replace(" ", "")


LETTERS = st.sampled_from("AbÉжس中か1\u0301")
SPACES = st.sampled_from([*filter(str.isspace, map(chr, range(0x3001))), "\u200b", "\ufeff"])
SIGNS = st.sampled_from(".?!。؟…।:,'’\"”«»()[]-/@")
INITIALS = st.tuples(LETTERS, SPACES, st.just(".")).map("".join)
ODD_TEXTS = st.lists(LETTERS | SPACES | SIGNS | INITIALS, min_size=1, max_size=8).map("".join)


@given(ODD_TEXTS, st.sampled_from(["en", "de", "ru", "fr", "ar", "hi", "zh", "ja", "yue"]))
def test_no_character_but_spaces_around_a_sentence_is_lost_or_changed(text: str, language: str) -> None:
    written = sentences_of([Utterance("a", 0, 0, 1, language, (Word(text, 0, 1, 1.0),))])
    place = 0
    for sentence in written:
        found = text.index(sentence, place)
        assert not text[place:found].strip()
        place = found + len(sentence)
    assert not text[place:].strip()


def test_what_the_segmenter_leaves_out_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vivavoce.live.sentences.segment", lambda _, text: [text[:7]])
    assert sentences_of([utterance("Good. Bye. Now")]) == ["Good.", "Bye. Now"]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("en", ["Dr. Smith left at 5 p.m. yesterday.", "Really?"]),
        ("fr", ["M. Dupont est venu.", "Il a vu M. Martin et Mme. Durand.", "Merci."]),
        ("de", ["Hr. Müller kam am 3. Oktober.", "Gut!"]),
        ("ar", ["كيف حالك؟", "أنا بخير."]),
        ("hi", ["नमस्ते।", "आप कैसे हैं?"]),
    ],
)
def test_a_point_within_a_sentence_does_not_end_it(language: str, sentences: list[str]) -> None:
    assert sentences_of([utterance(" ".join(sentences), language=language)]) == sentences


def test_scripts_without_spaces_are_written_without_them() -> None:
    words = tuple(Word(text, n, n + 1, 1.0) for n, text in enumerate(["你", "好。", "再", "见"]))
    first = Utterance("a", 0, 0, 4, "zh", words)
    second = Utterance("b", 0, 5, 6, "zh", (Word("！", 5, 6, 1.0),))
    assert sentences_of([first, second]) == ["你好。", "再见！"]


def test_a_sentence_goes_on_after_a_pause() -> None:
    assert sentences_of(
        [utterance("It was the best"), utterance("of times. It", 2), utterance("was.", 4)]
    ) == [
        "It was the best of times.",
        "It was.",
    ]


def test_a_sentence_does_not_go_on_after_a_long_silence() -> None:
    earlier = utterance("Well, I")
    later = utterance("Good morning.", earlier.end + LONG_SILENCE + 0.1)
    assert sentences_of([earlier, later]) == ["Well, I", "Good morning."]


def test_a_sentence_does_not_go_on_in_another_language() -> None:
    assert sentences_of([utterance("I said"), utterance("bonjour.", 1, language="fr")]) == [
        "I said",
        "bonjour.",
    ]


def test_thai_which_writes_no_full_stops_has_a_sentence_for_each_utterance() -> None:
    thai = [utterance("สวัสดี ครับ", language="th"), utterance("ขอบคุณ", 1, language="th")]
    assert sentences_of(thai) == ["สวัสดี ครับ", "ขอบคุณ"]


def test_sentences_of_several_channels_come_by_their_start() -> None:
    asked = utterance("How are you? And now")
    answered = utterance("Fine.", 0.25, channel=1)
    assert sentences_of([asked, answered]) == ["How are you?", "Fine.", "And now"]
