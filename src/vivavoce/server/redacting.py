"""Redaction on the way from recognition to a session: what is beyond here is clean.

It happens in threads of its own, in the order in which the session's words came. What is heard goes nowhere
else: not to the disk, not to the log, not into what an error says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Literal

import structlog

from vivavoce.engine.engine import Deliver
from vivavoce.errors import ModelError, RecognizerError, raised_at
from vivavoce.intelligence.base import EntityFinder, Mention
from vivavoce.intelligence.markers import all_masked
from vivavoce.intelligence.redaction import Redactor
from vivavoce.once import once
from vivavoce.protocol.redaction import PiiRedactionConfig, redacted_types
from vivavoce.protocol.stream import Diagnosis, Final, Hypothesis, Partial, Up, Word
from vivavoce.recognizers.base import Around, Recognizer, Request

_log = structlog.get_logger(__name__)

# Each kind has a thread of its own: a final waits for no partial of another session.
_Pools = Mapping[Literal["loading", "finals", "partials"], ThreadPoolExecutor]


def _entities() -> EntityFinder:
    # Importing it takes a second, which a server without redaction need not wait for.
    from vivavoce.intelligence.entities.finder import Entities

    return Entities()


class Redaction:
    """What redacting sessions share: who finds what is personal, and the threads in which that is done.

    `make` gives the finder, once; it may take seconds. Without it, that is whoever is `shared`.
    """

    def __init__(self, make: Callable[[], EntityFinder] | None = None) -> None:
        self._make = make
        self._finder = once(lambda: (self._make or _entities)())
        self._pools: _Pools = {}

    def share(self, make: Callable[[], EntityFinder]) -> None:
        """There is one who finds entities for others, too."""
        self._make = self._make or make

    @property
    def finder(self) -> EntityFinder:
        """Made when it is first asked for."""
        return self._finder()

    def load(self, languages: Sequence[str]) -> Future[None]:
        """Have at hand what is needed for these languages; for none of them, all. It takes seconds.

        The log says what cannot be loaded, and the future raises it.
        """
        loading = self._threads["loading"].submit(self._load, languages)
        loading.add_done_callback(_note)
        return loading

    def names_in(self) -> frozenset[str] | None:
        """The languages in which names are found by a model; None if the finder does not say. Blocks until
        there is one. Raises `ModelError`."""
        from vivavoce.intelligence.entities.finder import Entities

        return frozenset(finder.languages) if isinstance(finder := self.finder, Entities) else None

    def _load(self, languages: Sequence[str]) -> None:
        from vivavoce.intelligence.entities.finder import Entities

        if isinstance(finder := self.finder, Entities):
            known = frozenset(finder.languages)
            if wanted := known.intersection(languages) if languages else known:
                finder.load(*wanted)

    @property
    def _threads(self) -> _Pools:
        if not self._pools:
            # Bounded by their users: what waits in a stage, one task each, and sessions that are created.
            self._pools = {
                "loading": ThreadPoolExecutor(1, "redaction loads"),
                "finals": ThreadPoolExecutor(1, "redaction of finals"),
                "partials": ThreadPoolExecutor(1, "redaction of partials"),
            }
        return self._pools

    def of(self, config: PiiRedactionConfig, recognizer: Recognizer) -> Redacted:
        """The recogniser, for a session that asks for redaction."""
        return Redacted(recognizer, config, self)

    def stage(self, config: PiiRedactionConfig, deliver: Deliver, finals: Sequence[Final]) -> Stage:
        """What a session's words pass; `finals` were redacted before a restart."""
        mask = config.processed_text_type == "MASK"
        redactor = Redactor(_Late(self), redacted_types(config.entity_types), mask=mask)
        redactor.resume(final.utterance for final in finals)
        return Stage(redactor, deliver, self._threads)

    def close(self) -> None:
        """What is under way is finished."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.shutdown()


class _Late:
    """The finder, made on the thread that needs it."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction

    def find(self, words: Sequence[Word], language: str) -> list[Mention]:
        return self._redaction.finder.find(words, language)

    def sensitive(self, words: Sequence[Word], language: str, types: Collection[str]) -> list[Mention]:
        return self._redaction.finder.sensitive(words, language, types)


class Redacted(Around):
    """A recogniser for a session whose words are redacted: its errors tell nothing of what was said."""

    def __init__(self, recognizer: Recognizer, config: PiiRedactionConfig, redaction: Redaction) -> None:
        super().__init__(recognizer)
        self._config = config
        self._redaction = redaction

    def recognize(self, request: Request) -> Hypothesis:
        """As the recogniser does. Raises `RecognizerError`."""
        try:
            return self._recognizer.recognize(request)
        except Exception as defect:  # noqa: BLE001 - whatever it is, its message may hold words
            problem = _where(defect)
        raise RecognizerError(f"{problem}; what was said is not shown")

    def delivering(self, deliver: Deliver, finals: Sequence[Final]) -> Deliver:
        """What to call with what recognition says, in place of `deliver`."""
        return self._redaction.stage(self._config, deliver, finals).deliver


class Stage:
    """What recognition says of one session passes here, in order; of partials the newest.

    If redaction fails a final is masked whole, and a partial is not shown; the session is told once.
    """

    def __init__(self, redactor: Redactor, deliver: Deliver, pools: _Pools) -> None:
        self._redactor = redactor
        self._deliver = deliver
        self._pools = pools
        self._lock = Lock()
        # Bounded as a session's inbox is: recognition holds a bounded stretch of audio.
        self._waiting: deque[Up] = deque()
        self._busy = False
        self._shown: dict[int, tuple[str, str]] = {}
        self._failed = False

    def deliver(self, up: Up) -> None:
        """Returns at once."""
        with self._lock:
            if isinstance(up, Partial | Final):
                self._forget_partials(up.utterance.channel)
            self._waiting.append(up)
        # Whichever thread comes first does what there is, and leaves nothing to the other.
        self._pools["partials" if isinstance(up, Partial) else "finals"].submit(self._work)

    def _forget_partials(self, channel: int) -> None:
        """Those that wait, which something newer follows."""
        stale = [up for up in self._waiting if isinstance(up, Partial) and up.utterance.channel == channel]
        for up in stale:
            self._waiting.remove(up)

    def _work(self) -> None:
        with self._lock:
            if self._busy:
                return
            self._busy = True
        while True:
            with self._lock:
                if not self._waiting:
                    self._busy = False
                    return
                up = self._waiting.popleft()
            if (clean := self._clean(up)) is not None:
                self._deliver(clean)

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
        where = _where(defect)
        if not self._failed:
            self._failed = True
            _log.error("redaction_failed", reason=where)
            message = f"redaction failed ({where}): what it failed on is masked, all of it"
            self._deliver(Diagnosis("redaction_failed", message))


def _note(loading: Future[None]) -> None:
    if isinstance(problem := loading.exception(), ModelError):
        _log.error("redaction_not_loaded", reason=str(problem))


def _where(defect: Exception) -> str:
    """What kind of error it is, and where it was raised: without its message, which may hold words."""
    file, line = raised_at(defect)
    return f"{type(defect).__name__} in {Path(file).name}, line {line}"
