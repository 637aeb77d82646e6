"""Subtitles that can be read: how they are broken, how long they stay, how they are written."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from vivavoce.protocol.responses import UtteranceModel, WordModel
from vivavoce.subtitles import BLINK, GAP, USUAL, Cue, Limits, cues_of, srt, vtt


def utterance(words: list[WordModel], channel: int = 0) -> UtteranceModel:
    return UtteranceModel(
        start=words[0].start,
        end=words[-1].end,
        confidence=1,
        channel=channel,
        words=tuple(words),
        text="".join(word.word for word in words),
        language="en",
    )


def spoken(text: str, start: float = 0.0, pace: float = 0.3) -> list[WordModel]:
    """The words of `text`, `pace` seconds each."""
    return [
        WordModel(word=f" {word}", start=start + n * pace, end=start + (n + 1) * pace, confidence=1)
        for n, word in enumerate(text.split())
    ]


def lines_of(text: str, pace: float = 0.3, limits: Limits = USUAL) -> list[tuple[str, ...]]:
    return [cue.lines for cue in cues_of([utterance(spoken(text, pace=pace))], limits)]


@st.composite
def channels(draw: st.DrawFn) -> list[UtteranceModel]:
    """Utterances of up to two channels, each channel's one after the other; times down to zero length."""
    letters = st.text("abcdeß字語مرส.,?!؟", min_size=1, max_size=60)
    steps = st.floats(0, 3)
    utterances = []
    for channel in range(draw(st.integers(1, 2))):
        now = 0.0
        for _ in range(draw(st.integers(0, 4))):
            words = []
            for text in draw(st.lists(letters, min_size=1, max_size=20)):
                start = now + draw(steps)
                now = start + draw(steps)
                words.append(WordModel(word=f" {text}", start=start, end=now, confidence=1))
            utterances.append(utterance(words, channel))
    return utterances


limits = st.builds(
    Limits,
    shortest=st.floats(0, 5),
    longest=st.floats(5, 30),
    width=st.integers(1, 60),
    rows=st.integers(1, 5),
)


@given(channels(), limits)
def test_every_cue_keeps_to_the_limits(utterances: list[UtteranceModel], limits: Limits) -> None:
    for cue in cues_of(utterances, limits):
        assert 1 <= len(cue.lines) <= limits.rows
        assert all(0 < cell_len(line) <= limits.width or len(line) == 1 for line in cue.lines)
        assert BLINK - 1e-6 <= cue.end - cue.start <= limits.longest + 1e-6


@given(channels(), limits)
def test_a_cue_is_shorter_than_the_minimum_only_if_another_follows_at_once(
    utterances: list[UtteranceModel], limits: Limits
) -> None:
    of_channel = [u for u in utterances if u.channel == 0]
    for cue, following in pairwise([*cues_of(of_channel, limits), None]):
        if cue is not None and cue.end - cue.start < limits.shortest - 1e-6:
            assert following is not None
            assert following.start - cue.end <= GAP + 1e-6


@given(channels(), limits)
def test_no_word_is_lost_or_doubled(utterances: list[UtteranceModel], limits: Limits) -> None:
    for channel in (0, 1):
        of_channel = [u for u in utterances if u.channel == channel]
        shown = "".join("".join(cue.lines) for cue in cues_of(of_channel, limits))
        assert shown.replace(" ", "") == "".join(u.text for u in of_channel).replace(" ", "")


@given(channels())
def test_cues_of_one_channel_never_overlap_and_all_are_in_order(utterances: list[UtteranceModel]) -> None:
    starts = [cue.start for cue in cues_of(utterances)]
    assert starts == sorted(starts)
    for earlier, later in pairwise(cues_of([u for u in utterances if u.channel == 0])):
        assert earlier.end <= later.start


def test_a_short_text_is_one_line() -> None:
    assert lines_of("It was the best of times,") == [("It was the best of times,",)]


def test_two_lines_are_even_and_break_at_a_clause() -> None:
    assert lines_of("It was the best of times, it was the worst of times,") == [
        ("It was the best of times,", "it was the worst of times,")
    ]


def test_three_lines_are_as_even_as_two() -> None:
    text = "It was the best of times, it was the worst of times, it was the age of wisdom,"
    assert lines_of(text, pace=0.2, limits=Limits(width=30, rows=3)) == [
        ("It was the best of times,", "it was the worst of times,", "it was the age of wisdom,")
    ]


