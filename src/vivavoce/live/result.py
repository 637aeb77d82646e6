"""The result of a session, made of its finals: what GET shows and `post_final_transcript` carries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from vivavoce.live.envelopes import envelopes
from vivavoce.live.transcription import transcription_of
from vivavoce.protocol.add_ons import AddOnResult
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.responses import Metadata, SessionResult
from vivavoce.protocol.stream import Final, Utterance


def build_result(
    request: LiveRequest,
    finals: Iterable[Final],
    results: Sequence[AddOnResult] = (),
    *,
    audio_duration: float,
    transcription_time: float,
    clock: Callable[[], float],
    over: bool = False,
) -> SessionResult:
    """The result so far, without its messages. Durations are in seconds; `finals` may be in any order.

    `results` are those of add-ons. `over`: whether no more will come. `clock`, in seconds from anywhere,
    times what is found out here.
    """
    utterances = spoken(finals)
    return SessionResult(
        metadata=Metadata(
            audio_duration=audio_duration,
            number_of_distinct_channels=request.channels,
            billing_time=audio_duration * request.channels,
            transcription_time=transcription_time,
        ),
        transcription=transcription_of(request, utterances, clock),
        **envelopes(request, utterances, results, over=over, clock=clock),
    )


def spoken(finals: Iterable[Final]) -> list[Utterance]:
    """The utterances in the order of their beginning."""
    # One without words only took back what had been shown.
    return sorted(
        (final.utterance for final in finals if final.utterance.words),
        key=lambda utterance: (utterance.start, utterance.channel),
    )
