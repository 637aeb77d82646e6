"""The audio log keeps what it was given, and nothing else."""

from __future__ import annotations

import resource
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.errors import StorageError
from vivavoce.storage.audio_log import AudioLogs

SESSION = "0b5c3a52-3f0e-4b1c-9a54-9d64c3b1a1f0"


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("fsync", [False, True])
def test_each_append_tells_where_its_bytes_are(tmp_path: Path, fsync: bool) -> None:
    log = AudioLogs(tmp_path, fsync).open(SESSION)
    assert [log.append(b"abc"), log.append(b""), log.append(b"de")] == [0, 3, 3]
    assert log.size == 5
    assert log.read(3, 5) == b"de"
    log.close()


def test_a_link_in_the_place_of_a_log_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"of somebody else")
    logs = AudioLogs(tmp_path / "audio")
    (tmp_path / "audio" / f"{SESSION}.raw").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="cannot open the audio log"):
        logs.open(SESSION)
    with pytest.raises(StorageError, match="could not be read"):
        logs.read(SESSION, 0, 10)
    logs.delete(SESSION)
    assert (tmp_path / "elsewhere").read_bytes() == b"of somebody else"


@given(chunks=st.lists(st.binary(max_size=50)), start=st.integers(0, 200), length=st.integers(0, 200))
def test_any_range_reads_what_was_appended(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes], start: int, length: int
) -> None:
    logs = AudioLogs(tmp_path_factory.mktemp("logs"))
    log = logs.open(SESSION)
    for chunk in chunks:
        log.append(chunk)
    expected = b"".join(chunks)[start : start + length]
    assert log.read(start, start + length) == expected
    assert logs.read(SESSION, start, start + length) == expected
    log.close()


def test_a_reopened_log_goes_on_where_it_ended(tmp_path: Path) -> None:
    logs = AudioLogs(tmp_path)
    first = logs.open(SESSION)
    first.append(b"before")
    first.close()
    second = logs.open(SESSION)
    assert second.append(b"after") == 6
    assert second.read(0, 100) == b"beforeafter"
    second.close()


def test_a_failed_append_leaves_the_log_as_it_was(tmp_path: Path) -> None:
    logs = AudioLogs(tmp_path)
    log = logs.open(SESSION)
    log.append(b"kept")
    with files_end_at(6), pytest.raises(StorageError, match="could not be stored"):
        log.append(b"lost bytes")
    assert log.size == 4
    assert logs.size(SESSION) == 4
    assert log.append(b"!") == 4
    assert logs.read(SESSION, 0, 100) == b"kept!"
    log.close()


def test_a_deleted_log_is_gone_and_deleting_again_is_harmless(tmp_path: Path) -> None:
    logs = AudioLogs(tmp_path)
    log = logs.open(SESSION)
    log.append(b"words")
    log.close()
    logs.delete(SESSION)
    logs.delete(SESSION)
    assert logs.size(SESSION) is None
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StorageError):
        logs.read(SESSION, 0, 1)


@pytest.mark.parametrize(
    "bad", ["", "..", "../../etc/passwd", SESSION.upper(), SESSION + "/x", f"{{{SESSION}}}", "a\0b"]
)
def test_only_a_session_identifier_makes_a_path(tmp_path: Path, bad: str) -> None:
    logs = AudioLogs(tmp_path / "audio")
    for call in (logs.open, logs.size, logs.delete):
        with pytest.raises(StorageError, match="not a session identifier"):
            call(bad)
    assert list(tmp_path.rglob("*")) == [tmp_path / "audio"]


def test_logs_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    logs = AudioLogs(tmp_path / "audio")
    session_id = str(uuid.uuid4())
    logs.open(session_id).close()
    assert (tmp_path / "audio").stat().st_mode & 0o077 == 0
    assert (tmp_path / "audio" / f"{session_id}.raw").stat().st_mode & 0o077 == 0


def test_a_closed_log_writes_into_no_other_file(tmp_path: Path) -> None:
    log = AudioLogs(tmp_path).open(SESSION)
    log.append(b"audio")
    log.close()
    log.close()
    with (tmp_path / "other").open("w+b") as other:
        with pytest.raises(StorageError):
            log.append(b"more")
        with pytest.raises(StorageError):
            log.read(0, 5)
        assert other.read() == b""
