"""One channel: which audio is decoded when, and what becomes of the answers."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from hearing import SOFT, Listener, count_windows, endpointing, listener, nothing, record, silence, speech
from vivavoce.protocol.stream import Final, Hypothesis, SpeechEnd, SpeechStart
from vivavoce.speech.endpointing import TAIL, WINDOW
from vivavoce.speech.outputs import Cancel, Decode, Hasten, Settled

NORMAL = endpointing(0.3)
PREROLL, PAUSE = NORMAL.preroll, NORMAL.silence
LONG = endpointing(0.3, maximum=60)


def two_utterances(**options: object) -> Listener:
    """Two utterances have been spoken; nothing has been answered."""
    track = listener(**options)  # type: ignore[arg-type]
    track.hear(silence(50), speech(40), silence(150), speech(60), silence(50))
    return track


# What is decoded


def test_the_audio_of_a_final_reaches_from_the_preroll_to_the_tail() -> None:
    track = listener()
    track.hear(silence(50), speech(40), silence(50))
    [decode] = track.asked
    assert decode.start == (50 - PREROLL) * WINDOW
    assert len(decode.audio) == (PREROLL + 40 + TAIL) * WINDOW
    assert np.array_equal(decode.audio, track.audio[decode.start : decode.start + len(decode.audio)])


def test_no_sample_is_lost_or_decoded_twice_where_a_short_pause_parts_two_utterances() -> None:
    track = listener()
    track.hear_and_answer(speech(40), silence(PAUSE), speech(40), silence(PAUSE))
    first, second = track.asked
    assert second.start == first.start + len(first.audio) == (40 + TAIL) * WINDOW


def test_the_preroll_ends_at_the_beginning_of_the_session() -> None:
    track = listener()
    track.hear(silence(2), speech(40), silence(PAUSE))
    assert track.asked[0].start == 0


@pytest.mark.parametrize("seconds", [0.1, 0.3, 1.0, 10.0])
def test_the_audio_of_a_final_is_the_same_whatever_the_endpointing(seconds: float) -> None:
    track = listener(endpointing(seconds, maximum=60))
    track.hear(silence(50), speech(40), silence(350))
    [decode] = track.asked
    assert (decode.start, len(decode.audio)) == ((50 - PREROLL) * WINDOW, (PREROLL + 40 + TAIL) * WINDOW)


def test_the_shortest_endpointing_leaves_the_tail() -> None:
    track = listener(endpointing(0.01))
    track.hear(silence(50), speech(40), silence(1))
    assert len(track.asked[0].audio) == (PREROLL + 40 + TAIL) * WINDOW


def test_a_flush_decodes_what_there_is() -> None:
    track = listener()
    track.hear(silence(50), speech(40))
    outputs = track.flush()
    assert [type(output) for output in outputs] == [Decode, SpeechEnd]
    assert len(track.asked[0].audio) == (PREROLL + 40) * WINDOW
    track.answer()
    assert track.texts == [f" {50 - PREROLL}+{PREROLL + 40}"]
    assert track.track.quiet


def test_a_flush_in_a_pause_hastens_what_was_asked_for_early() -> None:
    track = listener(endpointing(2.0))
    track.hear(silence(50), speech(40), silence(5))
    [early] = track.asked
    assert track.flush() == [SpeechEnd(0, 90 * WINDOW / 16_000), Hasten(early)]
    assert track.asked == [early]


def test_an_end_that_comes_before_the_pause_is_over_hastens_what_was_asked_for_early() -> None:
    track = listener(endpointing(10, maximum=5))
    track.hear(silence(50), speech(140), silence(50))
    [early] = track.asked
    assert early.slack
    assert Hasten(early) in track.outputs


def test_what_had_to_wait_beyond_its_pause_is_wanted_at_once() -> None:
    track = two_utterances(hear_words=nothing, languages=())
    first = track.pending[0]
    assert first.slack
    track.answer(first)
    [second] = track.pending
    assert second.slack == 0


def test_a_flush_in_silence_does_nothing() -> None:
    track = listener()
    track.hear(silence(50))
    assert track.flush() == []
    assert track.track.quiet


def test_a_split_loses_no_sample_and_doubles_none() -> None:
    track = listener()
    track.hear_and_answer(silence(50), speech(500), silence(50))
    starts = [decode.start for decode in track.asked]
    ends = [decode.start + len(decode.audio) for decode in track.asked]
    assert len(starts) > 2
    assert starts[0] == (50 - PREROLL) * WINDOW
    assert starts[1:] == ends[:-1]
    assert ends[-1] == (550 + TAIL) * WINDOW


def test_a_split_goes_through_the_middle_of_the_quiet_window() -> None:
    track = listener()
    track.hear(speech(130), speech(3, level=-40), speech(100))
    assert len(track.asked[0].audio) == 131 * WINDOW + WINDOW // 2


# Finals


def test_utterances_are_numbered_within_their_channel() -> None:
    track = two_utterances(channel=3)
    track.answer_all()
    assert [final.id for final in track.finals] == ["03_00000000", "03_00000001"]
    assert {final.channel for final in track.finals} == {3}


def test_words_have_the_time_of_the_session() -> None:
    track = listener()
    track.hear(silence(100), speech(40), silence(50))
    track.answer()
    [final] = track.finals
    assert final.start == final.words[0].start == pytest.approx((100 - PREROLL) * 0.032)
    assert final.end == final.words[0].end == pytest.approx((140 + TAIL) * 0.032)


def test_finals_come_in_order_though_answers_do_not() -> None:
    track = two_utterances()
    first, second = track.pending
    track.answer(second)
    assert track.finals == []
    track.answer(first)
    assert [final.id for final in track.finals] == ["00_00000000", "00_00000001"]


def test_an_utterance_without_words_is_passed_over() -> None:
    track = two_utterances(hear_words=nothing)
    track.answer_all()
    assert track.finals == []
    assert track.track.quiet


def test_utterances_without_words_keep_their_number() -> None:
    track = two_utterances()
    track.hear_words = nothing
    track.answer()
    track.hear_words = count_windows
    track.answer()
    assert [final.id for final in track.finals] == ["00_00000001"]


def test_a_partial_that_was_shown_is_taken_back_by_a_final_without_words() -> None:
    track = listener(partials=True)
    track.hear(speech(20))
    track.answer()
    assert len(track.partials) == 1
    track.hear_words = nothing
    track.hear(silence(PAUSE))
    track.answer_all()
    [final] = track.finals
    assert (final.id, final.words) == ("00_00000000", ())
    assert final.start == final.end == 0.0


def test_speech_is_told_where_it_begins_and_ends() -> None:
    track = listener()
    track.hear(silence(50), speech(40), silence(50))
    assert track.boundaries == [SpeechStart(0, 50 * 0.032), SpeechEnd(0, 90 * 0.032)]


def test_a_split_is_neither_an_end_nor_a_start_of_speech() -> None:
    track = listener()
    track.hear(speech(500), silence(50))
    assert [type(output) for output in track.boundaries] == [SpeechStart, SpeechEnd]


def test_a_final_says_which_audio_is_done_with() -> None:
    track = two_utterances()
    track.answer_all()
    first, second = (output for output in track.outputs if isinstance(output, Settled))
    assert first.resume == track.asked[1].start
    assert track.asked[1].start < second.resume <= 350 * WINDOW


# Decoding while the pause lasts


def test_a_final_is_asked_for_as_soon_as_its_tail_is_there() -> None:
    track = listener()
    track.hear(speech(40), silence(TAIL - 1))
    assert track.asked == []
    track.hear(silence(1))
    [decode] = track.asked
    assert decode.final
    assert decode.slack == PAUSE - TAIL


def test_an_early_answer_is_the_final_the_moment_the_pause_is_over() -> None:
    track = listener()
    track.hear(speech(40), silence(TAIL))
    track.answer()
    assert track.hear(silence(PAUSE - TAIL - 1)) == []
    outputs = track.hear(silence(1))
    assert [type(output) for output in outputs] == [SpeechEnd, Settled]
    assert len(track.asked) == 1


def test_an_early_and_a_late_answer_give_the_same_final() -> None:
    early, late = listener(), listener()
    early.hear(speech(40), silence(TAIL))
    early.answer()
    early.hear(silence(PAUSE))
    late.hear(speech(40), silence(TAIL), silence(PAUSE), silence(500))
    late.answer()
    assert early.finals == late.finals


def test_when_speech_goes_on_the_early_decode_is_cancelled_and_the_final_has_all_of_it() -> None:
    track = listener()
    track.hear(speech(40), silence(TAIL))
    outputs = track.hear(speech(20), silence(PAUSE))
    assert track.cancelled == [track.asked[0]]
    assert [track.track.wants(decode) for decode in track.asked] == [False, True]
    assert isinstance(outputs[0], Cancel)
    assert len(track.asked[1].audio) == (40 + TAIL + 20 + TAIL) * WINDOW
    track.answer(track.asked[1])
    assert track.texts == [f" 0+{40 + TAIL + 20 + TAIL}"]


def test_the_answer_to_a_cancelled_decode_is_no_final() -> None:
    track = listener()
    track.hear(speech(40), silence(TAIL), speech(20))
    assert track.answer() == []
    track.hear(silence(PAUSE))
    track.answer()
    assert track.texts == [f" 0+{40 + TAIL + 20 + TAIL}"]


def test_an_early_answer_that_is_overtaken_by_speech_needs_no_cancelling() -> None:
    track = listener()
    track.hear(speech(40), silence(TAIL))
    track.answer()
    track.hear(speech(20))
    assert track.cancelled == []


# Languages


def test_until_the_language_is_settled_one_final_waits_for_the_other() -> None:
    track = two_utterances(languages=())
    [first] = track.pending
    assert first.languages == ()
    track.answer()
    [second] = track.pending
    assert second.expected == "en"


def test_a_doubtful_language_is_detected_again() -> None:
    track = two_utterances(languages=("en", "fr"))
    track.hear_words = lambda decode: Hypothesis("fr", 0.5, count_windows(decode).words)
    track.answer()
    assert track.pending[0].languages == ("en", "fr")
    assert [final.language for final in track.finals] == ["fr"]


def test_where_languages_switch_no_final_waits_for_another() -> None:
    track = two_utterances(languages=("en", "fr"), code_switching=True)
    assert [decode.languages for decode in track.pending] == [("en", "fr")] * 2


def test_a_cancelled_decode_makes_way_for_the_next() -> None:
    track = listener(languages=())
    track.hear(speech(40), silence(TAIL), speech(40), silence(PAUSE))
    assert [decode in track.cancelled for decode in track.asked] == [True, False]


def test_a_decode_that_still_waits_for_another_is_withdrawn_without_a_word() -> None:
    track = listener(languages=())
    track.hear(speech(40), silence(PAUSE), speech(40), silence(TAIL), speech(40))
    assert len(track.asked) == 1
    assert track.cancelled == []
    track.hear(silence(PAUSE))
    track.answer_all()
    assert len(track.finals) == len(track.asked) == 2


# What is known already


def only_first(track: Listener) -> dict[str, Final]:
    [first, *_] = track.known.items()
    return dict([first])


def test_what_is_known_to_be_final_is_passed_over() -> None:
    sounds = silence(50), speech(40), silence(50), speech(60), silence(50)
    first = listener(partials=True)
    first.hear_and_answer(*sounds)
    second = listener(partials=True, known=only_first(first))
    second.hear_and_answer(*sounds)
    assert second.finals == first.finals[1:]
    assert {partial.id for partial in second.partials} == {"00_00000001"}
    assert second.boundaries == first.boundaries[2:]
    assert len(second.wanted_finals) == 1


def test_what_is_known_is_heard_again_while_it_may_settle_the_language() -> None:
    def doubtful(decode: Decode) -> Hypothesis:
        return Hypothesis(decode.languages[0] if decode.languages else "fr", 0.5, count_windows(decode).words)

    first = two_utterances(languages=(), hear_words=doubtful)
    first.answer_all()
    second = two_utterances(languages=(), hear_words=doubtful, known=only_first(first))
    second.answer_all()
    assert second.finals == first.finals[1:]
    assert second.wanted_finals[-1].languages == ()


# Memory


def held(track: Listener, *sounds: object, turns: int) -> int:
    """Of all windows that were heard, how many are still in memory."""
    windows = []
    for turn in range(turns):
        heard, probabilities = record(*sounds, offset=turn)  # type: ignore[arg-type]
        for window, probability in zip(heard, probabilities, strict=True):
            own = window.copy()
            windows.append(weakref.ref(own))
            for output in track.track.advance(own[None], probability[None]):
                if isinstance(output, Decode):
                    list(track.track.decoded(output, nothing(output)))
            del own
    gc.collect()
    return sum(window() is not None for window in windows)


def test_while_nobody_speaks_next_to_nothing_is_kept() -> None:
    assert held(listener(), silence(1000), turns=3) <= PREROLL + NORMAL.minimum_speech + 1


def test_while_somebody_speaks_a_segment_is_kept_at_most() -> None:
    assert held(listener(LONG), speech(1000, level=SOFT), turns=5) <= LONG.longest_segment + PREROLL + 1
