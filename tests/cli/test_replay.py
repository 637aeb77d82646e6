"""`vivavoce replay`: what it asks for, what it writes, how it ends."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Run
from server.harness import create, record, running
from server.peers import speech
from vivavoce.errors import StorageError
from vivavoce.server.recorded import from_data, from_export

PRIVATE: dict[str, Any] = {
    "custom_metadata": {"who": "s3cret"},
    "callback_config": {"url": "https://hooks.example/s3cret"},
    "language_config": {"languages": ["en"], "note": "s3cret"},
    "note": "s3cret",
}


@pytest.fixture
def session_id(tmp_path: Path) -> str:
    """A session in the data directory of `run`, whose words a real model would not have heard."""

    async def body() -> str:
        async with running(tmp_path / "data") as server:
            created = await create(server.http, endpointing=0.3, **PRIVATE)
            await record(server, created["url"], speech())
            return str(created["id"])

    return asyncio.run(body())


def test_a_session_is_exported_for_its_owner_without_what_is_private_and_shows_what_is_heard_otherwise(
    run: Run, session_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIVAVOCE_PARTIALS_MODEL", "same")
    bundle = tmp_path / "bundle"
    bundle.mkdir(0o700)
    (bundle / "audio.raw").touch(0o644)
    result = run("replay", session_id, "--export", bundle)
    assert result.exit_code == 0, result.output
    assert [path.stat().st_mode & 0o777 for path in bundle.iterdir()] == [0o600, 0o600]
    assert "s3cret" not in (bundle / "session.json").read_text()
    written = json.loads((bundle / "session.json").read_text())
    assert written["request"]["endpointing"] == 0.3
    assert written["request"]["language_config"]["languages"] == ["en"]
    assert len(written["models"]["base"]) == 64
    recorded, audio = from_export(bundle)
    assert audio.read_bytes() == speech()
    stored, _ = asyncio.run(from_data(tmp_path / "data", session_id))
    assert recorded.finals == stored.finals

    different = run("replay", "--from", bundle)
    assert different.exit_code == 1
    lines = different.stdout.splitlines()
    assert lines[0].startswith("- 00_00000000")
    assert lines[1].startswith("+ 00_00000000")
    assert "quick brown fox" in lines[1]
    assert lines[-1].startswith("different; the same: 0 finals")

    heard = [line.split("  ", 3)[-1] for line in lines if line.startswith("+")]
    assert len(heard) == len(stored.finals)


def test_a_session_that_nobody_connected_to_is_told_from_one_whose_audio_is_lost(
    run: Run, tmp_path: Path
) -> None:
    async def body() -> str:
        async with running(tmp_path / "data") as server:
            return str((await create(server.http))["id"])

    result = run("replay", asyncio.run(body()))
    assert result.exit_code == 1
    assert "nothing was recorded in the session" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name a session, or a directory with --from"),
        (("x", "--from", "y"), "choose one of SESSION and --from"),
    ],
)
def test_it_wants_a_session_or_a_directory(run: Run, words: tuple[str, ...], said: str) -> None:
    result = run("replay", *words)
    assert result.exit_code == 2
    assert said in result.stderr


def test_an_export_replaces_one_of_the_same_session_only(session_id: str, tmp_path: Path) -> None:
    recorded, audio = asyncio.run(from_data(tmp_path / "data", session_id))
    for _ in range(2):
        recorded.export(audio, tmp_path / "bundle")
    other = dataclasses.replace(recorded, id="another")
    with pytest.raises(StorageError, match=f"bundle holds another session, {session_id}: name another"):
        other.export(audio, tmp_path / "bundle")
    assert from_export(tmp_path / "bundle")[0].id == session_id


def test_a_session_that_is_not_there_is_told(run: Run, tmp_path: Path) -> None:
    result = run("replay", "--from", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: there is no exported session in {tmp_path}")
