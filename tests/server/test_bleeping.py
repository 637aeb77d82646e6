"""The recording of a session whose redacted words are not to be heard, while it runs and after."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelligence.finders import said
from server.harness import Server, connected, create, record, serving
from server.peers import speech
from server.redacted import SECRET, asking, redacting, utterances
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.tone import Stretch, covered, tone
from vivavoce.audio.wav import wav_header
from vivavoce.errors import StorageError
from vivavoce.protocol.stream import Final
from vivavoce.server.bleeping import Cover, cover_of, merged
from vivavoce.server.recorded import from_data
from vivavoce.storage.records import StoredSession

AUDIO = speech()
FORMAT = AudioFormat("wav/pcm", 16, 16_000, 1)
RUNNING = StoredSession(
    id="a",
    request_id="b",
    key_id=None,
    token_hash="",
    status="processing",
    created_at=datetime.now(UTC),
    started_at=None,
    completed_at=None,
    region=None,
    request=asking(),
    custom_metadata=None,
    post_session_metadata={},
    error_code=None,
    audio_bytes=0,
    header_bytes=0,
    audio_duration=0.0,
    transcription_time=0.0,
)


def on_disk(data: Path) -> bytes:
    [log] = (data / "audio").glob("*.raw")
    return log.read_bytes()


def is_tone(sound: bytes, first: int, end: int) -> bool:
    """Whether those frames are."""
    frames = np.frombuffer(sound, "<i2")[first:end]
    return bool((frames.tobytes() == tone(FORMAT, first, end - first).tobytes()) and len(frames))


STRETCHES = st.builds(
    lambda channel, first, count: Stretch(channel, first, first + count),
    st.integers(0, 1),
    st.integers(0, 90),
    st.integers(1, 20),
)


@given(st.lists(STRETCHES, max_size=8), st.integers(1, 40))
def test_in_whatever_pieces_a_recording_is_covered_the_same_frames_are(
    stretches: list[Stretch], step: int
) -> None:
    format_ = AudioFormat("wav/pcm", 16, 16_000, 2)
    sound = bytes(range(1, 201)) * 2
    cover = Cover(format_, 0, merged(stretches), len(sound))
    size = step * format_.frame_bytes
    pieces = [cover.over(sound[at : at + size], at) for at in range(0, len(sound), size)]
    assert b"".join(pieces) == covered(sound, 0, format_, stretches)


@pytest.mark.parametrize("header", [b"", wav_header(FORMAT, len(AUDIO))])
def test_after_the_end_nothing_of_a_redacted_word_is_left_and_all_else_is(
    tmp_path: Path, header: bytes
) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http, **asking())
        assert await record(server, created["url"], header + AUDIO) == {"closed": 1000}
        kept = on_disk(tmp_path)
        assert kept.startswith(header)
        sound = kept[len(header) :]
        assert (await server.http.get(f"/v2/live/{created['id']}/file")).content[-len(AUDIO) :] == sound
        same = np.frombuffer(sound, "<i2") == np.frombuffer(AUDIO, "<i2")
        words = [word for each in await utterances(server, created["id"]) for word in each["words"]]
        assert SECRET not in str(words)
        hidden = [word for word in words if word["word"].strip() == "[NAME_1]"]
        assert hidden
        for word in hidden:
            first, end = (round(16_000 * word[side]) for side in ("start", "end"))
            assert is_tone(sound, first - 3200, end + 3200)
            same[first - 4100 : end + 4100] = True
        assert same.all()
        stored = (await server.http.get(f"/v2/live/{created['id']}")).json()
        assert stored["post_session_metadata"]["recording"] == "bleeped"

    serving(tmp_path, body, redacting)


def test_a_recording_that_runs_is_given_out_as_far_as_it_is_known_what_to_cover(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http, **asking())
        path = f"/v2/live/{created['id']}/file"
        async with connected(server, created["url"]) as socket:
            await socket.send_audio(AUDIO[:32_000])
            await socket.receive_until(type="audio_chunk")
            assert (await server.http.get(path)).status_code == 404
            await socket.send_audio(AUDIO[32_000:])
            await socket.receive_until(type="transcript")
            [utterance, *_] = await utterances(server, created["id"])
            sound = (await server.http.get(path)).content[44:]
            assert 0 < len(sound) < len(AUDIO)
            [word] = [word for word in utterance["words"] if "NAME" in word["word"]]
            first, end = (round(16_000 * word[side]) for side in ("start", "end"))
            assert is_tone(sound, first, end)
            # Recognition may have to hear it again.
            assert on_disk(tmp_path) == AUDIO
            # In the middle of a sample.
            part = await server.http.get(
                path, headers={"Range": f"bytes={44 + 2 * first + 1}-{44 + 2 * end}"}
            )
            assert part.content == sound[2 * first + 1 : 2 * end + 1]

    serving(tmp_path, body, redacting)


def test_nothing_is_given_out_that_the_next_final_will_cover() -> None:
    end_of_first = 16_000
    first = Final(said("[NAME_1] spoke", at=0.1), resume_offset=end_of_first * FORMAT.frame_bytes)
    second = Final(said("[NAME_2] answered", at=end_of_first / 16_000), resume_offset=len(AUDIO))
    earlier, later = (cover_of(RUNNING, finals, 0, len(AUDIO)) for finals in ([first], [first, second]))
    assert earlier
    assert later
    assert 0 < earlier.settled < end_of_first * FORMAT.frame_bytes
    given = AUDIO[: earlier.settled]
    assert earlier.over(given, 0) == later.over(given, 0)


def test_what_nobody_waited_to_be_recognised_is_covered_whole(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http, **asking())
        async with connected(server, created["url"]) as socket:
            await socket.send_audio(AUDIO)
            await socket.receive_until(type="audio_chunk")
        runtime = server.services.live(created["id"])
        assert runtime is None or runtime.ended
        sound = on_disk(tmp_path)
        last = max([0, *(each["end"] for each in await utterances(server, created["id"]))])
        assert len(sound) == len(AUDIO)
        assert is_tone(sound, round(16_000 * last) + 16_000, len(AUDIO) // 2)

    serving(tmp_path, body, redacting)


def test_a_server_that_was_killed_after_the_end_covers_it_when_it_starts_again(tmp_path: Path) -> None:
    covered = b""

    async def end(server: Server) -> None:
        nonlocal covered
        created = await create(server.http, **asking())
        await record(server, created["url"], AUDIO)
        covered = on_disk(tmp_path)
        assert covered != AUDIO

    async def again(server: Server) -> None:
        assert on_disk(tmp_path) == covered

    serving(tmp_path, end, redacting)
    # As it is right after the end was stored.
    [log] = (tmp_path / "audio").glob("*.raw")
    log.write_bytes(AUDIO[: len(AUDIO) // 2] + covered[len(AUDIO) // 2 :])
    with closing(sqlite3.connect(tmp_path / "vivavoce.db")) as database, database:
        database.execute("UPDATE sessions SET post_session_metadata = '{}'")
    serving(tmp_path, again, redacting)


def test_a_session_is_exported_only_when_its_recording_is_covered(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http, **asking())
        async with connected(server, created["url"]) as socket:
            await socket.send_audio(AUDIO)
            await socket.receive_until(type="transcript")
            with pytest.raises(StorageError, match="can still be heard"):
                await from_data(tmp_path, created["id"], to_export=True)
            # Who replays it here hears nothing that the directory does not hold.
            await from_data(tmp_path, created["id"])
            await socket.send_text('{"type": "stop_recording"}')
            await socket.rest()
        _, audio = await from_data(tmp_path, created["id"], to_export=True)
        assert audio.read_bytes() == on_disk(tmp_path) != AUDIO

    serving(tmp_path, body, redacting)


def test_without_bleep_the_recording_is_what_was_sent(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http, **asking(bleep=False))
        await record(server, created["url"], AUDIO)
        assert on_disk(tmp_path) == AUDIO

    serving(tmp_path, body, redacting)
