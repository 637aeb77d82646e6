"""Redaction on the way from recognition to a session: what is beyond here is clean.

It happens in threads of its own, in the order in which the session's words came. What is heard goes nowhere
else: not to the disk, not to the log, not into what an error says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import structlog

from vivavoce.engine.engine import Deliver
from vivavoce.errors import ModelError, RecognizerError
from vivavoce.intelligence.base import EntityFinder, Mention
from vivavoce.intelligence.redaction import Redactor
from vivavoce.once import once
from vivavoce.protocol.redaction import PiiRedactionConfig, redacted_types
from vivavoce.protocol.stream import Final, Hypothesis, Word
from vivavoce.recognizers.base import Around, Recognizer, Request
from vivavoce.server.redaction_stage import Stage, where

_log = structlog.get_logger(__name__)


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
        self._at_hand: EntityFinder | None = None
        self._threads = once(_threads)

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
        if _has(self._at_hand, languages):
            done = Future[None]()
            done.set_result(None)
            return done
        loading = self._threads()["loading"].submit(self._load, languages)
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
            finder.load(*languages)
        self._at_hand = finder

    def of(self, config: PiiRedactionConfig, languages: Sequence[str], recognizer: Recognizer) -> Redacted:
        """The recogniser, for a session that asks for redaction, in these languages; none: in any."""
        return Redacted(recognizer, config, languages, self)

    def stage(
        self,
        config: PiiRedactionConfig,
        languages: Sequence[str],
        deliver: Deliver,
        finals: Sequence[Final],
    ) -> Stage:
        """What a session's words pass; `finals` were redacted before a restart."""
        mask = config.processed_text_type == "MASK"
        redactor = Redactor(_Late(self), redacted_types(config.entity_types), mask=mask)
        redactor.resume(final.utterance for final in finals)
        threads = self._threads()
        return Stage(redactor, deliver, self.load(languages), threads["finals"], threads["partials"])

    def close(self) -> None:
        """What is under way is finished, and nothing more is begun."""
        for pool in self._threads().values():
            pool.shutdown()


def _threads() -> Mapping[str, ThreadPoolExecutor]:
    """In the order in which they are closed. A final waits for no partial of another session."""
    return {kind: ThreadPoolExecutor(1, f"redaction {kind}") for kind in ("loading", "finals", "partials")}


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

    def __init__(
        self,
        recognizer: Recognizer,
        config: PiiRedactionConfig,
        languages: Sequence[str],
        redaction: Redaction,
    ) -> None:
        super().__init__(recognizer)
        self._config = config
        self._languages = languages
        self._redaction = redaction

    def recognize(self, request: Request) -> Hypothesis:
        """As the recogniser does. Raises `RecognizerError`."""
        try:
            return self._recognizer.recognize(request)
        except Exception as defect:  # noqa: BLE001 - whatever it is, its message may hold words
            problem = where(defect)
        raise RecognizerError(f"{problem}; what was said is not shown")

    def delivering(self, deliver: Deliver, finals: Sequence[Final]) -> Deliver:
        """What to call with what recognition says, in place of `deliver`."""
        return self._redaction.stage(self._config, self._languages, deliver, finals).deliver


def _note(loading: Future[None]) -> None:
    if isinstance(problem := loading.exception(), ModelError):
        _log.error("redaction_not_loaded", reason=str(problem))


def _has(finder: EntityFinder | None, languages: Sequence[str]) -> bool:
    if finder is None:
        return False
    from vivavoce.intelligence.entities.finder import Entities

    return not isinstance(finder, Entities) or finder.has(*languages)
