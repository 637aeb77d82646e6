"""How a session ends: with its result."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vivavoce.live.effects import Effect
from vivavoce.live.result import build_result
from vivavoce.live.session import LiveSession
from vivavoce.protocol.add_ons import AddOnResult
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.responses import pieces_of
from vivavoce.protocol.stream import Final
from vivavoce.server.garbage import full_collections_wait, let_go


@full_collections_wait()
def conclude(
    live: LiveSession,
    request: LiveRequest,
    finals: Sequence[Final],
    results: Sequence[AddOnResult],
    clock: Callable[[], float],
) -> Sequence[Effect]:
    """Tell the session its result, which takes most of a second for hours. `clock` gives Unix seconds."""
    now = clock()
    result = build_result(
        request,
        finals,
        results,
        audio_duration=live.audio_duration,
        transcription_time=live.transcription_time(now),
        clock=clock,
        over=True,
    )
    effects = live.concluded(result, now)
    pieces = list(pieces_of(result))
    del result
    let_go(pieces)
    return effects
