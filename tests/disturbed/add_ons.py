"""What add-ons say in a session, and how that holds together however the session was disturbed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Message = Mapping[str, Any]
Said = tuple[str, str]
"""What a message says something of: its type, and of a final its identifier (and the target language)."""

LIVE = ("named_entity_recognition", "sentiment_analysis", "translation")
WHOLE = ("post_summarization", "post_chapterization")
TARGET = "pt"

END = ("end_recording", "post_transcript", *WHOLE, "post_final_transcript", "end_session")
# What differs between two sessions of the same audio, and says nothing of the audio.
_TIMINGS = ("exec_time", "transcription_time")
_NO_WORDS = ("id", "session_id", "request_id", "utterance_id", "created_at", "completed_at", "filename")


def asking(*, redacted: bool) -> dict[str, Any]:
    """The sections of a request: all that is embedded, and redaction as well."""
    realtime = {
        "named_entity_recognition": True,
        "sentiment_analysis": True,
        "translation": True,
        "translation_config": {"target_languages": [TARGET]},
    }
    return {
        "realtime_processing": realtime | ({"pii_redaction": True} if redacted else {}),
        "post_processing": {
            "summarization": True,
            "summarization_config": {"type": "general"},
            "chapterization": True,
        },
    }


def blocks(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result without its messages, and without how long anything took."""
    timeless: dict[str, Any] = _without(result, ("messages", *_TIMINGS))
    return timeless


def contents(messages: Sequence[Message]) -> list[tuple[Said, Any]]:
    """What add-ons say in them, in order: of what, and what it is."""
    return [(_of(message), _content(message)) for message in messages if message["type"] in (*LIVE, *WHOLE)]


def disorder(messages: Sequence[Message]) -> str:
    """Where things come before what they follow; empty if nowhere. What comes again comes in any place."""
    finals: list[str] = []
    firsts = list(dict.fromkeys(_of(message) for message in messages if _is_told(message)))
    for kind, of in firsts:
        if kind == "transcript":
            finals.append(of)
    for kind in LIVE:
        told = [of.partition(" ")[0] for each, of in firsts if each == kind]
        places = [firsts.index(("transcript", of)) for of in told if of in finals]
        if places != sorted(places):
            return f"{kind} is not in the order of the finals"
    for at, (kind, of) in enumerate(firsts):
        if kind in LIVE and ("transcript", of.partition(" ")[0]) in firsts[at:]:
            return f"{kind} of {of} before its final"
    end = [kind for kind, _ in firsts if kind in END]
    after = firsts.index(("end_recording", "")) if "end_recording" in end else len(firsts)
    if any(kind == "transcript" for kind, _ in firsts[after:]):
        return "a final after the end of the recording"
    last = next((at for at, (kind, _) in enumerate(firsts) if kind == "post_final_transcript"), len(firsts))
    if late := [kind for kind, _ in firsts[last:] if kind not in END[-2:]]:
        return f"{late[0]} after the result"
    # Of a summary and chapters whichever is ready first comes first.
    ranks = [END.index(kind) - (kind == WHOLE[1]) for kind in end]
    return "" if ranks == sorted(ranks) else f"the end came as {end}"


def incoherence(result: Mapping[str, Any], messages: Sequence[Message]) -> Iterator[str]:
    """In what a stored result and the messages in it say of the same things."""
    said: dict[Said, Any] = {}
    for key, content in contents(messages):
        if said.setdefault(key, content) != content:
            yield f"{' '.join(key)} was said again, otherwise"
    utterances = result["transcription"]["utterances"]
    finals = {
        message["data"]["id"]: message["data"]["utterance"]
        for message in messages
        if message["type"] == "transcript" and message["data"]["is_final"]
    }
    expected = {
        *(
            (kind, f"{of} {TARGET}".strip() if kind == "translation" else of)
            for kind in LIVE
            for of in finals
        ),
        *((kind, "") for kind in WHOLE),
    }
    if expected != set(said):
        yield f"add-ons said something of {sorted(set(said) ^ expected)[:3]} too much or too little"
        return
    kinds = [message["type"] for message in messages]
    if missing := set(END) - set(kinds):
        yield f"no {', '.join(sorted(missing))} in the end"
    if problem := disorder(messages):
        yield problem
    if len(finals) != len(utterances) or any(final not in utterances for final in finals.values()):
        yield "finals were told otherwise than they are stored"
        return
    order = sorted(finals, key=lambda of: utterances.index(finals[of]))
    data = {key: content["data"] for key, content in said.items()}
    listed = {kind: [item for of in order for item in data[kind, of]["results"]] for kind in LIVE[:2]}
    translated = [data["translation", f"{of} {TARGET}"]["translated_utterance"] for of in order]
    result = blocks(result)
    found = {
        "named_entity_recognition": result["named_entity_recognition"]["results"],
        "sentiment_analysis": json.loads(result["sentiment_analysis"]["results"]),
        "translation": result["translation"]["results"][0]["utterances"],
        **{kind.removeprefix("post_"): result[kind.removeprefix("post_")]["results"] for kind in WHOLE},
    }
    told = {
        **listed,
        "translation": translated,
        **{kind.removeprefix("post_"): data[kind, ""]["results"] for kind in WHOLE},
    }
    yield from (f"{name} was told otherwise than it is stored" for name in found if found[name] != told[name])
    wholes = [message["data"] for message in messages if message["type"] == "post_final_transcript"]
    if any(blocks(whole) != result for whole in wholes):
        yield "the result was told otherwise than it is stored"


def failures(result: Mapping[str, Any]) -> Iterator[str]:
    """Add-ons that were asked for and gave nothing, not even that there is nothing."""
    for name in (*LIVE, *(kind.removeprefix("post_") for kind in WHOLE)):
        envelope = result.get(name)
        if not envelope or not envelope["success"]:
            yield f"{name} failed: {(envelope or {}).get('error')}"


def words_in(value: Any) -> frozenset[str]:
    """All words anywhere in what a server says, in lower case."""
    if isinstance(value, Mapping):
        inside = [words_in(each) for key, each in value.items() if key not in _NO_WORDS]
        return frozenset().union(*inside)
    if isinstance(value, str):
        if value.startswith("[{"):
            return words_in(json.loads(value))
        return frozenset(re.findall(r"\w+", value.casefold()))
    if isinstance(value, Sequence):
        return frozenset().union(*map(words_in, value))
    return frozenset()


def _is_told(message: Message) -> bool:
    kind = message["type"]
    return kind in (*LIVE, *END) or (kind == "transcript" and message["data"]["is_final"])


def _of(message: Message) -> Said:
    data = message.get("data") or {}
    of = data.get("utterance_id") or data.get("id") or ""
    return message["type"], f"{of} {data.get('target_language') or ''}".strip()


def _content(message: Message) -> Any:
    return _without({"data": message.get("data"), "error": message.get("error")})


def _without(value: Any, keys: Sequence[str] = ()) -> Any:
    """The same without these keys, and without those that have no value: the SDKs leave some of them out."""
    if isinstance(value, Mapping):
        return {
            key: _without(each, keys) for key, each in value.items() if each is not None and key not in keys
        }
    return [_without(each, keys) for each in value] if isinstance(value, list | tuple) else value
