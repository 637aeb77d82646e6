"""No SDK at all: HTTP and a WebSocket, as a client in any language would speak them."""

from __future__ import annotations

import base64
import json

import httpx
from websockets.sync.client import connect

from conformance.contract import (
    REQUEST,
    check_acknowledgments,
    check_file,
    check_session,
    pieces,
    recording,
    word_error_rate,
)


def test_binary_and_base64_audio_may_alternate_and_everything_is_heard(live_server: str) -> None:
    audio = recording()
    with httpx.Client(base_url=live_server) as http:
        created = http.post("/v2/live", json=REQUEST)
        assert created.status_code == 201
        assert created.json().keys() >= {"id", "created_at", "url"}
        with connect(created.json()["url"]) as socket:
            for number, piece in enumerate(pieces(audio, seconds=0.5)):
                if number % 2:
                    chunk = base64.b64encode(piece).decode()
                    socket.send(json.dumps({"type": "audio_chunk", "data": {"chunk": chunk}}))
                else:
                    socket.send(piece)
            socket.send(json.dumps({"type": "stop_recording"}))
            messages = [json.loads(message) for message in socket]
            assert socket.close_code == 1000

        check_acknowledgments(messages, audio)
        assert messages[-1]["type"] == "end_session"
        finals = [m["data"] for m in messages if m["type"] == "transcript" and m["data"]["is_final"]]
        assert word_error_rate(" ".join(final["utterance"]["text"].strip() for final in finals)) <= 0.1
        session_id = created.json()["id"]
        check_session(http.get(f"/v2/live/{session_id}").json(), audio)
        check_file(http.get(f"/v2/live/{session_id}/file").content, audio)
