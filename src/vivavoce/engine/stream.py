"""One session's way through the engine: bytes to samples, windows, speech probabilities, tracks.

Lives on the engine thread alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vivavoce.audio.decoder import StreamDecoder
from vivavoce.audio.diagnosis import FormatDoctor
from vivavoce.audio.formats import AudioFormat
from vivavoce.engine.vad import SileroVad, VadStream
from vivavoce.protocol.stream import (
    NO_CONTEXT,
    Audio,
    Context,
    Diagnosis,
    Down,
    Final,
    Flushed,
    Hypothesis,
    Progress,
    Up,
)
from vivavoce.speech.endpointing import SAMPLE_RATE, WINDOW, Endpointing
from vivavoce.speech.language import LanguagePolicy
from vivavoce.speech.outputs import Cancel, Decode, Hasten, Output, Settled
from vivavoce.speech.track import Track

Request = Decode | Cancel | Hasten
"""What a track wants of the scheduler."""

_PROGRESS_STEP = 0.5


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """What the engine must know of a session. Durations in seconds, `speech_threshold` from 0 to 1."""

    format: AudioFormat
    endpointing: float
    maximum_duration: float
    speech_threshold: float
    languages: tuple[str, ...]
    code_switching: bool
    partials: bool
    known: Mapping[str, Final] = field(default_factory=dict)
    """What is final already, by the ids of the utterances: a replayed log gives all others."""
    context: Context = NO_CONTEXT
    """What the recogniser wants to hear of what was said before."""
    age: float = 0.0
    """Seconds since the session began: after a restart it is heard again."""


@dataclass(slots=True)
class _Channel:
    track: Track
    vad: VadStream


class RecognitionStream:
    """Audio in; events for the session and work for the scheduler out."""

    def __init__(self, settings: StreamSettings, vad: SileroVad) -> None:
        self._settings = settings
        self._decoder = StreamDecoder(settings.format)
        self._doctor = FormatDoctor(settings.format)
        endpointing = Endpointing.from_seconds(
            endpointing=settings.endpointing,
            maximum=settings.maximum_duration,
            speech_threshold=settings.speech_threshold,
        )
        self._channels = [
            _Channel(
                Track(
                    number,
                    endpointing,
                    LanguagePolicy(settings.languages, code_switching=settings.code_switching),
                    partials=settings.partials,
                    known=settings.known,
                    context=settings.context,
                ),
                vad.stream(),
            )
            for number in range(settings.format.channels)
        ]
        self._rest = np.empty((settings.format.channels, 0), np.float32)
        self._heard = 0
        self._reported = 0.0
        self._marker: int | None = None

    @property
    def speaking(self) -> bool:
        """Whether what was heard last is speech, on any channel."""
        return any(channel.track.speaking for channel in self._channels)

    def take(self, item: Down) -> Iterator[Up | Request]:
        """Take the next item of the stream. Raises InvalidAudio if the bytes are not what was declared."""
        if isinstance(item, Audio):
            self._heard += len(item.data)
            yield from self._hear(self._decoder.feed(item.data))
            diagnosis = self._doctor.feed(item.data)
            if diagnosis:
                yield Diagnosis(diagnosis.code, diagnosis.message)
        else:
            yield from self._hear(self._decoder.flush())
            if self._rest.shape[1]:
                padding = WINDOW - self._rest.shape[1]
                yield from self._hear(np.zeros((len(self._channels), padding), np.float32))
            for channel in self._channels:
                yield from self._translate(channel.track.flush())
            self._marker = item.marker
        yield from self._report()

    def wants(self, decode: Decode) -> bool:
        """Whether a final still waits for what becomes of `decode`."""
        return self._channels[decode.channel].track.wants(decode)

    def answer(self, decode: Decode, hypothesis: Hypothesis) -> Iterator[Up | Request]:
        """Take what a recogniser made of `decode`."""
        yield from self._translate(self._channels[decode.channel].track.decoded(decode, hypothesis))
        yield from self._report()

    def _hear(self, samples: NDArray[np.float32]) -> Iterator[Up | Request]:
        samples = np.concatenate([self._rest, samples], axis=1)
        count = samples.shape[1] // WINDOW
        self._rest = samples[:, count * WINDOW :]
        if not count:
            return
        windows = samples[:, : count * WINDOW].reshape(len(self._channels), count, WINDOW)
        for channel, of_channel in zip(self._channels, windows, strict=True):
            probabilities = channel.vad.probabilities(of_channel)
            yield from self._translate(channel.track.advance(of_channel, probabilities))

    def _translate(self, outputs: Iterator[Output]) -> Iterator[Up | Request]:
        for output in outputs:
            if isinstance(output, Settled):
                yield Final(output.utterance, self._byte_offset(self._settled()), output.draft)
            else:
                yield output

    def _report(self) -> Iterator[Up]:
        settled = self._settled() / SAMPLE_RATE
        if settled >= self._reported + _PROGRESS_STEP:
            self._reported = settled
            yield Progress(settled)
        if self._marker is not None and all(channel.track.quiet for channel in self._channels):
            yield Flushed(self._marker)
            self._marker = None

    def _settled(self) -> int:
        return min(channel.track.settled for channel in self._channels)

    def _byte_offset(self, sample: int) -> int:
        audio = self._settings.format
        frames = sample * audio.sample_rate // SAMPLE_RATE
        # The last window is filled up with silence that is in no log.
        return min(self._decoder.header_bytes + frames * audio.frame_bytes, self._heard)
