"""Finals follow from the audio alone: not from how it is cut, nor from when which answer comes.

This is what lets a session be replayed from its log, and an early decode be the final's.
"""

from __future__ import annotations

import dataclasses
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from hearing import Listener, Sound, checksum, endpointing, listener, record
from vivavoce.protocol.stream import Partial, Utterance
from vivavoce.speech.endpointing import Endpointing
from vivavoce.speech.outputs import Cancel, Decode, Settled

pieces = st.one_of(
    st.builds(Sound, st.integers(1, 40), st.sampled_from([0.4, 0.8, 1.0]), st.floats(-40, -5)),
    st.builds(Sound, st.integers(1, 14), st.sampled_from([0.0, 0.2, 0.4]), st.floats(-80, -40)),
)
conversations = st.lists(pieces, min_size=1, max_size=16)
# Short maxima, so that splits and segments are frequent.
ways_to_endpoint = st.builds(
    lambda seconds, maximum, longest: dataclasses.replace(
        endpointing(seconds), maximum=maximum, longest_segment=longest
    ),
    st.sampled_from([0.01, 0.05, 0.1, 0.3, 2.0]),
    st.sampled_from([40, 156]),
    st.sampled_from([25, 60, 750]),
)
languages = st.sampled_from([("en",), ("en", "fr"), ()])


def fresh(settings: Endpointing, languages: tuple[str, ...], **options: object) -> Listener:
    return listener(settings, checksum, languages=languages, **options)  # type: ignore[arg-type]


def in_order(track: Listener, conversation: list[Sound]) -> list[Utterance]:
    """The finals when every request is answered at once."""
    track.hear_and_answer(*conversation)
    track.flush()
    track.answer_all()
    assert track.track.quiet
    return [final for final in track.finals if final.words]


def in_disorder(track: Listener, conversation: list[Sound], chance: random.Random) -> list[Utterance]:
    """The finals when audio comes in any pieces and answers come whenever they like."""
    windows, probabilities = record(*conversation)
    heard = 0
    while heard < len(windows):
        size = chance.choice([1, 1, 3, 10, 50])
        track.advance(windows[heard : heard + size], probabilities[heard : heard + size])
        heard += size
        some_answers(track, chance)
    track.flush()
    while track.pending:
        some_answers(track, chance)
    assert track.track.quiet
    return [final for final in track.finals if final.words]


def some_answers(track: Listener, chance: random.Random) -> None:
    """Answer a few requests in any order. Whether a cancelled one is answered all the same is open."""
    for _ in range(chance.choice([0, 0, 1, 3])):
        if track.pending:
            decode = chance.choice(track.pending)
            if decode in track.cancelled and chance.random() < 0.5:
                track.pending.remove(decode)
            else:
                track.answer(decode)


@settings(max_examples=200, deadline=None)
@given(conversations, ways_to_endpoint, languages, st.booleans(), st.booleans(), st.integers(0, 10**6))
def test_the_same_audio_gives_the_same_finals(
    conversation: list[Sound],
    settings: Endpointing,
    languages: tuple[str, ...],
    code_switching: bool,
    partials: bool,
    seed: int,
) -> None:
    expected = in_order(fresh(settings, languages, code_switching=code_switching), conversation)
    track = fresh(settings, languages, code_switching=code_switching, partials=partials)
    assert in_disorder(track, conversation, random.Random(seed)) == expected
    check_promises(track)


@settings(max_examples=100, deadline=None)
@given(conversations, ways_to_endpoint, languages, st.integers(0, 10), st.integers(0, 10**6))
def test_a_replay_gives_what_was_not_known_yet(
    conversation: list[Sound],
    settings: Endpointing,
    languages: tuple[str, ...],
    count: int,
    seed: int,
) -> None:
    first = fresh(settings, languages)
    expected = in_order(first, conversation)
    known = {final.id: first.known[final.id] for final in expected[:count]}
    track = fresh(settings, languages, known=known, partials=True)
    assert in_disorder(track, conversation, random.Random(seed)) == expected[count:]
    assert not {partial.id for partial in track.partials} & known.keys()
    check_promises(track)


def check_promises(track: Listener) -> None:
    """What holds of whatever a track puts out."""
    final_ids: list[str] = []
    done_with = 0
    for output in track.outputs:
        match output:
            case Partial(utterance):
                assert utterance.id not in final_ids, "a partial came after its final"
                assert utterance.words
                check_words(utterance)
            case Settled(utterance, resume):
                assert resume >= done_with
                done_with = resume
                final_ids.append(utterance.id)
                check_words(utterance)
            case Decode():
                assert output.start >= done_with, "audio is decoded that was said to be done with"
                heard = track.audio[output.start : output.start + len(output.audio)]
                assert output.audio.tobytes() == heard.tobytes()
                check_neighbours(track, output)
            case Cancel(decode):
                assert decode.final
    assert final_ids == sorted(set(final_ids)), "finals are out of order, or come twice"


def check_neighbours(track: Listener, decode: Decode) -> None:
    """What was cut off on either side is the audio on either side."""
    if decode.before is not None:
        assert decode.final
        first = decode.start - len(decode.before)
        assert first >= 0
        assert decode.before.tobytes() == track.audio[first : decode.start].tobytes()
    if decode.after is not None:
        end = decode.start + len(decode.audio)
        assert decode.after.tobytes() == track.audio[end : end + len(decode.after)].tobytes()


def check_words(utterance: Utterance) -> None:
    times = [round(time, 6) for word in utterance.words for time in (word.start, word.end)]
    assert times == sorted(times), "words are out of order, or at the wrong time"
