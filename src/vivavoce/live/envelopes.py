"""The envelopes of a session's add-ons, made of what they said of its finals and of the whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vivavoce.live.transcription import transcription_of
from vivavoce.protocol.add_ons import NOT_SERVED, AddOnResult
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.responses import (
    AddonEnvelope,
    AddonError,
    ChapterizationEnvelope,
    NamedEntityRecognitionEnvelope,
    SentimentAnalysisEnvelope,
    SummarizationEnvelope,
    TranslationEnvelope,
    TranslationResult,
)
from vivavoce.protocol.stream import Utterance, Word

_Results = Mapping[tuple[str, str], Mapping[str, AddOnResult]]
"""By add-on and target, then by the utterance's id."""


def envelopes(
    request: LiveRequest,
    utterances: Sequence[Utterance],
    results: Sequence[AddOnResult],
    *,
    over: bool,
    clock: Callable[[], float],
) -> dict[str, AddonEnvelope[Any]]:
    """An envelope for each add-on that was asked for and has said something, by the result's field.

    `utterances` in the order of their beginning. While the session is not `over`, what is not there yet is
    no failure. An add-on that failed on some of the utterances gives what it found in the others, and the
    first error.
    """
    realtime, post = request.realtime_processing, request.post_processing
    said: dict[tuple[str, str], dict[str, AddOnResult]] = {}
    for result in results:
        said.setdefault((result.name, result.target), {})[result.utterance_id] = result
    found: dict[str, AddonEnvelope[Any]] = {}
    if realtime.named_entity_recognition:
        found["named_entity_recognition"] = _listed(
            NamedEntityRecognitionEnvelope, "named_entity_recognition", utterances, said, over
        )
    if realtime.sentiment_analysis:
        envelope = _listed(SentimentAnalysisEnvelope, "sentiment_analysis", utterances, said, over)
        found["sentiment_analysis"] = envelope
    if realtime.translation and realtime.translation_config:
        targets = realtime.translation_config.target_languages
        found["translation"] = _translation(request, targets, utterances, said, over, clock)
    of_the_whole: list[tuple[str, bool, type[AddonEnvelope[Any]]]] = [
        ("summarization", post.summarization, SummarizationEnvelope),
        ("chapterization", post.chapterization, ChapterizationEnvelope),
    ]
    for name, asked, kind in of_the_whole:
        if whole := said.get((name, "")):
            found[name] = _whole(kind, whole[""])
        elif asked and over:
            found[name] = kind.failed(_unfinished(f"the session ended before its {name}"))
    return found


def _listed(
    kind: type[AddonEnvelope[Any]], name: str, utterances: Sequence[Utterance], said: _Results, over: bool
) -> AddonEnvelope[Any]:
    """What was found in each utterance, one list."""
    by_utterance = said.get((name, ""), {})
    items = [item for each in utterances for item in _results(by_utterance.get(each.id))]
    error = _error(name, utterances, by_utterance, over)
    return kind.model_validate(
        {
            "success": error is None,
            "is_empty": not items,
            "exec_time": _seconds(by_utterance),
            "error": error,
            "results": json.dumps(items, ensure_ascii=False) if kind is SentimentAnalysisEnvelope else items,
        }
    )


def _translation(
    request: LiveRequest,
    targets: Sequence[str],
    utterances: Sequence[Utterance],
    said: _Results,
    over: bool,
    clock: Callable[[], float],
) -> TranslationEnvelope:
    results = [_translated(request, target, utterances, said, over, clock) for target in targets]
    error = next((result.error for result in results if result.error), None)
    return TranslationEnvelope(
        success=error is None,
        is_empty=not any(result.utterances for result in results),
        exec_time=sum(_seconds(said.get(("translation", target), {})) for target in targets),
        error=error,
        results=tuple(results),
    )


def _translated(
    request: LiveRequest,
    target: str,
    utterances: Sequence[Utterance],
    said: _Results,
    over: bool,
    clock: Callable[[], float],
) -> TranslationResult:
    by_utterance = dict(said.get(("translation", target), {}))
    # The whole by its sentences, where that was asked for; else, and if that failed, by its finals.
    whole = by_utterance.pop("", None)
    done = [by_utterance[each.id].results for each in utterances if each.id in by_utterance]
    error = _error("translation", utterances, by_utterance, over)
    if whole is not None and isinstance(whole.results, list):
        done = whole.results
        # What nothing serves is not in the whole either.
        unserved = (result.error for result in by_utterance.values() if result.error)
        error = next((each for each in unserved if each.status_code == NOT_SERVED), None)
    elif whole is not None and whole.error:
        error = whole.error
    elif over and _by_sentences(request):
        error = error or _unfinished("the session ended before the translation of its sentences")
    translated = [_utterance(written) for written in done if isinstance(written, dict)]
    transcription = transcription_of(request, translated, clock)
    return TranslationResult(
        **{name: getattr(transcription, name) for name in type(transcription).model_fields}
        | {"languages": (target,) if translated else ()},
        error=error,
    )


def _by_sentences(request: LiveRequest) -> bool:
    config = request.realtime_processing.translation_config
    return config is not None and not config.match_original_utterances


def _utterance(written: Mapping[str, Any]) -> Utterance:
    """An utterance as its JSON says it, which has no id."""
    words = tuple(
        Word(each["word"], each["start"], each["end"], each["confidence"]) for each in written["words"]
    )
    return Utterance("", written["channel"], written["start"], written["end"], written["language"], words)


def _whole(kind: type[AddonEnvelope[Any]], result: AddOnResult) -> AddonEnvelope[Any]:
    return kind(
        success=result.error is None,
        is_empty=not result.results,
        exec_time=result.exec_time,
        error=result.error,
        results=result.found(),
    )


def _results(result: AddOnResult | None) -> Sequence[Any]:
    return result.results if result is not None and isinstance(result.results, list) else ()


def _seconds(by_utterance: Mapping[str, AddOnResult]) -> float:
    return sum(result.exec_time for result in by_utterance.values())


def _error(
    name: str, utterances: Sequence[Utterance], by_utterance: Mapping[str, AddOnResult], over: bool
) -> AddonError | None:
    """The first error, and of how many utterances there is none; None where all is well."""
    errors = [result.error for result in by_utterance.values() if result.error]
    missing = [each for each in utterances if each.id not in by_utterance] if over else []
    if errors:
        first = errors[0]
        if len(errors) == len(utterances):
            return first
        message = f"{first.message} (so with {len(errors)} of {len(utterances)} utterances)"
        return first.model_copy(update={"message": message})
    if missing:
        return _unfinished(
            f"the session ended before {name} of {len(missing)} of {len(utterances)} utterances"
        )
    return None


def _unfinished(message: str) -> AddonError:
    return AddonError(status_code=500, exception="Unfinished", message=message)
