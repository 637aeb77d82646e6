"""What shows of add-ons that say too little, too much, too early or what was to be hidden."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from disturbed.add_ons import Message, disorder, failures, incoherence, words_in
from disturbed.check import Stored, Telling, differences
from disturbed.clients import Outcome
from vivavoce.audio.formats import AudioFormat

FORMAT = AudioFormat("wav/pcm", 16, 16_000, 1)


def said(kind: str, data: Mapping[str, Any] | None = None, second: int = 0) -> Message:
    return {"type": kind, "created_at": f"2026-01-01T00:00:0{second}.000Z", "data": data, "error": None}


def final(number: int, text: str) -> list[Message]:
    """A final, and what was said of it."""
    of = f"00_{number}"
    utterance = {"text": text, "start": float(number), "end": number + 1.0, "channel": 0}
    return [
        said("transcript", {"id": of, "is_final": True, "utterance": utterance}),
        said("named_entity_recognition", {"utterance_id": of, "results": [{"text": text}]}),
        said("sentiment_analysis", {"utterance_id": of, "results": [{"text": text}]}),
        said("translation", {"utterance_id": of, "target_language": "pt", "translated_utterance": utterance}),
    ]


def session(*texts: str) -> Stored:
    finals = [final(number, text) for number, text in enumerate(texts)]
    utterances = [each["data"]["utterance"] for each, *_ in finals]
    found = [{"text": text} for text in texts]
    result = {
        "metadata": {"transcription_time": 0.5},
        "transcription": {"utterances": utterances},
        "named_entity_recognition": {"success": True, "exec_time": 0.1, "results": found},
        "sentiment_analysis": {"success": True, "exec_time": 0.1, "results": json.dumps(found)},
        "translation": {"success": True, "exec_time": 0.1, "results": [{"utterances": utterances}]},
        "summarization": {"success": True, "exec_time": 0.1, "results": "All."},
        "chapterization": {"success": True, "exec_time": 0.1, "results": []},
    }
    end = [
        said("end_recording"),
        said("post_transcript"),
        said("post_chapterization", {"results": []}),
        said("post_summarization", {"results": "All."}),
        said("post_final_transcript", result),
        said("end_session"),
    ]
    told = [message for each in finals for message in each] + end
    known = [(each["data"]["id"], each["data"]["utterance"]) for each, *_ in finals]
    return Stored("done", utterances, known, b"", told, result)


WHOLE = session("hello", "goodbye")


def problems(messages: list[Message]) -> list[str]:
    return list(incoherence(WHOLE.result, messages))


def differing(stored: Stored, expected: Stored = WHOLE, *, restarts: int = 0) -> list[str]:
    return list(differences(stored, expected, b"", FORMAT, restarts=restarts))


def test_a_session_that_is_of_one_piece_has_no_problem() -> None:
    assert problems(list(WHOLE.messages)) == []
    assert list(failures(WHOLE.result)) == []
    assert differing(WHOLE) == []
    assert Telling.of_add_ons(Outcome(messages=list(WHOLE.messages)), WHOLE).exact


@pytest.mark.parametrize("left_out", range(1, len(WHOLE.messages)))
def test_whatever_is_not_said_shows(left_out: int) -> None:
    messages = list(WHOLE.messages)
    if messages.pop(left_out)["type"] != "transcript":
        assert Telling.of_add_ons(Outcome(messages=messages), WHOLE).missing == 1
    assert problems(messages)


@pytest.mark.parametrize("place", range(len(WHOLE.messages) - 1))
def test_whatever_changes_places_shows_where_there_is_an_order(place: int) -> None:
    messages = list(WHOLE.messages)
    messages[place : place + 2] = reversed(messages[place : place + 2])
    kinds = {message["type"] for message in messages[place : place + 2]}
    free = len(kinds & {"named_entity_recognition", "sentiment_analysis", "translation"}) == 2
    free |= kinds == {"post_chapterization", "post_summarization"}
    # What is said of a final may come after the next one, or after the end of the recording.
    free |= kinds in ({"translation", "transcript"}, {"translation", "end_recording"})
    assert bool(disorder(messages)) != free


def test_what_comes_again_may_come_anywhere_but_not_otherwise() -> None:
    assert problems([*WHOLE.messages, *WHOLE.messages[1:3]]) == []
    other = deepcopy(dict(WHOLE.messages[1]))
    other["data"]["results"] = []
    assert problems([*WHOLE.messages, other]) == [
        "named_entity_recognition 00_0 was said again, otherwise",
    ]
    assert Telling.of_add_ons(Outcome(messages=[*WHOLE.messages, other]), WHOLE).wrong == 1


@pytest.mark.parametrize(
    "name",
    [
        "named_entity_recognition",
        "sentiment_analysis",
        "translation",
        "summarization",
        "chapterization",
    ],
)
def test_a_block_that_differs_shows_unless_it_is_in_how_long_it_took(name: str) -> None:
    result = deepcopy(dict(WHOLE.result))
    result[name]["exec_time"] = 7.0
    assert differing(replace(WHOLE, result=result)) == []
    result[name]["success"] = False
    assert differing(replace(WHOLE, result=result))
    assert len(list(failures(result))) == 1


def test_after_a_restart_one_redacted_final_may_differ_and_markers_have_other_numbers() -> None:
    before = session("I am [NAME_1].", "You are [NAME_2].", "Hello.")
    other = session("I am [NAME_1].", "You are [NAME_7].", "Hallo.")
    assert differing(other, before)
    assert differing(other, before, restarts=1) == []
    assert differing(session("I am.", "You are [NAME_7].", "Hallo."), before, restarts=1)


def test_what_redaction_hid_shows_wherever_it_is_said() -> None:
    redacted = session("I am [NAME_1].").hiding(session("I am Jonathan."))
    assert redacted.hidden == {"jonathan"}
    assert words_in({"created_at": "Jonathan", "data": '[{"text": "Hello, Jonathan!"}]'}) >= {"jonathan"}
    leaking = replace(
        redacted,
        messages=[
            *redacted.messages,
            said("transcript", {"id": "", "is_final": False, "utterance": {"text": "Jonathan"}}),
        ],
    )
    assert "redacted words are stored: ['jonathan']" in differing(leaking, redacted)
