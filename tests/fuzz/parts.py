"""Properties of the parts that take bytes from outside, as functions of one byte string."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from pydantic import ValidationError

from live.shell import Shell, final, speech_end, speech_start, with_messages
from vivavoce.audio.decoder import StreamDecoder
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.head import StreamHead
from vivavoce.audio.wav import is_wav, read_wav_header
from vivavoce.errors import InvalidAudio
from vivavoce.live.limits import Limits
from vivavoce.live.resume import find_repetition, find_resumption
from vivavoce.live.session import Phase
from vivavoce.protocol.close_codes import LONGEST_REASON
from vivavoce.protocol.messages import AudioChunk, InvalidMessage, parse_client_message, parse_message
from vivavoce.protocol.requests import LiveRequest, misspelt_fields
from vivavoce.protocol.stream import Flushed
from vivavoce.protocol.validation import validation_issues

Property = Callable[[bytes], None]


class Source:
    """Reads numbers and bytes off a byte string; when it is used up, zeros and nothing."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def number(self, below: int) -> int:
        width = 1 if below <= 256 else 2
        return int.from_bytes(self.bytes(width)) % below

    def bytes(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        self._at += len(taken)
        return taken

    def rest(self) -> bytes:
        return self.bytes(self.left)

    def format(self) -> AudioFormat:
        encoding = ("wav/pcm", "wav/pcm", "wav/alaw", "wav/ulaw")[self.number(4)]
        depth = 8 * (self.number(4) + 1) if encoding == "wav/pcm" else 8
        rate = (8000, 16_000, 32_000, 44_100, 48_000)[self.number(5)]
        return AudioFormat(encoding, depth, rate, self.number(8) + 1)

    def cut(self, data: bytes) -> list[bytes]:
        """The data in a few pieces."""
        cuts = sorted(self.number(len(data) + 1) for _ in range(self.number(5)))
        return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def client_message(data: bytes) -> None:
    """It is one of two, or there is a reason that fits a close frame; what is taken survives its own JSON."""
    try:
        message = parse_client_message(data)
    except InvalidMessage as error:
        reason = str(error)
    else:
        assert (
            not isinstance(message, AudioChunk) or parse_client_message(message.model_dump_json()) == message
        )
        return
    assert 0 < len(reason.encode()) <= LONGEST_REASON


def server_message(data: bytes) -> None:
    """What our client makes of what a server says: a message, one of an unknown type, or `InvalidMessage`."""
    try:
        message = parse_message(data)
    except InvalidMessage:
        return
    assert parse_message(message.model_dump_json()) == message


def live_request(data: bytes) -> None:
    """A request is refused field by field, or survives its own JSON."""
    try:
        request = LiveRequest.model_validate_json(data)
    except ValidationError as error:
        for issue in validation_issues(error):
            assert str(issue).startswith(issue.path or "body")
            assert len(str(issue)) < 4000
        return
    assert LiveRequest.model_validate_json(request.model_dump_json()) == request
    json.dumps(request.request_params(), allow_nan=False)
    misspelt_fields(request)


def stream_head(data: bytes) -> None:
    """However the start of a stream is cut, the same is found in it."""
    source = Source(data)
    format_ = source.format()
    cuts = Source(source.bytes(6))
    audio = source.rest()
    whole, pieces = _head(format_, [audio]), _head(format_, cuts.cut(audio))
    assert whole == pieces
    if isinstance(whole, tuple):
        passed, header = whole
        assert passed == audio[header:]


def _head(format_: AudioFormat, pieces: list[bytes]) -> tuple[bytes, int] | str:
    head = StreamHead(format_)
    try:
        passed = b"".join(map(head.feed, pieces)) + head.flush()
    except InvalidAudio as refusal:
        return str(refusal)
    return passed, head.header_bytes


def wav_header(data: bytes) -> None:
    """To read a header asks for more, and more again, until it is read; it never asks for what is there."""
    if not is_wav(data):
        data = b"RIFF\0\0\0\0WAVE" + data
    try:
        found = read_wav_header(data)
    except InvalidAudio:
        return
    if isinstance(found, int):
        assert found > len(data)
    else:
        assert 12 < found.length <= len(data)
        assert read_wav_header(data[: found.length]) == found


def decoder(data: bytes) -> None:
    """However audio is cut, the same samples come out, as many as there are frames, none of them NaN."""
    source = Source(data)
    format_ = source.format()
    cuts = Source(source.bytes(6))
    audio = source.rest()
    try:
        whole, pieces = _samples(format_, [audio]), _samples(format_, cuts.cut(audio))
    except InvalidAudio:
        return
    assert whole == pieces
    shape, _ = whole
    assert shape[0] == format_.channels
    frames = len(_head(format_, [audio])[0]) // format_.frame_bytes
    assert shape[1] == round(frames * 16_000 / format_.sample_rate)


def _samples(format_: AudioFormat, pieces: list[bytes]) -> tuple[tuple[int, ...], bytes]:
    import numpy as np

    stream = StreamDecoder(format_)
    samples = np.concatenate([*map(stream.feed, pieces), stream.flush()], axis=1)
    assert np.isfinite(samples).all()
    return samples.shape, samples.tobytes()


def resumption(data: bytes) -> None:
    """Where audio is said to repeat the log, it does, to the end of one of the two."""
    source = Source(data)
    log = source.bytes(source.number(400))
    frame = source.bytes(source.number(300))
    if source.number(2):
        frame = log[source.number(len(log) + 1) :] + frame
    if not frame:
        return
    candidates = sorted({source.number(len(log) + 1) for _ in range(source.number(8))})

    def read(start: int, end: int) -> bytes:
        assert 0 <= start <= end <= len(log)
        return log[start:end]

    for found in (find_resumption(frame, candidates, len(log), read), find_repetition(frame, len(log), read)):
        if found is not None:
            assert 0 <= found < len(log)
            repeated = log[found : found + len(frame)]
            assert frame.startswith(repeated)
            assert len(set(repeated)) > 1, "one byte over and over proves nothing"
    found = find_resumption(frame, candidates, len(log), read)
    assert found is None or found in candidates


def live_session(data: bytes) -> None:
    """The bytes are a program. Whatever happens, only what is in the log is acknowledged; it ends once."""
    source = Source(data)
    shell = Shell(with_messages(), limits=Limits(idle=60, duration=0.5))
    material = random.Random(source.number(256))
    utterance = 0
    while source.left:
        match source.number(12):
            case 0:
                shell.connect([None, 0, len(shell.log), source.number(5000), 10**18][source.number(5)])
            case 1 | 2 | 3:
                shell.audio(material.randbytes(source.number(300)))
            case 4:
                start = source.number(len(shell.log) + 1)
                shell.audio(bytes(shell.log[start:]) + source.bytes(source.number(20)))
            case 5:
                shell.audio(source.bytes(source.number(80)))
            case 6:
                shell.lose(code=[1000, 1001, 1006, 4400][source.number(4)])
            case 7:
                shell.stop()
            case 8:
                shell.invalid("not JSON")
            case 9:
                shell.hear(speech_start(utterance), speech_end(utterance), final(utterance))
                utterance += 1
            case 10:
                shell.disk_is_full = not shell.disk_is_full
            case _:
                shell.wait(source.number(70))
                if shell.flushes():
                    shell.hear(Flushed(shell.flushes()[-1]))
        _check(shell)


def _check(shell: Shell) -> None:
    assert shell.live.received == len(shell.log)
    for wire in shell.wires.values():
        ends = None
        for message in map(json.loads, wire):
            if message["type"] == "audio_chunk" and message["acknowledged"]:
                start, end = message["data"]["byte_range"]
                assert ends in (None, start), "the acknowledgement is not contiguous"
                assert start < end <= len(shell.log), "what is acknowledged is not in the log"
                ends = end
    assert len(shell.finishes()) == (shell.live.phase is Phase.ENDED)
    finals = shell.finals()
    assert len(finals) == len(set(finals)) or len(shell.wires) > 1


PARTS: dict[str, Property] = {
    part.__name__: part
    for part in (
        client_message,
        server_message,
        live_request,
        stream_head,
        wav_header,
        decoder,
        resumption,
        live_session,
    )
}
