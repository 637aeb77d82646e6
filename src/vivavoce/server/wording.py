"""The words as a session asks for them: custom vocabulary, then custom spelling, redaction last."""

from __future__ import annotations

from vivavoce.protocol.redaction import NAMED, redacted_types
from vivavoce.protocol.requests import LiveRequest
from vivavoce.recognizers.base import Recognizer
from vivavoce.recognizers.enhancer import Enhanced
from vivavoce.recognizers.phonemizer import MOST_LANGUAGES, Phonemizer
from vivavoce.recognizers.reworded import Reworded, Write
from vivavoce.server.models import Models
from vivavoce.server.redacting import Redaction
from vivavoce.wording.spelling import Spelling
from vivavoce.wording.vocabulary import CustomVocabulary, Entry


def recognizer_for(request: LiveRequest, models: Models) -> Recognizer | None:
    """The recogniser that the request asks for, with its enhancer and wording; None if it is not loaded."""
    recognizer = models.recognizers.get(request.model)
    if recognizer is None:
        return None
    if request.pre_processing.audio_enhancer and models.enhancer:
        recognizer = Enhanced(recognizer, models.enhancer)
    recognizer = as_asked(request, recognizer, models.phonemizer)
    wanted = request.realtime_processing
    # Where words pass on from recognition: what is redacted depends on what was said before.
    if not wanted.pii_redaction:
        return recognizer
    languages = request.language_config.languages
    return models.redaction.of(wanted.pii_redaction_config, languages, recognizer)


def as_asked(request: LiveRequest, recognizer: Recognizer, phonemizer: Phonemizer) -> Recognizer:
    """The recogniser with the wording that the request asks for."""
    wanted = request.realtime_processing
    finals: list[Write] = []
    partials: list[Write] = []
    if vocabulary := _vocabulary(request, phonemizer):
        finals.append(vocabulary.apply)
        partials.append(vocabulary.asking(phonemizer.sounds_at_hand).apply)
    if wanted.custom_spelling and wanted.custom_spelling_config:
        spelling = Spelling(wanted.custom_spelling_config.spelling_dictionary)
        finals.append(spelling.apply)
        partials.append(spelling.apply)
    return Reworded(recognizer, finals, partials) if finals else recognizer


def learn_vocabulary(request: LiveRequest, phonemizer: Phonemizer) -> None:
    """Find out how the custom vocabulary sounds in the languages that are asked for, and have them loaded.

    What is found out is remembered, so that neither partials nor finals wait for it. They are loaded though
    all entries are known: partials ask how what was heard sounds, and only of what is loaded. Blocks, for
    seconds when a language is not loaded. Raises `RecognizerError`.
    """
    languages = request.language_config.languages
    if len(languages) > MOST_LANGUAGES:
        # The first would be forgotten for the last: only what is heard will tell.
        return
    if vocabulary := _vocabulary(request, phonemizer):
        for language in languages:
            vocabulary.prepare(language)
        for language in languages:
            # The last to be asked for are the last to make room.
            phonemizer.load(language)


def redaction_warnings(request: LiveRequest, redaction: Redaction) -> list[dict[str, str]]:
    """Where names are asked for, but not found in every language that may be spoken. Blocks, the first time
    for a second. Raises `ModelError`."""
    languages = request.language_config.languages
    known = redaction.names_in()
    types = redacted_types(request.realtime_processing.pii_redaction_config.entity_types)
    if known is None or not NAMED & types or (languages and known.issuperset(languages)):
        return []
    message = (
        f"there is a model that finds names, places and organizations in {', '.join(sorted(known))} only; in "
        "others pii_redaction goes by capitals for names, in German by nothing, and by rules for all else"
    )
    return [{"code": "redaction_by_rules", "message": message}]


def _vocabulary(request: LiveRequest, phonemizer: Phonemizer) -> CustomVocabulary | None:
    wanted = request.realtime_processing
    config = wanted.custom_vocabulary_config
    if not wanted.custom_vocabulary or not config:
        return None
    entries = [
        Entry(
            value=entry.value,
            pronunciations=entry.pronunciations,
            intensity=config.default_intensity if entry.intensity is None else entry.intensity,
            language=entry.language,
        )
        for entry in config.vocabulary
    ]
    return CustomVocabulary(entries, phonemizer.sounds)
