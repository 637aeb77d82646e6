"""The result that is built of a session's finals."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sentencex
from gladiaio_sdk.v2.live.generated_types import LiveV2TranscriptionResultWithMessages
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.live import sentences
from vivavoce.live.result import build_result
from vivavoce.protocol.add_ons import AddOnResult
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.responses import (
    AddonError,
    Entity,
    SessionResult,
    UtteranceModel,
    json_text,
    pieces_of,
)
from vivavoce.protocol.stream import Final, Utterance, Word

ADD_ONS = ("translation", "named_entity_recognition", "sentiment_analysis", "summarization", "chapterization")


def final(start: float, end: float, text: str, *, language: str = "en", channel: int = 0) -> Final:
    words = (Word(text, start, end, 0.5),)
    return Final(Utterance(f"{channel:02}_{start}", channel, start, end, language, words), 0)


def result(*finals: Final, body: dict[str, Any] | None = None, **changes: Any) -> SessionResult:
    values = {"audio_duration": 10.0, "transcription_time": 0.5, "clock": lambda: 0.0} | changes
    return build_result(LiveRequest.model_validate(body or {}), finals, **values)


def test_utterances_come_by_start_then_channel() -> None:
    built = result(final(4, 5, " c"), final(0, 1, " b", channel=1), final(0, 2, " a"), body={"channels": 2})
    assert built.transcription is not None
    assert [(u.start, u.channel, u.text) for u in built.transcription.utterances] == [
        (0, 0, " a"),
        (0, 1, " b"),
        (4, 0, " c"),
    ]
    assert built.transcription.full_transcript == "a b c"


@pytest.mark.parametrize(
    ("texts", "joined"),
    [
        ([], ""),
        ([(" Split infinity", "en"), ("in a time", "en")], "Split infinity in a time"),
        ([("你好。", "zh"), ("再见。", "zh")], "你好。再见。"),
        ([(" Hello.", "en"), ("你好。", "zh"), (" Bye.", "en")], "Hello. 你好。 Bye."),
    ],
)
def test_the_full_transcript_is_spaced_as_its_language_is_written(
    texts: list[tuple[str, str]], joined: str
) -> None:
    finals = [final(at, at + 1, text, language=language) for at, (text, language) in enumerate(texts)]
    built = result(*finals)
    assert built.transcription is not None
    assert built.transcription.full_transcript == joined


def test_the_language_that_was_heard_longest_comes_first() -> None:
    built = result(
        final(0, 1, " oui", language="fr"),
        final(1, 4, " long", language="de"),
        final(4, 5.5, " non", language="fr"),
        final(6, 7, " no", language="es"),
    )
    assert built.transcription is not None
    assert built.transcription.languages == ("de", "fr", "es")


def test_a_final_that_took_everything_back_leaves_no_trace() -> None:
    nothing = Final(Utterance("00_00000001", 0, 2.0, 2.0, "de", ()), 0, None)
    built = result(final(0, 1, " Hello."), nothing, final(3, 4, " World."))
    assert built.transcription is not None
    assert built.transcription.full_transcript == "Hello. World."
    assert built.transcription.languages == ("en",)
    assert len(built.transcription.utterances) == 2


@given(duration=st.floats(0, 10_800), channels=st.integers(1, 8))
def test_billing_is_the_duration_of_every_channel(duration: float, channels: int) -> None:
    metadata = result(body={"channels": channels}, audio_duration=duration).metadata
    assert metadata.billing_time == pytest.approx(duration * channels, abs=0.001)
    assert metadata.number_of_distinct_channels == channels


def test_add_ons_that_were_not_asked_for_are_not_mentioned() -> None:
    assert all(getattr(result(), name) is None for name in ADD_ONS)


ALL_ADD_ONS = {
    "realtime_processing": {
        "translation": True,
        "translation_config": {"target_languages": ["fr", "de"]},
        "named_entity_recognition": True,
        "sentiment_analysis": True,
    },
    "post_processing": {"summarization": True, "chapterization": True},
}
ENTITY = {"entity_type": "LOCATION_CITY", "text": "Paris", "start": 0.2, "end": 0.6}
SENTIMENT = {
    "sentiment": "positive",
    "emotion": "elation",
    "text": "Paris!",
    "start": 0.2,
    "end": 0.6,
    "channel": 0,
}
BROKEN = AddonError(status_code=502, exception="AddOnError", message="nobody answers")


def translated(number: int, text: str) -> AddOnResult:
    utterance = UtteranceModel.from_stream(final(number, number + 1, text).utterance)
    results = utterance.model_dump(mode="json") | {"language": "fr"}
    return AddOnResult("translation", final(number, 0, "").utterance.id, "fr", results, exec_time=0.25)


def test_what_add_ons_found_in_each_utterance_is_one_list() -> None:
    first, second = final(0, 1, " Paris!"), final(2, 3, " No.")
    names = ("named_entity_recognition", "sentiment_analysis")
    built = result(
        second,
        first,
        body=ALL_ADD_ONS,
        results=[
            AddOnResult(names[0], second.utterance.id, results=[], exec_time=0.5),
            AddOnResult(names[0], first.utterance.id, results=[ENTITY], exec_time=0.25),
            AddOnResult(names[1], first.utterance.id, results=[SENTIMENT]),
            AddOnResult(names[1], second.utterance.id, results=[SENTIMENT | {"text": "No."}]),
        ],
    )
    assert built.named_entity_recognition is not None
    assert built.named_entity_recognition.success
    assert built.named_entity_recognition.exec_time == 0.75
    assert built.named_entity_recognition.results == (Entity(**ENTITY),)
    assert built.sentiment_analysis is not None
    assert [each["text"] for each in json.loads(built.sentiment_analysis.results)] == ["Paris!", "No."]


def test_what_failed_in_some_utterances_is_said_and_the_rest_is_kept() -> None:
    first, second = final(0, 1, " Paris!"), final(2, 3, " No.")
    name = "named_entity_recognition"
    built = result(
        first,
        second,
        body=ALL_ADD_ONS,
        results=[
            AddOnResult(name, first.utterance.id, results=[ENTITY]),
            AddOnResult(name, second.utterance.id, error=BROKEN),
        ],
    ).named_entity_recognition
    assert built is not None
    assert (built.success, built.is_empty, built.results) == (False, False, (Entity(**ENTITY),))
    assert built.error is not None
    assert built.error.status_code == 502
    assert "1 of 2" in built.error.message


def test_a_translation_is_a_transcription_with_its_own_sentences_and_subtitles() -> None:
    asked = ALL_ADD_ONS | {"post_processing": {"subtitles": True, "sentences": True}}
    spoken = final(0, 1, " Hello."), final(1, 2, " World.")
    results = [translated(0, " Bonjour."), translated(1, " Monde.")]
    envelope = result(*spoken, body=asked, results=results).translation
    assert envelope is not None
    assert envelope.results is not None
    french, german = envelope.results
    assert (french.full_transcript, french.languages) == ("Bonjour. Monde.", ("fr",))
    assert french.sentences is not None
    assert french.sentences[0].results == ("Bonjour.", "Monde.")
    assert french.subtitles is not None
    assert "Monde." in french.subtitles[0].subtitles
    assert (german.utterances, german.languages) == ((), ())
    assert envelope.exec_time == 0.5


def test_a_session_that_ended_before_its_add_ons_says_of_how_many_utterances() -> None:
    built = result(final(0, 1, " hi"), body=ALL_ADD_ONS, over=True)
    for name in ADD_ONS:
        envelope = getattr(built, name)
        assert not envelope.success
        assert "the session ended before" in envelope.error.message


def test_while_a_session_runs_what_is_not_there_yet_is_no_failure() -> None:
    built = result(final(0, 1, " hi"), body=ALL_ADD_ONS)
    assert built.named_entity_recognition is not None
    assert built.named_entity_recognition.success
    assert built.summarization is None


def test_sentences_and_subtitles_are_there_only_if_they_are_asked_for() -> None:
    spoken = final(0, 1, " Hi.")
    plain, asked = result(spoken), result(spoken, body={"post_processing": {"sentences": True}})
    assert plain.transcription is not None
    assert (plain.transcription.sentences, plain.transcription.subtitles) == (None, None)
    assert asked.transcription is not None
    assert asked.transcription.subtitles is None


def test_the_time_that_sentences_took_is_told() -> None:
    times = iter([7.0, 7.25])
    asked = {"post_processing": {"sentences": True}}
    transcription = result(final(0, 1, " Hi."), body=asked, clock=lambda: next(times)).transcription
    assert transcription is not None
    assert transcription.sentences is not None
    assert [one.exec_time for one in transcription.sentences] == [0.25]


def test_where_sentences_cannot_be_found_the_result_says_so_and_keeps_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A defect of the library that plain spaces avoid, in place of those that nobody knows yet.
    monkeypatch.setattr(sentences, "segment", lambda language, text: sentencex.segment("en", "B\u00a0."))
    times = iter([7.0, 7.25])
    asked = {"post_processing": {"sentences": True}}
    built = result(final(0, 1, " Hi."), body=asked, clock=lambda: next(times))
    read = LiveV2TranscriptionResultWithMessages.from_json(built.model_dump_json()).transcription
    assert read is not None
    assert read.full_transcript == "Hi."
    assert read.sentences is not None
    [told] = read.sentences
    assert (told.success, told.is_empty, told.exec_time, told.results) == (False, True, 0.25, None)
    assert told.error is not None
    assert told.error.status_code == 500
    assert "char boundary" in told.error.message


def test_the_official_sdk_reads_sentences_and_subtitles() -> None:
    built = result(
        final(0, 1, " Yes, but"),
        final(2, 3, " not today. Never."),
        body={
            "post_processing": {
                "sentences": True,
                "subtitles": True,
                "subtitles_config": {"formats": ["srt", "vtt"], "minimum_duration": 1.5},
            }
        },
    )
    read = LiveV2TranscriptionResultWithMessages.from_json(built.model_dump_json()).transcription
    assert read is not None
    assert read.sentences is not None
    assert [(one.success, one.results) for one in read.sentences] == [
        (True, ["Yes, but not today.", "Never."])
    ]
    assert read.subtitles is not None
    assert {one.format: one.subtitles for one in read.subtitles} == {
        "srt": "1\n00:00:00,000 --> 00:00:01,500\nYes, but\n\n"
        "2\n00:00:02,000 --> 00:00:03,500\nnot today. Never.\n\n",
        "vtt": "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nYes, but\n\n"
        "00:00:02.000 --> 00:00:03.500\nnot today. Never.\n\n",
    }


def test_silence_has_no_sentences_and_empty_subtitles() -> None:
    silent = result(body={"post_processing": {"sentences": True, "subtitles": True}}).transcription
    assert silent is not None
    assert silent.sentences is not None
    assert [(one.success, one.is_empty, one.results) for one in silent.sentences] == [(True, True, ())]
    assert silent.subtitles is not None
    assert [(one.format, one.subtitles) for one in silent.subtitles] == [("srt", "")]


def test_the_official_sdk_reads_the_result_with_all_add_ons() -> None:
    spoken = final(0, 1, " Paris!")
    id_ = spoken.utterance.id
    chapter = {"headline": "P", "gist": "P", "summary": "P", "keywords": ["P"], "start": 0.0, "end": 1.0}
    built = result(
        spoken,
        body=ALL_ADD_ONS,
        results=[
            AddOnResult("named_entity_recognition", id_, results=[ENTITY]),
            AddOnResult("sentiment_analysis", id_, results=[SENTIMENT]),
            translated(0, " Paris !"),
            AddOnResult("summarization", error=BROKEN),
            AddOnResult("chapterization", results=[chapter]),
        ],
    )
    read = LiveV2TranscriptionResultWithMessages.from_json(built.model_dump_json())
    assert read.transcription is not None
    assert read.transcription.utterances[0].words[0].word == " Paris!"
    assert read.sentiment_analysis is not None
    assert json.loads(read.sentiment_analysis.results) == [SENTIMENT]
    assert read.named_entity_recognition is not None
    assert read.named_entity_recognition.results is not None
    assert read.named_entity_recognition.results[0].entity_type == "LOCATION_CITY"
    assert read.translation is not None
    assert read.translation.results is not None
    assert read.translation.results[0].full_transcript == "Paris !"
    assert read.chapterization is not None
    assert read.summarization is not None
    assert read.summarization.error is not None
    assert read.summarization.error.status_code == 502


def test_what_is_written_piece_by_piece_is_what_is_written_at_once() -> None:
    """Hours of speech are written so, since all other threads wait while one object is written."""
    spoken, then = final(0, 1, ' Paris "!" {né}'), final(2, 3, " \U0001f600 Oui.")
    id_ = spoken.utterance.id
    asked = ("sentences", "subtitles", "summarization", "chapterization")
    chapter = {"headline": "P", "gist": "P", "summary": "P", "keywords": ["P", "é"], "start": 0.1, "end": 1}
    words = [{"word": " P", "start": 0.0, "end": 1, "confidence": 0.5}]
    sentence = {"sentence": " P", "start": 0.0, "end": 1.0, "words": words}
    built = result(
        spoken,
        then,
        body=ALL_ADD_ONS | {"post_processing": dict.fromkeys(asked, True)},
        results=[
            AddOnResult("named_entity_recognition", id_, results=[ENTITY]),
            AddOnResult("sentiment_analysis", id_, results=[SENTIMENT]),
            translated(0, " Paris !"),
            AddOnResult("summarization", error=BROKEN),
            AddOnResult("chapterization", results=[chapter, chapter | {"sentences": [sentence, sentence]}]),
        ],
        over=True,
    )
    assert json_text(built) == built.model_dump_json()
    # Two utterances, the translation of one, two sentences of a chapter: nothing else holds words.
    assert len(list(pieces_of(built))) == 5
