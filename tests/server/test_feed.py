"""What recognition is given of a session's log, and when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from vivavoce.audio.formats import AudioFormat
from vivavoce.engine.engine import EngineStream
from vivavoce.protocol.stream import Audio, Down, Flush
from vivavoce.server.feed import Feed
from vivavoce.storage.audio_log import AudioLog

PLAIN = AudioFormat("wav/pcm", 16, 16_000, 1)
LARGEST = AudioFormat("wav/pcm", 32, 48_000, 8)
LONGEST = 5.0
MEGABYTE = 1 << 20


class Recognition:
    """Takes what it is fed and deals with nothing."""

    def __init__(self) -> None:
        self.items: list[Down] = []
        self.has_come = 0.0

    def came(self, seconds: float) -> None:
        self.has_come = seconds

    def feed(self, item: Down) -> None:
        self.items.append(item)

    def close(self) -> None:
        self.items.append(Flush(-1))

    @property
    def audio(self) -> bytes:
        parts = [item for item in self.items if isinstance(item, Audio)]
        offset = 0
        for part in parts:
            assert part.offset == offset, "each piece follows the one before"
            offset += len(part.data)
        return b"".join(part.data for part in parts)


@contextmanager
def feeding(path: Path, format: AudioFormat = PLAIN) -> Iterator[tuple[AudioLog, Recognition, Feed]]:
    log = AudioLog(path / "log", fsync=False)
    recognition = Recognition()
    yield log, recognition, Feed(log, format, cast(EngineStream, recognition), LONGEST)
    log.close()


def test_what_is_appended_is_fed_at_once_and_once(tmp_path: Path) -> None:
    with feeding(tmp_path) as (log, recognition, feed):
        frames = [bytes([number]) * 3200 for number in range(20)]
        for frame in frames:
            log.append(frame)
            feed.appended(frame)
            assert recognition.audio.endswith(frame)
        assert recognition.audio == b"".join(frames)


def test_what_a_log_holds_already_comes_first(tmp_path: Path) -> None:
    with feeding(tmp_path) as (log, recognition, feed):
        log.append(b"a" * 50_000)
        log.append(b"b" * 3200)
        feed.appended(b"b" * 3200)
        assert recognition.audio == b"a" * 50_000 + b"b" * 3200


def test_recognition_knows_at_once_how_much_has_come_though_the_rest_waits(tmp_path: Path) -> None:
    with feeding(tmp_path) as (log, recognition, feed):
        for minutes in range(1, 4):
            minute = bytes(60 * PLAIN.bytes_per_second)
            log.append(minute)
            feed.appended(minute)
            assert recognition.has_come == 60.0 * minutes
        assert len(recognition.audio) < log.size


def test_the_rest_waits_in_the_log_until_recognition_has_come_that_far(tmp_path: Path) -> None:
    with feeding(tmp_path) as (log, recognition, feed):
        frame = bytes(3200)
        for _ in range(600):
            log.append(frame)
            feed.appended(frame)
        ahead = len(recognition.audio)
        assert LONGEST < PLAIN.seconds(ahead) < 25
        feed.progress(10.0)
        assert PLAIN.seconds(len(recognition.audio) - ahead) == pytest.approx(10, abs=2)
        feed.flush(7)
        assert Flush(7) not in recognition.items
        feed.progress(60.0)
        assert len(recognition.audio) == log.size
        assert recognition.items[-1] == Flush(7)


def test_the_largest_format_is_not_fed_for_long_ahead(tmp_path: Path) -> None:
    with feeding(tmp_path, LARGEST) as (log, recognition, feed):
        for _ in range(20):
            log.append(bytes(MEGABYTE))
            feed.appended(bytes(MEGABYTE))
        longest = LONGEST * LARGEST.bytes_per_second
        assert longest < len(recognition.audio) < longest + 5 * MEGABYTE


def test_nothing_is_fed_after_the_close(tmp_path: Path) -> None:
    with feeding(tmp_path) as (log, recognition, feed):
        feed.close()
        fed = list(recognition.items)
        log.append(bytes(3200))
        feed.appended(bytes(3200))
        feed.flush(1)
        assert recognition.items == fed
