"""What this server can do with words: each capability loaded once, when it is first asked for, and run on
threads that give way to recognition."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import structlog
from pydantic import JsonValue

from vivavoce.errors import ConfigurationError, raised_at
from vivavoce.intelligence.base import (
    AddOnError,
    Capability,
    Chapterizer,
    EntityFinder,
    SentimentAnalyser,
    Summarizer,
    Translator,
    Wanted,
)
from vivavoce.live.add_ons import AddOnDone, failed
from vivavoce.protocol.add_ons import BAD_GATEWAY, TIMED_OUT, AddOnResult
from vivavoce.protocol.responses import AddonError

_log = structlog.get_logger(__name__)

T_co = TypeVar("T_co", covariant=True)
Where = Literal["live", "post", "translation", "remote"]
Tell = Callable[[AddOnResult], AddOnDone]
"""Writes what is said of a result."""

# Less than recognition, by so many steps of `nice`: words come first. Not what is said of finals, which is
# short: a thread that gets no core while it has the interpreter's lock keeps all others waiting.
_GIVES_WAY = 10
# Calls of other services at once: they wait, and compute nothing here.
_REMOTE = 16


class TookTooLong(AddOnError):  # noqa: N818 - a state of what is done
    """Nobody waits for it any more, but its thread is not free."""


class Backend(Generic[T_co]):
    """What serves one capability. It is loaded by whoever asks first, the others wait.

    `describe` and `load` may block while they import what it takes; `warm` loads what is else loaded with
    the first word of a language. `remote`: whether it asks another service, and so waits, and computes
    nothing here.
    """

    def __init__(
        self,
        name: str,
        describe: Callable[[], Capability],
        load: Callable[[], T_co],
        *,
        warm: Callable[[], None] = lambda: None,
        off: str = "",
        remote: bool = False,
    ) -> None:
        self.name = name
        self._describe = describe
        self.off = off
        """Why it serves nobody; empty if it does."""
        self.remote = remote
        self._load = load
        self._warm = warm
        self._lock = threading.Lock()
        self._loaded: T_co | None = None
        self._problem = ""

    def describe(self) -> Capability:
        if self._problem:
            return Capability(self.name, "off", (), self._problem)
        return self._describe()

    def get(self) -> T_co:
        """Blocks, the first time for seconds. Raises `AddOnError`: what cannot be loaded once never can."""
        with self._lock:
            if self._problem:
                raise AddOnError(self._problem, 501)
            if self._loaded is None:
                began = time.monotonic()
                self._loaded = self._first()
                self._tell(began)
            return self._loaded

    def preload(self) -> None:
        """Load all of it, if it is not switched off; the log says what cannot be loaded."""
        if self.off:
            return
        began = time.monotonic()
        try:
            with self._lock:
                if self._problem:
                    return
                if self._loaded is None:
                    self._loaded = self._first()
            self._warm()
        except AddOnError:
            return  # which is logged where it is raised
        except ConfigurationError as error:
            _log.error("capability_not_loaded", capability=self.name, reason=str(error))
        else:
            self._tell(began)

    def _first(self) -> T_co:
        if self.off:
            raise AddOnError(self.off, 501)
        try:
            return self._load()
        except ConfigurationError as error:
            # A client is not told where the server keeps its files.
            self._problem = f"{self.name} cannot be loaded on this server; `vivavoce doctor` says why"
            _log.error("capability_not_loaded", capability=self.name, reason=str(error))
            raise AddOnError(self._problem, 501) from error
        except AddOnError as error:
            # What it is made of could not be loaded, as the log says.
            self._problem = str(error)
            raise

    def _tell(self, began: float) -> None:
        _log.info("capability_loaded", capability=self.name, seconds=round(time.monotonic() - began, 1))


@dataclass(frozen=True, slots=True)
class Backends:
    """What serves each capability."""

    entities: Backend[EntityFinder]
    sentiment: Backend[SentimentAnalyser]
    translation: Backend[Translator]
    summaries: Backend[Summarizer]
    chapters: Backend[Chapterizer]

    def __iter__(self) -> Iterator[Backend[object]]:
        yield from (self.entities, self.sentiment, self.translation, self.summaries, self.chapters)

    def redaction(self) -> Capability:
        """It goes by what finds entities, and is refused without."""
        found = self.entities.describe()
        if found.backend == "off":
            detail = f"{found.detail}; a session that asks for it is refused"
        else:
            detail = (
                f"{found.detail}; names in other languages by their capitals, which tell nothing in German"
            )
        return Capability("pii_redaction", found.backend, found.languages, detail)


class Intelligence:
    """Runs what capabilities do, beside the event loop.

    What is done while people speak and what is done after it have a thread each, so that a long summary keeps
    no live entity waiting, and so have translations of whole sessions, which take longest; what asks other
    services has threads of its own.

    `ran` is told, on such a thread, which add-on has run and what CPU time it took, in seconds.
    """

    def __init__(
        self, backends: Backends, ran: Callable[[str, float], None] = lambda name, cpu: None
    ) -> None:
        self.backends = backends
        self._ran = ran
        # Why models could not be loaded, as it was logged: as many as there are models, at most.
        self._reasons: set[str] = set()
        # Add-ons, and languages they translate to, that another service gave nothing the last time, and why.
        self._failing: dict[tuple[str, str], str] = {}
        self._pools = {
            where: ThreadPoolExecutor(threads, f"add-ons {where}", initializer=begin)
            for where, threads, begin in (
                ("live", 1, None),
                ("post", 1, _give_way),
                ("translation", 1, _give_way),
                ("remote", _REMOTE, _give_way),
            )
        }

    def capabilities(self) -> Sequence[Capability]:
        """Blocks for seconds, the first time."""
        return [*(backend.describe() for backend in self.backends), self.backends.redaction()]

    async def outcome(
        self,
        of: AddOnResult,
        work: Callable[[Wanted], JsonValue],
        tell: Tell,
        where: Where,
        *,
        within: float | None = None,
    ) -> AddOnDone:
        """`of`, filled in with what `work` gives or how it fails, which concerns nobody else, and told.

        `within`: seconds from the beginning of `work` after which nobody waits any more. It cannot be
        stopped, and holds its thread until it asks whether it is wanted.
        """
        began, loop = time.monotonic(), asyncio.get_running_loop()
        has_begun = loop.create_future()
        given_up = threading.Event()

        def told() -> AddOnDone:
            loop.call_soon_threadsafe(has_begun.cancel)
            # Here, since what cannot be written has failed, and the event loop has no time for it.
            results = self._counted(of.name, lambda: work(lambda: not given_up.is_set()))
            return tell(_filled(of, began, results=results))

        doing = loop.run_in_executor(self._pools[where], told)
        try:
            await asyncio.wait([doing, has_begun], return_when=asyncio.FIRST_COMPLETED)
            done, _ = await asyncio.wait([doing], timeout=within)
        finally:
            # What has not begun never does, and how the rest ends is nobody's concern any more.
            doing.cancel()
            given_up.set()
        problem = doing.exception() if done else _too_long(of.name, within)
        self._note(of, problem)
        return doing.result() if problem is None else tell(_filled(of, began, error=_error(of.name, problem)))

    def _counted(self, name: str, work: Callable[[], JsonValue]) -> JsonValue:
        began = time.thread_time()
        try:
            return work()
        finally:
            self._ran(name, time.thread_time() - began)

    def _note(self, of: AddOnResult, problem: BaseException | None) -> None:
        """Log what has gone wrong, where it is not known yet."""
        name, what = of.name, (of.name, of.target)
        if problem is None:
            if self._failing.pop(what, None):
                _log.info("add_on_works_again", add_on=name, target=of.target)
        elif not isinstance(problem, AddOnError):
            # A defect, of ours or of a library. Its message may hold what was said, which no log may.
            file, line = raised_at(problem)
            _log.error("add_on_crashed", add_on=name, defect=type(problem).__name__, at=f"{file}:{line}")
        elif isinstance(cause := problem.__cause__, ConfigurationError):
            # Models of one language are loaded with the first words of that.
            if (reason := str(cause)) not in self._reasons:
                self._reasons.add(reason)
                _log.error("capability_not_loaded", capability=name, reason=reason)
        elif problem.status_code in (BAD_GATEWAY, TIMED_OUT) and self._failing.get(what) != problem.logged:
            self._failing[what] = problem.logged
            _log.warning("add_on_failing", add_on=name, target=of.target, reason=problem.logged)

    def load(self) -> None:
        """Load all that is not switched off; blocks for seconds. The log says what cannot be loaded."""
        for backend in self.backends:
            backend.preload()

    def close(self) -> None:
        """Take nothing more; what runs is not waited for."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)


def _filled(
    of: AddOnResult, began: float, *, results: JsonValue = None, error: AddonError | None = None
) -> AddOnResult:
    return AddOnResult(of.name, of.utterance_id, of.target, results, error, time.monotonic() - began)


def _error(name: str, problem: BaseException) -> AddonError:
    if isinstance(problem, AddOnError):
        return failed(problem, problem.status_code)
    message = f"{name} failed on this text; the transcript is not affected"
    return AddonError(status_code=500, exception=type(problem).__name__, message=message)


def _give_way() -> None:
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _GIVES_WAY)


def _too_long(name: str, within: float | None) -> TookTooLong:
    return TookTooLong(f"{name} took more than {within:g} s", TIMED_OUT, logged=f"{name} takes too long")