def test_a_long_text_goes_on_in_the_next_cue() -> None:
    text = "we had everything before us, we had nothing before us, we were all going direct to Heaven"
    assert [" ".join(lines) for lines in lines_of(text)] == [
        "we had everything before us, we had nothing before us,",
        "we were all going direct to Heaven",
    ]


def test_a_sentence_that_needs_two_cues_ends_the_second() -> None:
    text = "we had everything before us, we had nothing before us, we were all going to Heaven. Yes. No."
    assert [" ".join(lines) for lines in lines_of(text)] == [
        "we had everything before us, we had nothing before us,",
        "we were all going to Heaven.",
        "Yes. No.",
    ]


def test_utterances_that_were_cut_without_a_pause_flow_on() -> None:
    first = utterance(spoken("and a picture was the last"))
    second = utterance(spoken("taken.", start=first.end))
    [cue] = cues_of([first, second])
    assert cue.lines == ("and a picture was the last taken.",)
    apart = utterance(spoken("taken.", start=first.end + 0.2))
    assert len(cues_of([first, apart])) == 2


def test_utterances_in_two_languages_are_apart_and_japanese_ones_are_joined_without_a_space() -> None:
    first = utterance(spoken("思わ"))
    second = utterance(spoken("れる", start=first.end))
    assert len(cues_of([first, second.model_copy(update={"language": "ja"})])) == 2
    japanese = [one.model_copy(update={"language": "ja"}) for one in (first, second)]
    assert [cue.lines for cue in cues_of(japanese)] == [("思われる",)]


def test_japanese_lines_break_where_a_phrase_ends() -> None:
    spaced = spoken("とても 良い と 思わ れる 会議 を 見た")
    words = [word.model_copy(update={"word": word.word.strip()}) for word in spaced]
    [cue] = cues_of([utterance(words)], Limits(width=24))
    assert cue.lines == ("とても良いと", "思われる会議を見た")


def test_no_single_word_follows_a_full_cue() -> None:
    text = "it was the season of Light and the season of all that there was of Darkness and then more"
    assert all(len(" ".join(lines)) > 21 for lines in lines_of(text))


def test_a_new_sentence_begins_a_new_cue_unless_the_last_was_short() -> None:
    assert lines_of("Yes. That is how the story ended. Another one began.") == [
        ("Yes. That is how the story ended.",),
        ("Another one began.",),
    ]


def test_a_pause_begins_a_new_cue() -> None:
    words = [*spoken("before"), *spoken("after", start=2)]
    assert [cue.lines for cue in cues_of([utterance(words)])] == [("before",), ("after",)]


def test_slow_speech_is_cut_at_seven_seconds() -> None:
    assert [cue.end - cue.start <= 7 for cue in cues_of([utterance(spoken("a " * 20, pace=1))])] == [True] * 3


def test_a_word_wider_than_a_line_is_cut() -> None:
    assert lines_of("x" * 50) == [("x" * 42, "x" * 8)]


def test_characters_of_double_width_count_twice() -> None:
    assert [cell_len(line) for lines in lines_of("字" * 30) for line in lines] == [42, 18]


def test_a_cue_stays_long_enough_to_be_read_if_there_is_room() -> None:
    alone, crowded = utterance(spoken("Yes.")), utterance(spoken("No.", start=0.5))
    assert cues_of([alone]) == [Cue(0, 1, ("Yes.",))]
    assert cues_of([alone, crowded])[0].end == 0.42


def test_srt_is_written_as_players_expect() -> None:
    cues = [Cue(1.2, 3.4567, ("One,", "two.")), Cue(3661.0004, 3662, ("Three --> four.",))]
    assert srt(cues) == (
        "1\n00:00:01,200 --> 00:00:03,457\nOne,\ntwo.\n\n2\n01:01:01,000 --> 01:01:02,000\nThree → four.\n\n"
    )


def test_vtt_is_written_as_browsers_expect() -> None:
    assert vtt([Cue(1.2, 3.4567, ("R&D <3",))]) == (
        "WEBVTT\n\n00:00:01.200 --> 00:00:03.457\nR&amp;D &lt;3\n\n"
    )


def test_no_speech_gives_no_cues() -> None:
    assert cues_of([]) == []
    assert srt([]) == ""
    assert vtt([]) == "WEBVTT\n\n"
