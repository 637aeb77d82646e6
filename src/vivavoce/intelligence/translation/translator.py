"""Which engine serves a pair, and what a server can translate at all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

from vivavoce.intelligence.base import AddOnError, Capability, TranslationOptions
from vivavoce.intelligence.sentences import sentences
from vivavoce.intelligence.translation.engine import Engine, Pair, name_of
from vivavoce.intelligence.translation.pieces import bounded
from vivavoce.intelligence.translation.speech import Samples, SpeechEngine
from vivavoce.intelligence.translation.timing import in_time
from vivavoce.protocol.languages import WRITTEN_WITHOUT_SPACES
from vivavoce.protocol.stream import Utterance

ENHANCED: Final = "enhanced"
_PIVOT: Final = "en"
_MOST_WORDS: Final = 2_000
"""A minute of the quickest speech has 400."""
_MOST_PAIRS_NAMED: Final = 20


class PairTranslator:
    """Translates by the first of `engines` that serves a pair; `enhanced` has those that ask for that model.

    With `pivot`, a pair that none serves goes through English where both ways are served. What is spoken in
    the language that is wanted stays as it is: who reads along in one language is to miss nothing.
    """

    def __init__(
        self,
        engines: Sequence[Engine],
        enhanced: Sequence[Engine] = (),
        *,
        speech: SpeechEngine | None = None,
        pivot: bool = False,
    ) -> None:
        """`speech` serves `base` where none of `engines` does, and where there is audio."""
        self._by_text = tuple(engines)
        self._base = (*engines, *([speech] if speech else []))
        self._enhanced = tuple(enhanced)
        self._pivot = pivot

    def load(self) -> None:
        """All models, some seconds and 90 MB each; else each at its first use. Raises `ModelError`."""
        for engine in (*self._base, *self._enhanced):
            engine.load()

    def translate(
        self, utterance: Utterance, target: str, options: TranslationOptions, samples: Samples | None = None
    ) -> Utterance:
        """The utterance in the language `target`, its words spread over the same time.

        `samples` reads its audio, if that is needed. Raises `AddOnError`: 501 where nothing serves the pair,
        422 for more than 2,000 words.
        """
        source = utterance.language
        if source == target:
            return utterance
        engines = self._of(options.model, heard=samples is not None)
        way = self._way(engines, (source, target))
        if not way:
            raise AddOnError(self._unknown(engines, [source], [target], options.model), 501)
        if len(utterance.words) > _MOST_WORDS:
            raise AddOnError(f"an utterance of more than {_MOST_WORDS} words is not translated", 422)
        translated = utterance
        for engine, pair in way:
            if isinstance(engine, SpeechEngine) and samples is not None:
                engine = engine.hearing(samples)
            texts = _sentences(translated)
            written = engine.translate(texts, pair, options) if texts else []
            between = "" if pair[1] in WRITTEN_WITHOUT_SPACES else " "
            translated = in_time(between.join(written), utterance, pair[1])
        return translated

    def asks_another(self, source: str, target: str, model: str, *, heard: bool) -> bool:
        """Whether one of the engines on the way is another service."""
        way = self._way(self._of(model, heard=heard), (source, target)) if source != target else ()
        return any(engine.remote for engine, _ in way)

    def unserved(self, targets: Sequence[str], sources: Sequence[str], model: str, *, heard: bool) -> str:
        """What to say of targets that are not served, as every translator does."""
        engines = self._of(model, heard=heard)
        missing = [target for target in targets if not self._reachable(engines, target, sources)]
        return self._unknown(engines, sources, missing, model) if missing else ""

    def capability(self) -> Capability:
        """`languages` None: every pair, which takes an endpoint that is allowed to serve all requests."""
        engines = (*self._base, *self._enhanced)
        backend = ", ".join(dict.fromkeys(engine.backend for engine in engines)) or "off"
        enhanced = ", ".join(engine.backend for engine in self._enhanced)
        detail = [f"model enhanced: {enhanced}" if enhanced else ""]
        if self._pivot:
            detail.append("other pairs through English where both ways are served")
        direct = self._direct(self._base)
        languages = None if direct is None else tuple(sorted(map(name_of, direct)))
        return Capability("translation", backend, languages, "; ".join(filter(None, detail)))

    def _of(self, model: str, *, heard: bool = True) -> tuple[Engine, ...]:
        if model == ENHANCED:
            return self._enhanced
        return self._base if heard else self._by_text

    def _way(self, engines: Sequence[Engine], pair: Pair) -> tuple[tuple[Engine, Pair], ...]:
        """The engines one after the other, each with its pair; none where there is no way."""
        if engine := _serving(engines, pair):
            return ((engine, pair),)
        legs = (pair[0], _PIVOT), (_PIVOT, pair[1])
        found = [engine for leg in legs if (engine := _serving(engines, leg))]
        # No language is its own translation.
        if self._pivot and len(found) == len(legs) and _PIVOT not in pair:
            return tuple(zip(found, legs, strict=True))
        return ()

    def _reachable(self, engines: Sequence[Engine], target: str, sources: Sequence[str]) -> bool:
        if sources:
            return any(source == target or self._way(engines, (source, target)) for source in sources)
        direct = self._direct(engines)
        return direct is None or any(to == target for _, to in direct)

    def _direct(self, engines: Sequence[Engine]) -> frozenset[Pair] | None:
        """Pairs that are served without a third language, None for all."""
        served = [engine.pairs for engine in engines]
        known = [pairs for pairs in served if pairs is not None]
        return frozenset().union(*known) if len(known) == len(served) else None

    def _unknown(
        self, engines: Sequence[Engine], sources: Sequence[str], targets: Sequence[str], model: str
    ) -> str:
        if model == ENHANCED and not self._enhanced:
            return (
                "no translation by model enhanced: it takes a chat endpoint, which this server has not; "
                "ask for model base, or have one set up"
            )
        # Of many, those first that have to do with what was asked.
        pairs = sorted(
            self._direct(engines) or (),
            key=lambda pair: (pair[1] not in targets, pair[0] not in sources, pair),
        )
        names = [name_of(pair) for pair in islice(pairs, _MOST_PAIRS_NAMED)]
        more = ", ..." if len(pairs) > len(names) else ""
        served = f"translates {', '.join(names)}{more}" if names else "has none"
        # There is more that it serves if it may hear it.
        unheard = ", others by the sound, not where words are redacted" if engines != self._of(model) else ""
        way = f"from {' or '.join(sources) or 'any language'} to {' or '.join(targets)}"
        return (
            f"no translation {way}: this server {served}{unheard}; a CTranslate2 model directory or a chat "
            "endpoint in its settings adds others"
        )


def _serving(engines: Sequence[Engine], pair: Pair) -> Engine | None:
    return next((engine for engine in engines if engine.pairs is None or pair in engine.pairs), None)


def _sentences(utterance: Utterance) -> list[str]:
    return [piece for sentence in sentences([utterance]) for piece in bounded(sentence.text)]
