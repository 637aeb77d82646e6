"""A stored session is recognised once more, and what differs is shown."""

from __future__ import annotations

import asyncio
import dataclasses
import tempfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from server.harness import Server, create, models, record, running
from server.peers import speech
from vivavoce.errors import StorageError
from vivavoce.protocol.stream import Final, Word
from vivavoce.recognizers.scripted import Script, ScriptedRecognizer, word_every
from vivavoce.server.models import Models, with_default
from vivavoce.server.recorded import Recorded, from_data, from_export
from vivavoce.server.replay import compare, replay

AUDIO = speech()


def content(directory: Path) -> dict[str, bytes]:
    """But for the file by which SQLite's users see each other."""
    files = [path for path in directory.rglob("*") if path.is_file() and path.suffix != ".db-shm"]
    return {str(path): path.read_bytes() for path in files}


async def replayed(recorded: Recorded, audio: Path, loaded: Models) -> list[Final]:
    return list(await replay(recorded, audio, loaded, decoder_threads=1))


def hearing(script: Script) -> Models:
    recognizer = ScriptedRecognizer(script, languages=("en", "fr", "de"))
    return dataclasses.replace(models(), recognizers=with_default({"base": recognizer}, "base"))


async def stored_session(server: Server, *, stop: bool = True) -> str:
    created = await create(server.http, endpointing=0.3)
    await record(server, created["url"], AUDIO, stop=stop)
    return str(created["id"])


def test_the_same_is_heard_while_the_server_runs_and_after_it_and_nothing_stored_changes(
    tmp_path: Path,
) -> None:
    async def body() -> None:
        async with running(tmp_path) as server:
            id_ = await stored_session(server)
            before = content(tmp_path)
            recorded, audio = await from_data(tmp_path, id_)
            assert len(recorded.finals) > 1
            assert recorded.whole
            finals = await replayed(recorded, audio, models())
            # From where one would go on depends on the moment at which the final was there.
            assert [final.utterance for final in finals] == [final.utterance for final in recorded.finals]
            assert content(tmp_path) == before
        before = content(tmp_path)
        assert (await from_data(tmp_path, id_))[0] == recorded
        assert content(tmp_path) == before
        comparison = compare(recorded, finals)
        assert (comparison.same, comparison.lines, comparison.later) == (len(finals), [], 0)

    asyncio.run(body())


def test_at_the_pace_of_speech_the_same_is_heard(tmp_path: Path) -> None:
    async def body() -> None:
        async with running(tmp_path) as server:
            created = await create(server.http, endpointing=0.3)
            await record(server, created["url"], AUDIO[: 3 * 32_000])
            recorded, audio = await from_data(tmp_path, created["id"])
        finals = await replay(recorded, audio, models(), decoder_threads=1, real_time=True)
        assert finals
        assert [final.utterance for final in finals] == [final.utterance for final in recorded.finals]

    asyncio.run(body())


def test_an_exported_session_is_replayed_without_its_data_directory_and_differences_are_shown(
    tmp_path: Path,
) -> None:
    async def body() -> None:
        async with running(tmp_path / "data") as server:
            recorded, audio = await from_data(tmp_path / "data", await stored_session(server))
        recorded.export(audio, tmp_path / "bundle")
        assert (tmp_path / "bundle").stat().st_mode & 0o777 == 0o700
        audio.unlink()
        exported, its_audio = from_export(tmp_path / "bundle")
        assert exported == recorded
        assert its_audio.read_bytes() == AUDIO
        comparison = compare(exported, await replayed(exported, its_audio, hearing(word_every(0.4))))
        first = recorded.finals[0].utterance
        shown = f"- {first.id}  {first.start:.3f}–{first.end:.3f}  {first.language}  {first.text.strip()}"
        assert comparison.lines[0] == shown
        assert comparison.lines[1].startswith(f"+ {first.id}")

    asyncio.run(body())


@pytest.mark.parametrize("real_time", [False, True])
def test_where_nothing_can_be_stored_a_replay_ends_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, real_time: bool
) -> None:
    def lost(audio: NDArray[np.float32]) -> tuple[Word, ...]:
        for database in tmp_path.glob("vivavoce-replay-*/vivavoce.db"):
            database.unlink()
        return word_every(0.2)(audio)

    async def body() -> None:
        async with running(tmp_path / "data") as server:
            recorded, audio = await from_data(tmp_path / "data", await stored_session(server))
        with pytest.raises(StorageError, match=r"cannot be replayed: the database .* was removed"):
            await replay(recorded, audio, hearing(lost), decoder_threads=1, real_time=real_time)

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    asyncio.run(body())


def test_without_a_temporary_directory_a_replay_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(StorageError, match="no temporary directory to replay in"):
        asyncio.run(replayed(Recorded("x", {}, "done", True, ()), tmp_path, models()))


def test_a_word_that_was_placed_elsewhere_is_shown_with_both_times() -> None:
    first, second = _final(0, 1.0), _final(0, 1.2)
    comparison = compare(Recorded("x", {}, "done", True, [first]), [second])
    assert comparison.lines == [
        "  00_00000000  0.000–3.000  en  word",
        "    word 1.000–2.000 → word 1.200–2.000",
    ]


def test_finals_after_the_end_of_a_session_that_was_left_are_no_difference() -> None:
    left = Recorded("x", {}, "done", False, [_final(0, 1.0)])
    finals = [_final(0, 1.0), _final(1, 4.0)]
    assert dataclasses.astuple(compare(left, finals)) == (1, [], 1)
    assert compare(dataclasses.replace(left, whole=True), finals).lines == [
        "+ 00_00000001  3.000–6.000  en  word"
    ]


def test_a_session_that_is_not_there_or_has_no_audio_is_told(tmp_path: Path) -> None:
    async def body() -> None:
        with pytest.raises(StorageError, match="there is no Vivavoce data in"):
            await from_data(tmp_path, "x")
        async with running(tmp_path) as server:
            id_ = await stored_session(server, stop=False)
            with pytest.raises(StorageError, match="there is no session x"):
                await from_data(tmp_path, "x")
            recorded, audio = await from_data(tmp_path, id_)
            assert not recorded.whole
            with pytest.raises(StorageError, match="the audio cannot be read"):
                await replayed(recorded, audio.with_name("gone"), models())

    asyncio.run(body())


def _final(number: int, word_start: float) -> Final:
    from vivavoce.protocol.stream import Utterance

    start = 3.0 * number
    words = (Word(" word", word_start, start + 2.0, 0.5),)
    return Final(Utterance(f"00_{number:08}", 0, start, start + 3.0, "en", words), 0)
