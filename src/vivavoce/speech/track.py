"""One channel's speech: windows and hypotheses in, partials, finals and requests to decode out.

A pure machine: no clock, no thread, no model. A final depends on its own audio, on the speech that runs into
it or was cut off from it, and, until the language is settled, on the finals before it; on nothing else, so
replaying the audio gives the same finals.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vivavoce.protocol.stream import (
    NO_CONTEXT,
    Context,
    Final,
    Hypothesis,
    Partial,
    SpeechEnd,
    SpeechStart,
    Utterance,
    Word,
)
from vivavoce.speech.audio import AudioBuffer, level
from vivavoce.speech.endpointing import (
    SAMPLE_RATE,
    TAIL,
    WINDOW,
    Closed,
    Endpointer,
    Endpointing,
    Event,
    Opened,
    Paused,
    Resumed,
    Split,
)
from vivavoce.speech.language import LanguagePolicy, most_heard
from vivavoce.speech.outputs import Cancel, Decode, Hasten, Output, Settled
from vivavoce.speech.segments import LONGEST_PAUSE, MOST_AFTER, Segment, continuing, lately
from vivavoce.speech.words import end_with_speech

_FIRST_PARTIAL = 6
_PARTIAL_INTERVAL = 6


@dataclass(slots=True)
class _Utterance:
    number: int
    id: str
    segments: list[Segment]
    shown: str = ""
    shown_to: int = 0
    next_partial: int = 0

    @property
    def start(self) -> int:
        return self.segments[0].start

    @property
    def decoded(self) -> bool:
        return all(segment.heard is not None for segment in self.segments)


class Track:
    """The recognition side of one channel. Times are counted in 16 kHz samples from the session's start.

    Utterances that are `known`, by id, to be final already are passed over in silence. A final is heard with
    as much as its recogniser's `context` says of what was said before.
    """

    def __init__(
        self,
        channel: int,
        endpointing: Endpointing,
        language: LanguagePolicy,
        *,
        partials: bool,
        known: Mapping[str, Final] | None = None,
        context: Context = NO_CONTEXT,
    ) -> None:
        self._channel = channel
        self._settings = endpointing
        self._endpointer = Endpointer(endpointing)
        self._language = language
        self._partials = partials
        self._known = known or {}
        self._context = context
        self._audio = AudioBuffer()
        self._window = 0
        self._count = 0
        self._boundary = 0
        self._latest: tuple[Segment, ...] = ()
        self._open: _Utterance | None = None
        self._closed: deque[_Utterance] = deque()
        self._deferred: deque[Decode] = deque()
        self._running: set[Decode] = set()

    @property
    def settled(self) -> int:
        """The first sample that a coming final's own audio may still begin at."""
        if self._closed:
            return self._closed[0].start
        return self._open.start if self._open else self._idle_start()

    @property
    def _needed(self) -> int:
        # Requests hold their own audio, so what is closed needs none of the buffer's.
        if self._open:
            return self._open.segments[-1].start
        return self._boundary if self._latest else self._idle_start()

    @property
    def speaking(self) -> bool:
        """Whether the audio ends within an utterance."""
        return self._open is not None

    @property
    def quiet(self) -> bool:
        """Whether every utterance so far is final."""
        return not self._open and not self._closed

    def advance(self, windows: NDArray[np.float32], probabilities: NDArray[np.float32]) -> Iterator[Output]:
        """Hear `windows` (n, 512) with their speech probabilities (n,)."""
        for window, probability in zip(windows, probabilities, strict=True):
            self._audio.append(window, float(probability))
            event = self._endpointer.push(float(probability), level(window))
            self._window += 1
            if event:
                yield from self._act(event)
            elif self._open and self._endpointer.speaking:
                # Where a pause may have begun nothing new is said, and the final wants the machine.
                yield from self._ask_partial(self._open)
            if not self._open and self._idle_start() > self._boundary + LONGEST_PAUSE:
                self._latest = ()
            self._audio.discard(self._needed)

    def flush(self) -> Iterator[Output]:
        """Close what is open: no audio follows for now."""
        event = self._endpointer.flush()
        if event:
            yield from self._act(event)

    def wants(self, decode: Decode) -> bool:
        """Whether the final of a segment still waits for this request: it was not withdrawn."""
        utterance = self._find(decode.utterance)
        return utterance is not None and utterance.segments[decode.segment].decode is decode

    def decoded(self, decode: Decode, heard: Hypothesis) -> Iterator[Output]:
        """Take the answer to one of this track's requests."""
        self._running.discard(decode)
        utterance = self._find(decode.utterance)
        if utterance and utterance.segments[decode.segment].decode is decode:
            utterance.segments[decode.segment].heard = heard
            yield from self._settle()
        if utterance and utterance is self._open and decode.segment == len(utterance.segments) - 1:
            utterance.segments[-1].draft, utterance.segments[-1].state = heard.draft, heard.state
            yield from self._show(utterance, decode, heard)
        yield from self._release()

    def _act(self, event: Event) -> Iterator[Output]:
        if isinstance(event, Opened):
            if self._begin(self._start(event.start * WINDOW)).id not in self._known:
                yield SpeechStart(self._channel, event.start * WINDOW / SAMPLE_RATE)
            return
        utterance = self._open
        assert utterance is not None, f"{event} came while no utterance is open"
        if isinstance(event, Resumed):
            yield from self._withdraw(utterance.segments[-1])
        elif isinstance(event, Paused):
            utterance.segments[-1].speech_end = event.end * WINDOW
            slack = self._settings.silence - TAIL
            yield from self._ask_final(utterance, self._end_sample(event.end), slack)
        elif isinstance(event, Closed):
            end = self._end_sample(event.end)
            utterance.segments[-1].speech_end = event.end * WINDOW
            decode = utterance.segments[-1].decode
            if decode is None:
                yield from self._ask_final(utterance, end)
            if utterance.id not in self._known:
                yield SpeechEnd(self._channel, event.end * WINDOW / SAMPLE_RATE)
            if decode in self._running and decode.slack:
                # The pause may be over before its time.
                yield Hasten(decode)
            yield from self._finish(utterance, end)
        elif isinstance(event, Split):
            # Half of the quiet window goes to either side.
            end = event.at * WINDOW + WINDOW // 2
            segment = utterance.segments[-1]
            yield from self._ask_final(utterance, end, after=min(self._window * WINDOW, end + MOST_AFTER))
            if event.closes:
                yield from self._finish(utterance, end)
                self._begin(end)
            else:
                utterance.segments.append(Segment(end, lately(segment.before, segment, self._context)))

    def _begin(self, start: int) -> _Utterance:
        segment = Segment(start)
        if self._latest and start <= self._boundary + LONGEST_PAUSE:
            segment.before = self._latest
            if start > self._boundary:
                segment.pause = self._audio.slice(self._boundary, start)
        name = f"{self._channel:02d}_{self._count:08d}"
        next_partial = self._window + _FIRST_PARTIAL
        self._open = _Utterance(self._count, name, [segment], next_partial=next_partial)
        self._count += 1
        return self._open

    def _finish(self, utterance: _Utterance, end: int) -> Iterator[Output]:
        self._boundary = end
        first, last = utterance.segments[0], utterance.segments[-1]
        # Of what is known to be final, only the last draft is: no final may build on more.
        self._latest = lately(last.before if first is last else (), last, self._context)
        self._closed.append(utterance)
        self._open = None
        yield from self._settle()

    def _end_sample(self, end: int) -> int:
        return min(end + TAIL, self._window) * WINDOW

    def _idle_start(self) -> int:
        # What an opening may still reach back to, before the run of speech that makes one.
        return self._start((self._window - self._settings.minimum_speech) * WINDOW)

    def _start(self, speech: int) -> int:
        """Where the audio begins of an utterance that speaks from `speech` on."""
        return max(self._boundary, speech - self._settings.preroll * WINDOW)

    def _ask_final(
        self, utterance: _Utterance, end: int, slack: int = 0, after: int | None = None
    ) -> Iterator[Output]:
        """Of the last segment, up to sample `end`, beyond which speech was cut off up to sample `after`."""
        segment = utterance.segments[-1]
        request = self._request(utterance, segment, end, final=True)
        segment.audio = request.audio
        # While the language is open, how surely it was heard here may settle it for those that follow.
        if self._language.settled and (known := self._known.get(utterance.id)):
            spoken = known.utterance
            segment.heard = Hypothesis(spoken.language, 1.0, spoken.words, known.draft)
            return
        segment.heard = None
        beyond = self._audio.slice(end, after) if after and after > end else None
        segment.decode = replace(request, slack=slack, after=beyond)
        self._deferred.append(segment.decode)
        yield from self._release()

    def _ask_partial(self, utterance: _Utterance) -> Iterator[Output]:
        if not self._partials or self._window < utterance.next_partial:
            return
        utterance.next_partial = self._window + _PARTIAL_INTERVAL
        segment = utterance.segments[-1]
        if segment.decode is None and utterance.id not in self._known:
            yield self._request(utterance, segment, self._window * WINDOW, final=False)

    def _request(self, utterance: _Utterance, segment: Segment, end: int, *, final: bool) -> Decode:
        return Decode(
            channel=self._channel,
            utterance=utterance.number,
            segment=len(utterance.segments) - 1,
            start=segment.start,
            audio=self._audio.slice(segment.start, end),
            languages=self._language.candidates,
            final=final,
            voiced=self._audio.voiced(segment.start, end),
            expected=self._language.expected,
            draft=segment.draft,
            state=segment.state,
        )

    def _release(self) -> Iterator[Output]:
        """Hand out finals that wait for nothing more, in their order.

        While the language is open they go one by one, since each may settle it for the next; and what comes
        after a cut builds on what was heard before it.
        """
        while self._deferred and (self._language.settled or not self._running):
            utterance = self._find(self._deferred[0].utterance)
            assert utterance is not None, "a deferred decode belongs to an utterance that is not final"
            segment = utterance.segments[self._deferred[0].segment]
            languages, expected = self._language.candidates, self._language.expected
            # What was said before in another language would be gone on with in that.
            before = segment.before if expected or len(languages) == 1 else ()
            if before and before[-1].heard is None:
                return
            decode = replace(self._deferred.popleft(), languages=languages, expected=expected)
            if utterance is not self._open:
                decode = replace(decode, slack=0)
            segment.decode = continuing(before, segment.pause, decode, self._context)
            self._running.add(segment.decode)
            yield segment.decode

    def _withdraw(self, segment: Segment) -> Iterator[Output]:
        """Speech went on: the early decode is not the final's."""
        decode, heard = segment.decode, segment.heard
        segment.decode = segment.heard = segment.speech_end = segment.audio = None
        if decode is None:
            return
        if decode in self._deferred:
            self._deferred.remove(decode)
        elif heard is None:
            self._running.discard(decode)
            yield Cancel(decode)
            yield from self._release()

    def _show(self, utterance: _Utterance, decode: Decode, heard: Hypothesis) -> Iterator[Output]:
        """What was heard of the last segment so far, unless more of it is shown already."""
        end = decode.start + len(decode.audio)
        earlier = [segment.heard for segment in utterance.segments[:-1] if segment.heard]
        unknown = self._partials and utterance.id not in self._known
        if not unknown or end < utterance.shown_to or len(earlier) < decode.segment:
            return
        utterance.shown_to = end
        partial = self._compose(utterance, [*earlier, heard])
        if partial.text and partial.text != utterance.shown:
            utterance.shown = partial.text
            yield Partial(partial)

    def _settle(self) -> Iterator[Output]:
        while self._closed and self._closed[0].decoded:
            utterance = self._closed.popleft()
            heard = [segment.heard for segment in utterance.segments if segment.heard]
            for segment in utterance.segments:
                # A chain of cuts through a speech of hours is not to be kept.
                segment.before, segment.decode, segment.draft, segment.state = (), None, None, None
            for part in heard:
                self._language.heard(part.language, part.language_probability, part.words)
            if utterance.id in self._known:
                continue
            final = self._compose(utterance, heard)
            # Without words there is nothing to say, unless a partial that was shown must be taken back.
            if final.words or utterance.shown:
                yield Settled(final, self.settled, heard[-1].draft)

    def _compose(self, utterance: _Utterance, heard: list[Hypothesis]) -> Utterance:
        words: list[Word] = []
        for segment, part in zip(utterance.segments, heard, strict=False):
            offset = segment.start / SAMPLE_RATE
            timed = tuple(Word(w.text, w.start + offset, w.end + offset, w.confidence) for w in part.words)
            end = segment.speech_end
            words += timed if end is None else end_with_speech(timed, end / SAMPLE_RATE)
        start = utterance.start / SAMPLE_RATE
        return Utterance(
            id=utterance.id,
            channel=self._channel,
            start=words[0].start if words else start,
            end=words[-1].end if words else start,
            language=most_heard(heard),
            words=tuple(words),
        )

    def _find(self, number: int) -> _Utterance | None:
        if self._open and self._open.number == number:
            return self._open
        return next((u for u in self._closed if u.number == number), None)
