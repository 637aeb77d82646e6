"""Sessions with add-ons: what they ask for, an endpoint that answers, and the order that holds for all."""

from __future__ import annotations

import json
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import connect

from intelligence.chat_server import KEY, MODEL, Answer, Asked, ChatServer, Rude
from server.peers import STOP, Message
from speech import two_cities

AUDIO = two_cities().pcm(seconds=15)
"""More words than are their own summary, however scripted."""

LIVE = ("translation", "named_entity_recognition", "sentiment_analysis")
TARGETS = ("fr", "de")
TRANSLATION: dict[str, Any] = {
    "translation": True,
    "translation_config": {"model": "enhanced", "target_languages": list(TARGETS)},
}
POST: dict[str, Any] = {"summarization": True, "chapterization": True}
EVERYTHING: dict[str, Any] = {
    "endpointing": 0.3,
    "language_config": {"languages": ["en"]},
    "realtime_processing": TRANSLATION | {"named_entity_recognition": True, "sentiment_analysis": True},
    "post_processing": POST,
    # What a callback is told unless it asks for more.
    "messages_config": {
        "receive_speech_events": False,
        "receive_acknowledgments": False,
        "receive_lifecycle_events": True,
    },
}


def asking(chat: ChatServer | str, **settings: Any) -> dict[str, Any]:
    """Settings with which translations and all of the whole are asked of an endpoint."""
    url = chat if isinstance(chat, str) else chat.url
    return {"chat_url": url, "chat_model": MODEL, "chat_key": KEY, "summaries": "chat", **settings}


def answer(asked: Asked) -> str:
    """As a model that does what it is told."""
    match what(asked):
        case "chapterization":
            chapter = {"first": 1, "headline": "All", "gist": "All of it.", "summary": "All is said."}
            return json.dumps({"chapters": [chapter]})
        case "summarization":
            return "All is said."
        case target:
            return f"{target}: {asked.user}"


def what(asked: Asked) -> str:
    """What is asked for: a part of the whole, or the target of a translation."""
    if "into chapters" in asked.system:
        return "chapterization"
    if "Summarize" in asked.system:
        return "summarization"
    return "fr" if "to French" in asked.system else "de"


class Holding:
    """Answers, but hangs from the moment on at which `holds` is true of what is asked, until `up` is set."""

    def __init__(self, after: int = 10**6, holds: str = "") -> None:
        self.after = after
        self.holds = holds
        self.up = threading.Event()
        self.held = threading.Event()
        self.answered = 0
        self.hung = 0
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Answer:
        with self._lock:
            if not self.up.is_set() and (self.answered >= self.after or what(asked) == self.holds):
                self.hung += 1
                self.held.set()
                return Rude("hang")
            self.answered += 1
            return answer(asked)


def times_asked(chat: ChatServer) -> Counter[str]:
    """How often each thing was asked: what of it, and the words that were told with it."""
    return Counter(f"{what(asked)} {asked.user}" for asked in chat.asked)


def streamed(url: str, asked: dict[str, Any], audio: bytes = AUDIO) -> tuple[str, list[str]]:
    """A session from start to end: its id, and all that was said, word for word."""
    created = httpx.post(f"{url}/v2/live", json=asked).raise_for_status().json()
    with connect(created["url"], max_size=None) as socket:
        socket.send(audio)
        socket.send(STOP)
        texts = [str(text) for text in socket]
        assert socket.close_code == 1000
    return created["id"], texts


def result_of(url: str, session_id: str) -> Message:
    """The stored result of a session that is done."""
    stored = httpx.get(f"{url}/v2/live/{session_id}").raise_for_status().json()
    assert stored["status"] == "done"
    result: Message = stored["result"]
    return result


def kinds(messages: list[Message]) -> list[str]:
    return [message["type"] for message in messages]


def of_final(message: Message) -> str:
    """The final of which a message speaks, empty if of none or if it is an error."""
    data = message.get("data") or {}
    return str(data.get("utterance_id") or data.get("id") or "")


def check_order(messages: list[Message]) -> None:
    """Each add-on after its final, each once; then the end, step by step."""
    seen: set[tuple[str, str, str]] = set()
    finals: set[str] = set()
    for message in messages:
        if message["type"] == "transcript":
            finals.add(message["data"]["id"])
        elif message["type"] in LIVE and message["data"]:
            key = message["type"], of_final(message), message["data"].get("target_language", "")
            assert key not in seen
            assert of_final(message) in finals
            seen.add(key)
    types = kinds(messages)
    end = [name for name in types if name.startswith("post_") or name in ("end_recording", "end_session")]
    steps = sorted({"post_summarization", "post_chapterization"}.intersection(end), key=end.index)
    expected = ["end_recording", "post_transcript", *steps, "post_final_transcript", "end_session"]
    assert end == expected, end
    assert types[-2:] == ["post_final_transcript", "end_session"]
    last = max((at for at, name in enumerate(types) if name == "transcript"), default=-1)
    assert last < types.index("end_recording")


def check_stored(result: Message, messages: list[Message]) -> None:
    """What the result holds is what was said, where nothing failed."""
    said: dict[str, list[Message]] = {name: [] for name in LIVE}
    for message in messages:
        if message["type"] in LIVE:
            said[message["type"]].append(message["data"])
    for name in LIVE[1:]:
        found = result[name]["results"]
        found = json.loads(found) if isinstance(found, str) else found
        assert found == [each for data in said[name] for each in data["results"]]
    for translated in result["translation"]["results"]:
        [target] = translated["languages"]
        assert translated["utterances"] == [
            data["translated_utterance"] for data in said["translation"] if data["target_language"] == target
        ]
    [whole] = [message["data"] for message in messages if message["type"] == "post_final_transcript"]
    assert {name: value for name, value in result.items() if name != "messages"} == whole


def no_words(log: Path) -> None:
    """Nothing that was said is in the log, and no traceback."""
    text = log.read_text(encoding="utf-8")
    assert "word0" not in text
    assert "Traceback" not in text
