"""What add-ons do beside a session, when what serves them is slow or the session is over."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from server.peers import PATIENCE
from vivavoce.intelligence.base import Capability, TranslationOptions, Wanted
from vivavoce.live.add_ons import AllDone
from vivavoce.live.outgoing import Outgoing
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.stream import Utterance, Word
from vivavoce.server import enrichment
from vivavoce.server.backends import no_backends
from vivavoce.server.enrichment import Enrichment, Say
from vivavoce.server.intelligence import Backend, Intelligence

TARGETS = ["fr", "de", "pt", "es", "it", "nl"]
NOTHING = np.zeros(1, np.float32)


class Slow:
    """Translates when it may; what is urgent at once."""

    def __init__(self) -> None:
        self.may = threading.Event()

    def translate(
        self, utterance: Utterance, target: str, options: TranslationOptions, samples: Any = None
    ) -> Utterance:
        assert utterance.id == "urgent" or self.may.wait(PATIENCE)
        return utterance

    def asks_another(self, source: str, target: str, model: str, *, heard: bool) -> bool:
        return True

    def unserved(self, targets: Sequence[str], sources: Sequence[str], model: str, *, heard: bool) -> str:
        return ""


@contextmanager
def serving(slow: Slow) -> Iterator[Intelligence]:
    described = Capability("translation", "slow")
    translation = Backend("translation", lambda: described, lambda: slow)
    intelligence = Intelligence(replace(no_backends(), translation=translation))
    try:
        yield intelligence
    finally:
        slow.may.set()
        intelligence.close()


def session(intelligence: Intelligence, say: Say, targets: Sequence[str]) -> Enrichment:
    config = {"target_languages": targets}
    asked = {"realtime_processing": {"translation": True, "translation_config": config}}
    request = LiveRequest.model_validate(asked)
    out = Outgoing("a-session", request)
    return Enrichment(request, intelligence, out, lambda _: NOTHING, say, lambda: 0.0)


def spoken(name: str) -> Utterance:
    return Utterance(name, 0, 0.0, 1.0, "en", (Word("Hello.", 0.0, 1.0, 1.0),))


def test_sessions_whose_calls_hang_leave_others_theirs() -> None:
    slow = Slow()

    async def run() -> None:
        said: asyncio.Queue[Any] = asyncio.Queue()
        with serving(slow) as intelligence:
            hanging = [session(intelligence, lambda _: None, TARGETS) for _ in range(3)]
            other = session(intelligence, said.put_nowait, TARGETS[:1])
            for each in hanging:
                each.take(spoken("slow"))
            await asyncio.sleep(0)  # they come first
            other.take(spoken("urgent"))
            async with asyncio.timeout(PATIENCE / 2):
                done = await said.get()
            assert done.result.utterance_id == "urgent"
            assert done.result.error is None
            for each in (*hanging, other):
                each.close()

    asyncio.run(run())


def test_nothing_is_begun_for_a_session_that_is_over() -> None:
    async def left() -> int:
        with serving(Slow()) as intelligence:
            over = session(intelligence, lambda _: None, TARGETS)
            over.close()
            over.take(spoken("urgent"))
            over.conclude([spoken("urgent")])
            return len(asyncio.all_tasks())

    assert asyncio.run(left()) == 1


def test_what_took_too_long_is_told_that_nobody_waits_and_is_not_begun_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(enrichment, "_LONGEST_STEP", 0.1)
    began: list[Wanted] = []

    class Endless:
        def summarize(self, utterances: Sequence[Utterance], kind: str, wanted: Wanted) -> str:
            assert wanted()
            began.append(wanted)
            assert slow.may.wait(PATIENCE)
            return ""

    slow = Slow()

    async def run() -> list[Any]:
        said: asyncio.Queue[Any] = asyncio.Queue()
        request = LiveRequest.model_validate({"post_processing": {"summarization": True}})
        described = Capability("summarization", "endless")
        with serving(slow) as other:
            summaries = Backend("summarization", lambda: described, Endless)
            intelligence = Intelligence(replace(other.backends, summaries=summaries))
            out = Outgoing("a-session", request)
            ending = Enrichment(request, intelligence, out, lambda _: NOTHING, said.put_nowait, lambda: 0.0)
            ending.conclude([spoken("1")])
            async with asyncio.timeout(PATIENCE):
                heard = [await said.get() for _ in range(3)]
            ending.close()
            intelligence.close()
            return heard

    transcribed, summary, end = asyncio.run(run())
    assert transcribed.result.name == "post_transcript"
    assert summary.result.error.status_code == 504
    assert end == AllDone()
    [wanted] = began
    assert not wanted()
