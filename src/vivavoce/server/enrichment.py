"""What add-ons do for one session, beside it: for each final as it comes, and for the whole at its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any

import structlog
from pydantic import JsonValue

from vivavoce.intelligence.base import Wanted
from vivavoce.live.add_ons import AddOnDone, AllDone
from vivavoce.live.outgoing import Outgoing
from vivavoce.live.transcription import transcription_of
from vivavoce.protocol.add_ons import NOT_SERVED, AddOnResult
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.stream import Failed, Utterance
from vivavoce.server.garbage import full_collections_wait
from vivavoce.server.intelligence import Intelligence, Tell, TookTooLong, Where
from vivavoce.server.steps import Hear, LiveStep, PostStep, live_steps, post_steps

# Seconds that a step after the last final may take, once more if it fails, and that what is still owed of the
# finals may take together; then the session ends without it.
_LONGEST_STEP = 300.0
# More for such a step, for each second of the session: an endpoint reads an hour in some five pieces.
_FOR_A_SECOND = 0.1
# Calls of other services at once, of the few that the server makes: an endpoint that hangs holds them long.
_CALLS = 4
# What would fail once more: what makes no sense, what this server has no means for. What took too long would
# wait for itself.
_HOPELESS = (422, NOT_SERVED)

Say = Callable[[AddOnDone | AllDone | Failed], None]

_log = structlog.get_logger(__name__)


class Enrichment:
    """`say` is told what is done, or of a defect, after which nothing more is said. `hear` reads the audio of
    a final.

    `results` are those that a restart has left: they are not made anew.
    """

    def __init__(
        self,
        request: LiveRequest,
        intelligence: Intelligence,
        out: Outgoing,
        hear: Hear,
        say: Say,
        clock: Callable[[], float],
        results: Sequence[AddOnResult] = (),
    ) -> None:
        self._request = request
        self._live = list(live_steps(request, intelligence.backends, hear))
        self._post = list(post_steps(request, intelligence.backends, hear))
        self._intelligence = intelligence
        self._out = out
        self._say = say
        self._clock = clock
        self._known = {result.key: result for result in results}
        # Each holds finals that are stored: as many as the session has, at most. An add-on that is slow, such
        # as one that asks another service, keeps the others of the session from nothing.
        self._lines: list[asyncio.Queue[Utterance]] = [asyncio.Queue() for _ in self._live]
        self._tasks: set[asyncio.Task[None]] = set()
        self._working = False
        self._closed = False
        self._calls = asyncio.Semaphore(_CALLS)

    @property
    def waiting(self) -> int:
        """Finals that an add-on has not come to, each for every such add-on."""
        return sum(line.qsize() for line in self._lines)

    def take(self, utterance: Utterance) -> None:
        """A final that is stored, and told."""
        for line in self._lines:
            line.put_nowait(utterance)
        if self._lines and not self._working and not self._closed:
            self._working = True
            for step, line in zip(self._live, self._lines, strict=True):
                self._do(self._work_off(step, line))

    def conclude(self, utterances: Sequence[Utterance]) -> None:
        """There are no more finals: `utterances` are all, in the order of their beginning."""
        if not self._closed:
            self._do(self._conclude(utterances))

    def close(self) -> None:
        """Nobody wants anything more, of what comes later either."""
        self._closed = True
        for task in self._tasks:
            task.cancel()

    async def _work_off(self, step: LiveStep, line: asyncio.Queue[Utterance]) -> None:
        while True:
            utterance = await line.get()
            of = AddOnResult(step.name, utterance.id, step.target)
            if of.key not in self._known:
                tell = partial(self._tell, utterance)
                where = step.where(utterance)
                self._say(await self._outcome(of, _of_final(step, utterance), tell, where))
            line.task_done()

    async def _conclude(self, utterances: Sequence[Utterance]) -> None:
        # In a thread: the words of hours take most of a second to build and write.
        self._say(await asyncio.to_thread(self._transcribe, utterances))
        async with asyncio.TaskGroup() as group:
            for step in self._post:
                group.create_task(self._take_step(step, utterances))
            group.create_task(self._catch_up())
        self._say(AllDone())

    async def _catch_up(self) -> None:
        """Wait for what is owed of the finals, but not for ever: the envelope says what is missing."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_STEP):
                for line in self._lines:
                    await line.join()

    @full_collections_wait()
    def _transcribe(self, utterances: Sequence[Utterance]) -> AddOnDone:
        transcription = transcription_of(self._request, utterances, time.perf_counter)
        return self._out.transcribed(transcription, self._clock())

    async def _take_step(self, step: PostStep, utterances: Sequence[Utterance]) -> None:
        of = AddOnResult(step.name, target=step.target)
        known = self._known.get(of.key)
        # In a thread as well: the chapters of hours are as long as their words.
        told = asyncio.to_thread(self._tell, None, known) if known else self._tried(of, step, utterances)
        self._say(await told)

    async def _tried(self, of: AddOnResult, step: PostStep, utterances: Sequence[Utterance]) -> AddOnDone:
        work, tell = partial(step.work, utterances), partial(self._tell, None)
        where, within = step.where(utterances), _LONGEST_STEP + _FOR_A_SECOND * _seconds(utterances)
        done = await self._outcome(of, work, tell, where, within=within)
        error = done.result.error
        if error is None or error.status_code in _HOPELESS or error.exception == TookTooLong.__name__:
            return done
        return await self._outcome(of, work, tell, where, within=within)

    async def _outcome(
        self,
        of: AddOnResult,
        work: Callable[[Wanted], JsonValue],
        tell: Tell,
        where: Where,
        *,
        within: float | None = None,
    ) -> AddOnDone:
        async with self._calls if where == "remote" else nullcontext():
            return await self._intelligence.outcome(of, work, tell, where, within=within)

    @full_collections_wait()
    def _tell(self, utterance: Utterance | None, result: AddOnResult) -> AddOnDone:
        return self._out.add_on(result, utterance, self._clock())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (defect := task.exception()) is not None:
            _log.error("add_ons_crashed", exc_info=defect)
            self._say(Failed("what follows recognition met a defect"))


def _of_final(step: LiveStep, utterance: Utterance) -> Callable[[Wanted], JsonValue]:
    # It is too short to be given up.
    return lambda _: step.work(utterance)


def _seconds(utterances: Sequence[Utterance]) -> float:
    """How long they last, from the beginning of the session."""
    return max((utterance.end for utterance in utterances), default=0.0)
