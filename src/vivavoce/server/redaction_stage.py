"""What recognition says of one session, on its way through redaction: in order, and beyond it clean."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock

import structlog

from vivavoce.engine.engine import Deliver
from vivavoce.errors import raised_at
from vivavoce.intelligence.markers import all_masked
from vivavoce.intelligence.redaction import Redactor
from vivavoce.protocol.stream import Diagnosis, Final, Partial, Up

_log = structlog.get_logger(__name__)


class Stage:
    """What recognition says of one session passes here, in order; of partials the newest.

    Nothing does before `ready` is done: what redacts it is loaded, or cannot be. `finals` and `partials` are
    threads that sessions share. If redaction fails a final is masked whole, and a partial is not shown; the
    session is told once.
    """

    def __init__(
        self,
        redactor: Redactor,
        deliver: Deliver,
        ready: Future[None],
        finals: ThreadPoolExecutor,
        partials: ThreadPoolExecutor,
    ) -> None:
        self._redactor = redactor
        self._deliver = deliver
        self._ready = ready
        self._finals = finals
        self._partials = partials
        self._lock = Lock()
        # Bounded as a session's inbox is: recognition holds a bounded stretch of audio.
        self._waiting: deque[Up] = deque()
        self._busy = False
        # Threads that have been asked to come, once each.
        self._asked: set[ThreadPoolExecutor] = set()
        self._shown: dict[int, tuple[str, str]] = {}
        self._failed = False
        ready.add_done_callback(lambda _: self._ask())

    def deliver(self, up: Up) -> None:
        """Returns at once."""
        with self._lock:
            if isinstance(up, Partial | Final):
                self._forget_partials(up.utterance.channel)
            self._waiting.append(up)
        self._ask()

    def _forget_partials(self, channel: int) -> None:
        """Those that wait, which something newer follows."""
        stale = [up for up in self._waiting if isinstance(up, Partial) and up.utterance.channel == channel]
        for up in stale:
            self._waiting.remove(up)

    def _ask(self) -> None:
        """Have somebody come for what waits."""
        with self._lock:
            if self._busy or not self._waiting or not self._ready.done():
                return
            threads = self._partials if self._only_partials_wait() else self._finals
            if threads in self._asked:
                return
            self._asked.add(threads)
            # Else the server goes down: what is not final is heard again when it comes back.
            with suppress(RuntimeError):
                threads.submit(self._work, threads)

    def _only_partials_wait(self) -> bool:
        return all(isinstance(up, Partial) for up in self._waiting)

    def _work(self, threads: ThreadPoolExecutor) -> None:
        """One partial, or all up to the last that is none: other sessions wait for their turn."""
        with self._lock:
            self._asked.discard(threads)
            if self._busy:
                return
            self._busy = True
        while (up := self._next(threads)) is not None:
            if (clean := self._clean(up)) is not None:
                self._deliver(clean)
            if threads is self._partials:
                break
        with self._lock:
            self._busy = False
        self._ask()

    def _next(self, threads: ThreadPoolExecutor) -> Up | None:
        """What these threads are to do now, if anything. Partials come in their place, and never hold up."""
        with self._lock:
            if not self._waiting or self._only_partials_wait() is not (threads is self._partials):
                return None
            return self._waiting.popleft()

    def _clean(self, up: Up) -> Up | None:
        """What may be passed on of it, if anything."""
        try:
            if isinstance(up, Final):
                # A draft is what was said, in the recogniser's own letters.
                return replace(up, utterance=self._redactor.final(up.utterance), draft=None)
            if isinstance(up, Partial):
                return self._news(replace(up, utterance=self._redactor.partial(up.utterance)))
        except Exception as defect:  # noqa: BLE001 - whatever it is, nothing of what was said may pass
            self._fail(defect)
            if not isinstance(up, Final):
                return None
            self._redactor.failed(up.utterance)
            return replace(up, utterance=all_masked(up.utterance), draft=None)
        return up

    def _news(self, partial: Partial) -> Partial | None:
        """The partial, unless nothing of it can be shown or it says what the last one said."""
        utterance = partial.utterance
        shown = utterance.id, utterance.text
        if not utterance.words or self._shown.get(utterance.channel) == shown:
            return None
        self._shown[utterance.channel] = shown
        return partial

    def _fail(self, defect: Exception) -> None:
        reason = where(defect)
        if not self._failed:
            self._failed = True
            _log.error("redaction_failed", reason=reason)
            message = f"redaction failed ({reason}): what it failed on is masked, all of it"
            self._deliver(Diagnosis("redaction_failed", message))


def where(defect: Exception) -> str:
    """What kind of error it is, and where it was raised: without its message, which may hold words."""
    file, line = raised_at(defect)
    return f"{type(defect).__name__} in {Path(file).name}, line {line}"
