"""One channel: words that are shown before they are final, and utterances that last long."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hearing import Listener, count_windows, endpointing, listener, nothing, silence, speech
from vivavoce.protocol.stream import Hypothesis, Partial, Word
from vivavoce.speech.endpointing import TAIL, WINDOW
from vivavoce.speech.outputs import Decode

NORMAL = endpointing(0.3)
PREROLL, PAUSE = NORMAL.preroll, NORMAL.silence
LONG = endpointing(0.3, maximum=60)


# Partials


def test_partials_are_asked_for_only_if_wanted() -> None:
    track = listener()
    track.hear(speech(100))
    assert track.asked == []


def test_partials_share_the_id_of_their_final() -> None:
    track = listener(partials=True)
    track.hear(speech(100), silence(PAUSE))
    track.answer_all()
    assert {utterance.id for utterance in [*track.partials, *track.finals]} == {"00_00000000"}
    assert len(track.finals) == 1


def test_partials_hear_all_of_the_utterance_so_far() -> None:
    track = listener(partials=True)
    track.hear(silence(50), speech(100))
    lengths = [len(decode.audio) for decode in track.wanted_partials]
    assert len(lengths) > 3
    assert lengths == sorted(lengths)
    assert {decode.start for decode in track.wanted_partials} == {(50 - PREROLL) * WINDOW}


def test_a_state_is_given_back_with_what_begins_alike() -> None:
    track = listener(
        partials=True, hear_words=lambda decode: replace(count_windows(decode), state=decode.audio)
    )
    track.hear_and_answer(speech(60), silence(PAUSE), speech(60), silence(PAUSE))
    assert len(track.finals) == 2
    firsts = [decode for decode in track.wanted_partials if decode.state is None]
    assert [decode.start for decode in firsts] == sorted({decode.start for decode in track.wanted_partials})
    for decode in track.wanted_partials:
        if isinstance(decode.state, np.ndarray):
            assert decode.audio[: len(decode.state)].tobytes() == decode.state.tobytes()


def test_no_partial_is_asked_for_in_a_pause() -> None:
    track = listener(endpointing(10, maximum=60), partials=True)
    track.hear(speech(40), silence(TAIL))
    asked = len(track.wanted_partials)
    track.hear(silence(200))
    assert len(track.wanted_partials) == asked


def test_after_a_pause_that_was_no_end_partials_go_on() -> None:
    track = listener(endpointing(10, maximum=60), partials=True)
    track.hear(speech(40), silence(20))
    asked = len(track.wanted_partials)
    track.hear(speech(40))
    assert len(track.wanted_partials) > asked + 1


def test_a_partial_that_says_nothing_new_is_not_told() -> None:
    track = listener(hear_words=lambda _: Hypothesis("en", 1.0, (Word(" yes", 0, 1, 1.0),)), partials=True)
    track.hear(speech(100))
    track.answer_all()
    assert [partial.text for partial in track.partials] == [" yes"]


def test_a_partial_without_words_is_not_told() -> None:
    track = listener(hear_words=nothing, partials=True)
    track.hear(speech(100))
    assert track.answer_all() == []


def test_an_early_answer_is_shown_while_the_pause_lasts() -> None:
    track = listener(endpointing(10, maximum=60), partials=True)
    track.hear(speech(5), silence(TAIL))
    outputs = track.answer()
    assert [type(output) for output in outputs] == [Partial]
    track.hear(silence(313))
    assert track.texts == [track.partials[-1].text]


def test_the_answer_to_a_cancelled_decode_serves_as_a_partial() -> None:
    track = listener(partials=True)
    track.hear(speech(5), silence(TAIL), speech(2))
    outputs = track.answer(track.cancelled[0])
    assert [type(output) for output in outputs] == [Partial]


def test_what_was_heard_earlier_does_not_replace_what_was_heard_later() -> None:
    track = listener(partials=True)
    track.hear(speech(40))
    earlier, later = track.wanted_partials[-2:]
    track.answer(later)
    assert track.answer(earlier) == []


def test_no_partial_comes_after_its_utterance_is_over() -> None:
    track = listener(partials=True)
    track.hear(speech(40))
    late = track.wanted_partials[-1]
    track.hear(silence(PAUSE))
    assert track.answer(late) == []
    track.answer(track.wanted_finals[0])
    assert len(track.finals) == 1


# Long utterances


def long_utterance(**options: object) -> Listener:
    """An utterance of three segments, still open."""
    track = listener(LONG, **options)  # type: ignore[arg-type]
    track.hear(silence(50), speech(1600))
    return track


def test_the_segments_of_a_long_utterance_become_one_final() -> None:
    track = long_utterance()
    track.hear(silence(PAUSE))
    for asked in (1, 2, 3):
        # Each goes on from what was heard before it.
        segments = track.wanted_finals
        assert len(segments) == asked
        assert track.finals == []
        track.answer(segments[-1])
    [final] = track.finals
    assert [word.start for word in final.words] == [decode.start / 16_000 for decode in segments]
    assert final.words[-1].end == pytest.approx((1650 + TAIL) * 0.032)


def test_the_segments_of_a_long_utterance_follow_each_other_to_the_sample() -> None:
    track = long_utterance()
    track.answer(track.wanted_finals[0])
    first, second = track.wanted_finals
    assert second.start == first.start + len(first.audio)


def test_a_partial_of_a_later_segment_has_the_words_of_the_earlier_ones() -> None:
    track = long_utterance(partials=True)
    for segment in (0, 1):
        track.answer(track.wanted_finals[segment])
    track.answer(track.wanted_partials[-1])
    last = track.partials[-1]
    assert len(last.words) == 3
    assert last.words[2].start == track.wanted_partials[-1].start / 16_000


def test_a_partial_of_a_later_segment_waits_for_the_words_of_the_earlier_ones() -> None:
    track = long_utterance(partials=True)
    track.answer(track.wanted_finals[0])
    assert track.answer(track.wanted_partials[-1]) == []
    assert track.partials == []


@pytest.mark.parametrize("pause", [3, 20, *range(301, 313)])
@pytest.mark.parametrize("before", [200, 600, 748])
def test_no_request_is_longer_than_a_recogniser_takes(before: int, pause: int) -> None:
    track = listener(endpointing(10, maximum=60), partials=True)
    for _ in range(3):
        track.hear(speech(before), silence(pause))
    track.flush()
    assert max(len(decode.audio) for decode in track.asked) <= 25 * 16_000


def test_the_language_of_a_final_is_that_of_most_of_its_words() -> None:
    def changing(decode: Decode) -> Hypothesis:
        return Hypothesis("fr" if decode.segment else "en", 0.5, (Word(" yes", 0.0, 0.5, 1.0),))

    track = long_utterance(languages=(), hear_words=changing)
    track.hear(silence(PAUSE))
    track.answer_all()
    assert [final.language for final in track.finals] == ["fr"]
