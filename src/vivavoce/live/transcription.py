"""A transcription of a session, or of its translation: utterances, sentences, subtitles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from vivavoce.live.add_ons import failed
from vivavoce.live.sentences import SegmentationError, sentences_of
from vivavoce.protocol.languages import joined
from vivavoce.protocol.requests import LiveRequest, SubtitlesConfig
from vivavoce.protocol.responses import Sentences, Subtitle, Transcription, UtteranceModel
from vivavoce.protocol.stream import Utterance
from vivavoce.subtitles import Limits, cues_of, srt, vtt


def transcription_of(
    request: LiveRequest, utterances: Sequence[Utterance], clock: Callable[[], float]
) -> Transcription:
    """`utterances` in the order of their beginning, with what else the request asks for."""
    models = tuple(map(UtteranceModel.from_stream, utterances))
    post = request.post_processing
    return Transcription(
        full_transcript=joined((utterance.language, utterance.text) for utterance in utterances),
        languages=_most_heard_first(utterances),
        utterances=models,
        sentences=_sentences(utterances, clock) if post.sentences else None,
        subtitles=_subtitles(models, post.subtitles_config) if post.subtitles else None,
    )


def _sentences(utterances: Iterable[Utterance], clock: Callable[[], float]) -> tuple[Sentences, ...]:
    begun = clock()
    try:
        found = tuple(sentences_of(utterances))
    except SegmentationError as error:
        return (Sentences.failed(failed(error), exec_time=clock() - begun),)
    return (Sentences(success=True, is_empty=not found, exec_time=clock() - begun, results=found),)


def _subtitles(utterances: Iterable[UtteranceModel], config: SubtitlesConfig) -> tuple[Subtitle, ...]:
    limits = Limits(
        shortest=config.minimum_duration,
        longest=config.maximum_duration,
        width=config.maximum_characters_per_row,
        rows=config.maximum_rows_per_caption,
    )
    cues = cues_of(utterances, limits)
    write = {"srt": srt, "vtt": vtt}
    return tuple(Subtitle(format=form, subtitles=write[form](cues)) for form in config.formats)


def _most_heard_first(utterances: Iterable[Utterance]) -> tuple[str, ...]:
    seconds: dict[str, float] = {}
    for utterance in utterances:
        heard = utterance.end - utterance.start
        seconds[utterance.language] = seconds.get(utterance.language, 0.0) + heard
    return tuple(sorted(seconds, key=lambda language: -seconds[language]))
