"""The official JavaScript SDK on Node, unmodified and pointed at our server by URL alone."""

from __future__ import annotations

import base64
import json
import uuid
from pathlib import Path

from conformance.contract import ADD_ONS, REQUEST, check_file, check_messages, check_session, recording
from node import SOURCE, NodeProject


def test_a_session_of_the_javascript_sdk_from_start_to_deletion(
    live_server: str, node_project: NodeProject, tmp_path: Path
) -> None:
    audio = recording()
    (tmp_path / "speech.raw").write_bytes(audio)
    request = {**REQUEST, **ADD_ONS, "custom_metadata": {"suite": uuid.uuid4().hex}}
    script = (SOURCE / "stream.mjs").read_text(encoding="utf-8")
    printed = node_project.run(script, live_server, "speech.raw", json.dumps(request), cwd=tmp_path)
    seen = json.loads(printed)

    assert seen["events"] == ["started", "connected", "ending"]
    assert seen["code"] == 1000
    check_messages(seen["messages"], audio)
    check_session(seen["stored"], audio)
    types = [message["type"] for message in seen["messages"]]
    spoken = seen["stored"]["result"]["transcription"]["utterances"]
    for name in ("translation", "named_entity_recognition", "sentiment_analysis"):
        assert types.count(name) == len(spoken)
    for name in (*ADD_ONS["realtime_processing"], *ADD_ONS["post_processing"]):
        assert name.endswith("_config") or seen["stored"]["result"][name]["success"]
    check_file(base64.b64decode(seen["recording"]), audio)
    assert seen["listed"] == [seen["id"]]
    assert seen["deleted"] is True
    assert seen["gone"] == 404
