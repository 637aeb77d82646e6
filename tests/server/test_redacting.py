"""What a session with redaction is told, when all goes well and when it does not."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

from intelligence.finders import said
from server.harness import Server, connected, create, models, record, serving
from server.peers import PATIENCE, speech
from server.redacted import (
    SECRET,
    SecretFinder,
    asking,
    crashing,
    failing,
    redacting,
    utterances,
    without_finder,
)
from speech import clip
from vivavoce.intelligence.base import Mention
from vivavoce.intelligence.entities.finder import Entities
from vivavoce.protocol.redaction import PiiRedactionConfig
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.stream import Final, Up, Word
from vivavoce.server import rest
from vivavoce.server.redacting import Redaction
from vivavoce.server.wording import redaction_warnings

AUDIO = speech()
# One of its two sentences, and the pause after it.
FIRST = AUDIO[: len(clip("en", "quick_brown_fox").pcm()) + 16_000]


def test_what_redaction_fails_on_is_masked_whole(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async def body(server: Server) -> None:
        created = await create(
            server.http, **asking(messages_config={"receive_partial_transcripts": True}, bleep=False)
        )
        async with connected(server, created["url"]) as socket:
            await socket.send_audio(AUDIO)
            await socket.send_text('{"type": "stop_recording"}')
            said = await socket.rest()
        assert said[-1] == {"closed": 1000}
        texts = {m["data"]["utterance"]["text"] for m in said if m.get("type") == "transcript"}
        assert texts
        assert {character for text in texts for character in text} == {"#", " "}
        stored = (await server.http.get(f"/v2/live/{created['id']}")).json()
        [warning] = stored["post_session_metadata"]["warnings"]
        assert warning["code"] == "redaction_failed"
        assert "word" not in str(stored["result"]["transcription"]["utterances"][0]["text"])
        assert "ValueError" in warning["message"]

    serving(tmp_path, body, failing)
    logged = "".join(capfd.readouterr())
    assert "redaction_failed" in logged
    assert "word0" not in logged
    assert b"word0" not in (tmp_path / "vivavoce.db").read_bytes()


def test_the_rest_of_a_number_on_which_redaction_failed_is_not_shown() -> None:
    class FailsOnce(SecretFinder):
        def sensitive(self, words: Sequence[Word], language: str, types: Collection[str]) -> list[Mention]:
            fails, self._fails = self._fails, False
            return SecretFinder(fails).sensitive(words, language, types)

    finder, shown = FailsOnce(fails=True), list[Up]()
    redaction = Redaction(lambda: finder)
    stage = redaction.stage(PiiRedactionConfig(entity_types=("GDPR", "PCI")), (), shown.append, [])
    stage.deliver(Final(said("my number is 415 555"), 1))
    stage.deliver(Final(said("0132 I said", at=3), 2))
    redaction.close()
    texts = [up.utterance.text.strip() for up in shown if isinstance(up, Final)]
    assert texts == ["## ###### ## ### ###", "[NUMERICAL_PII_1] I said"]


def test_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    url, id_ = "", ""

    async def before(server: Server) -> None:
        nonlocal url, id_
        created = await create(server.http, **asking(bleep=False))
        url, id_ = created["url"], created["id"]
        async with connected(server, url) as socket:
            await socket.send_audio(FIRST)
            await socket.receive_until(type="transcript")
            await socket.leave(1006)

    async def after(server: Server) -> None:
        assert await record(server, url, AUDIO) == {"closed": 1000}
        names = [word["word"].strip() for each in await utterances(server, id_) for word in each["words"]]
        assert [name for name in names if name == SECRET] == []
        assert names.count("[NAME_1]") >= 1
        assert "[NAME_2]" in names

    serving(tmp_path, before, redacting)
    serving(tmp_path, after, redacting)


def test_an_error_of_the_recogniser_says_nothing_of_what_was_said(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http, **asking())
        async with connected(server, created["url"]) as socket:
            await socket.send_audio(AUDIO)
            said = await socket.rest()
        stored = (await server.http.get(f"/v2/live/{created['id']}")).json()
        assert stored["status"] == "error"
        assert "ValueError in redacted.py" in stored["post_session_metadata"]["error"]
        assert SECRET not in str((said, stored))

    serving(tmp_path, body, crashing)
    assert SECRET not in "".join(capfd.readouterr())


def test_a_server_that_cannot_redact_takes_no_session_that_asks_for_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async def body(server: Server) -> None:
        refused = await server.http.post("/v2/live", json=asking())
        assert refused.status_code == 501
        assert "`vivavoce doctor` says why" in refused.json()["message"]
        assert "/models" not in refused.text
        assert (await server.http.post("/v2/live", json={})).status_code == 201

    serving(tmp_path, body, without_finder)
    assert "/models/pii is missing" in "".join(capfd.readouterr())


def test_a_session_is_there_before_what_redacts_it_and_its_words_wait_for_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "_LOADING", 0.05)
    loaded = threading.Event()

    class Slow(Entities):
        def load(self, *languages: str) -> None:
            assert loaded.wait(PATIENCE)

        def sensitive(self, words: Sequence[Word], language: str, types: Collection[str]) -> list[Mention]:
            assert loaded.wait(PATIENCE)
            return SecretFinder().sensitive(words, language, types)

    async def body(server: Server) -> None:
        created = await create(server.http, **asking(bleep=False))
        async with connected(server, created["url"]) as socket:
            await socket.send_audio(AUDIO)
            await socket.receive_until(type="audio_chunk")
            assert await utterances(server, created["id"]) == []
            loaded.set()
            await socket.send_text('{"type": "stop_recording"}')
            await socket.rest()
        said = "".join(each["text"] for each in await utterances(server, created["id"]))
        assert "[NAME_1]" in said
        assert SECRET not in said

    serving(tmp_path, body, lambda _: dataclasses.replace(models(), redaction=Redaction(Slow)))


@pytest.mark.parametrize(
    ("languages", "types", "warned"),
    [
        (["en"], ["NAME"], False),
        (["en", "de"], ["NAME"], True),
        ([], ["GDPR"], True),
        (["de"], ["SSN"], False),
    ],
)
def test_who_asks_for_names_in_a_language_without_a_model_is_told(
    languages: list[str], types: list[str], warned: bool
) -> None:
    wanted = {"pii_redaction": True, "pii_redaction_config": {"entity_types": types}}
    request = LiveRequest.model_validate(
        {"language_config": {"languages": languages}, "realtime_processing": wanted}
    )
    codes = [warning["code"] for warning in redaction_warnings(request, Redaction(Entities))]
    assert codes == (["redaction_by_rules"] if warned else [])
