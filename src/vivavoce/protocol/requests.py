"""The body of `POST /v2/live`: every field, default and range, and what contradicts itself.

Types are strict (no "yes" for true, no "1" for 1) and NaN is refused. `null` means the default. Unknown
fields are kept at every level and change nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import get_close_matches
from itertools import islice
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    JsonValue,
    Strict,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from vivavoce.protocol.folding import folded
from vivavoce.protocol.redaction import PiiRedactionConfig
from vivavoce.protocol.sections import (
    FiniteJson,
    Fraction,
    Section,
    Spelled,
    Term,
    Text,
    TranscriptionLanguage,
    TranslationLanguage,
    at_most,
    whole,
)
from vivavoce.protocol.validation import refusal

Encoding = Literal["wav/pcm", "wav/alaw", "wav/ulaw"]
BitDepth = Literal[8, 16, 24, 32]
SampleRate = Literal[8000, 16000, 32000, 44100, 48000]

MAX_METADATA_CHARACTERS = 2000
_MOST_UNKNOWN_FIELDS_HINTED = 20


def _short_as_json(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    length = len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")))
    if length > MAX_METADATA_CHARACTERS:
        raise refusal(f"must be at most {MAX_METADATA_CHARACTERS} characters long as JSON, not {length}")
    return metadata


# As often as all of them twice; what is wrong with each costs time to say.
_MOST_LANGUAGES = 200
_EACH_ONCE = AfterValidator(lambda given: tuple(dict.fromkeys(given)))


class LanguageConfig(Section):
    """`languages`: one fixes the language, several are candidates, none leaves all open."""

    languages: Annotated[
        tuple[TranscriptionLanguage, ...], Strict(False), at_most(_MOST_LANGUAGES), _EACH_ONCE
    ] = ()
    code_switching: bool = False


class PreProcessing(Section):
    audio_enhancer: bool = False
    speech_threshold: Fraction = 0.6


# Every one is compared with all that is said.
_MOST_PRONUNCIATIONS = 1000
_MOST_VARIANTS = 1000
# A language that words are pronounced in takes up to 210 MB.
_MOST_VOCABULARY_LANGUAGES = 4


class VocabularyEntry(Section):
    """A word to listen for. Without an `intensity` the configuration's `default_intensity` holds."""

    value: Term
    intensity: Fraction | None = None
    pronunciations: Annotated[tuple[Term, ...], Strict(False), at_most(_MOST_PRONUNCIATIONS)] = ()
    language: TranscriptionLanguage | None = None


def _count(items: object, inner: str) -> int:
    """Of the items of a list and of what their lists `inner` have, none of which has been looked at."""
    if not isinstance(items, list | tuple):
        return 0
    lists = (item.get(inner) for item in items if isinstance(item, dict))
    return len(items) + sum(len(each) for each in lists if isinstance(each, list | tuple))


def _as_entry(item: object) -> object:
    return {"value": item} if isinstance(item, str) else item


_Entry = Annotated[VocabularyEntry, BeforeValidator(_as_entry, json_schema_input_type=Term | VocabularyEntry)]


class CustomVocabularyConfig(Section):
    """Words given as plain strings become entries with defaults."""

    vocabulary: Annotated[tuple[_Entry, ...], Strict(False)] = ()
    default_intensity: Fraction = 0.5

    @field_validator("vocabulary", mode="before")
    @classmethod
    def _few_words(cls, vocabulary: object) -> object:
        if _count(vocabulary, "pronunciations") > _MOST_PRONUNCIATIONS:
            raise refusal(f"must have at most {_MOST_PRONUNCIATIONS} words and pronunciations")
        return vocabulary


class CustomSpellingConfig(Section):
    """`spelling_dictionary`: the spelling to write, and the variants it replaces."""

    spelling_dictionary: dict[Spelled, Annotated[tuple[Spelled, ...], Strict(False)]] = Field(
        default_factory=dict
    )

    @field_validator("spelling_dictionary", mode="before")
    @classmethod
    def _few_variants(cls, dictionary: object) -> object:
        if isinstance(dictionary, dict):
            variants = sum(len(each) if isinstance(each, list | tuple) else 1 for each in dictionary.values())
            if max(variants, len(dictionary)) > _MOST_VARIANTS:
                raise refusal(f"must have at most {_MOST_VARIANTS} variants")
        return dictionary

    @field_validator("spelling_dictionary")
    @classmethod
    def _one_spelling_each(cls, dictionary: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        written: dict[str, str] = {}
        for spelling, variants in dictionary.items():
            if not variants:
                raise refusal(f"must list variants of {spelling!r}")
            for variant in variants:
                same = folded(variant)
                if written.setdefault(same, spelling) != spelling:
                    raise refusal(
                        f"must not spell {variant!r} in two ways: {written[same]!r} and {spelling!r}"
                    )
        return dictionary


_LONGEST_CONTEXT = 10_000


class TranslationConfig(Section):
    target_languages: Annotated[
        tuple[TranslationLanguage, ...], Strict(False), at_most(_MOST_LANGUAGES), _EACH_ONCE
    ] = ()
    model: Literal["base", "batch", "enhanced"] = "base"
    match_original_utterances: bool = True
    lipsync: bool = True
    context_adaptation: bool = True
    context: Annotated[str, StringConstraints(max_length=_LONGEST_CONTEXT)] | None = None
    informal: bool = False


class RealtimeProcessing(Section):
    custom_vocabulary: bool = False
    custom_vocabulary_config: CustomVocabularyConfig | None = Field(default=None, validate_default=True)
    custom_spelling: bool = False
    custom_spelling_config: CustomSpellingConfig | None = Field(default=None, validate_default=True)
    translation: bool = False
    translation_config: TranslationConfig | None = Field(default=None, validate_default=True)
    named_entity_recognition: bool = False
    sentiment_analysis: bool = False
    pii_redaction: bool = False
    pii_redaction_config: PiiRedactionConfig = PiiRedactionConfig()
    words_accurate_timestamps: bool | None = None

    @field_validator("custom_vocabulary_config")
    @classmethod
    def _vocabulary_has_words(
        cls, config: CustomVocabularyConfig | None, info: ValidationInfo
    ) -> CustomVocabularyConfig | None:
        if info.data.get("custom_vocabulary") and not (config and config.vocabulary):
            raise refusal("must list words in vocabulary while custom_vocabulary is true")
        if (
            config
            and len({entry.language for entry in config.vocabulary} - {None}) > _MOST_VOCABULARY_LANGUAGES
        ):
            raise refusal(f"must name at most {_MOST_VOCABULARY_LANGUAGES} languages in vocabulary")
        return config

    @field_validator("custom_spelling_config")
    @classmethod
    def _spelling_has_a_dictionary(
        cls, config: CustomSpellingConfig | None, info: ValidationInfo
    ) -> CustomSpellingConfig | None:
        if info.data.get("custom_spelling") and not (config and config.spelling_dictionary):
            raise refusal("must have entries in spelling_dictionary while custom_spelling is true")
        return config

    @field_validator("translation_config")
    @classmethod
    def _translation_has_targets(
        cls, config: TranslationConfig | None, info: ValidationInfo
    ) -> TranslationConfig | None:
        if info.data.get("translation") and not (config and config.target_languages):
            raise refusal("must name languages in target_languages while translation is true")
        return config


class SummarizationConfig(Section):
    type: Literal["general", "bullet_points", "concise"] = "general"


class SubtitlesConfig(Section):
    """Durations in seconds. Both styles are written alike: all subtitles comply with their format."""

    formats: Annotated[tuple[Literal["srt", "vtt"], ...], Strict(False), at_most(10)] = ("srt",)
    minimum_duration: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1
    maximum_duration: Annotated[float, Field(ge=1, le=30, allow_inf_nan=False, validate_default=True)] = 7
    maximum_characters_per_row: Annotated[int, Field(ge=1, le=500), BeforeValidator(whole)] = 42
    maximum_rows_per_caption: Annotated[int, Field(ge=1, le=5), BeforeValidator(whole)] = 2
    style: Literal["default", "compliance"] = "default"

    @field_validator("formats")
    @classmethod
    def _there_is_a_format(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        if not formats:
            raise refusal('must name "srt", "vtt" or both')
        return tuple(dict.fromkeys(formats))

    @field_validator("maximum_duration")
    @classmethod
    def _the_maximum_is_no_less(cls, maximum: float, info: ValidationInfo) -> float:
        minimum = info.data.get("minimum_duration", 0)
        if maximum < minimum:
            raise refusal(f"must be at least minimum_duration, {minimum:g}, not {maximum:g}")
        return maximum


class PostProcessing(Section):
    """Sentences and subtitles are in the result's transcription."""

    summarization: bool = False
    summarization_config: SummarizationConfig = SummarizationConfig()
    chapterization: bool = False
    sentences: bool = False
    subtitles: bool = False
    subtitles_config: SubtitlesConfig = SubtitlesConfig()


class MessagesConfig(Section):
    """Which messages go to the WebSocket."""

    receive_partial_transcripts: bool = False
    receive_final_transcripts: bool = True
    receive_speech_events: bool = True
    receive_pre_processing_events: bool = True
    receive_realtime_processing_events: bool = True
    receive_post_processing_events: bool = True
    receive_acknowledgments: bool = True
    receive_errors: bool = True
    receive_lifecycle_events: bool = False


class CallbackConfig(Section):
    """Which messages are posted to `url`."""

    url: str | None = None
    receive_partial_transcripts: bool = False
    receive_final_transcripts: bool = True
    receive_speech_events: bool = False
    receive_pre_processing_events: bool = True
    receive_realtime_processing_events: bool = True
    receive_post_processing_events: bool = True
    receive_acknowledgments: bool = False
    receive_errors: bool = False
    receive_lifecycle_events: bool = True


class LiveRequest(Section):
    """The effective configuration of a session: what was asked, defaults filled in.

    Parse a body with `LiveRequest.model_validate_json`: it takes JSON of any depth safely. Raises
    `pydantic.ValidationError`; `validation_issues` words it for the client.
    """

    encoding: Encoding = "wav/pcm"
    bit_depth: BitDepth = Field(default=16, validate_default=True)
    sample_rate: SampleRate = 16000
    channels: Annotated[int, Field(ge=1, le=8), BeforeValidator(whole)] = 1
    model: Text = "solaria-1"
    custom_metadata: Annotated[dict[str, FiniteJson], AfterValidator(_short_as_json)] | None = None
    endpointing: Annotated[float, Field(ge=0.01, le=10, allow_inf_nan=False)] = 0.05
    maximum_duration_without_endpointing: Annotated[float, Field(ge=5, le=60, allow_inf_nan=False)] = 5
    language_config: LanguageConfig = LanguageConfig()
    pre_processing: PreProcessing = PreProcessing()
    realtime_processing: RealtimeProcessing = RealtimeProcessing()
    post_processing: PostProcessing = PostProcessing()
    messages_config: MessagesConfig = MessagesConfig()
    callback: bool = False
    callback_config: CallbackConfig = Field(default=CallbackConfig(), validate_default=True)

    @field_validator("bit_depth")
    @classmethod
    def _companded_audio_has_8_bits(cls, bit_depth: BitDepth, info: ValidationInfo) -> BitDepth:
        return 8 if info.data.get("encoding") in ("wav/alaw", "wav/ulaw") else bit_depth

    @field_validator("callback_config")
    @classmethod
    def _callback_has_a_url(cls, config: CallbackConfig, info: ValidationInfo) -> CallbackConfig:
        if info.data.get("callback") and not _is_web_address(config.url):
            raise refusal("must have an http:// or https:// address as url while callback is true")
        return config

    @property
    def partials_wanted(self) -> bool:
        """Whether anybody is to have partial transcripts."""
        called = self.callback and self.callback_config.receive_partial_transcripts
        return called or self.messages_config.receive_partial_transcripts

    def request_params(self) -> dict[str, Any]:
        """The JSON value of a session object's `request_params`."""
        return self.model_dump(mode="json", exclude={"custom_metadata"})

    def recognition_params(self) -> dict[str, Any]:
        """As JSON what may matter to recognition: no callback, no metadata, nothing unknown."""
        known = self.model_copy(deep=True)
        for _, section in _sections(known):
            (section.model_extra or {}).clear()
        return known.model_dump(mode="json", exclude={"custom_metadata", "callback", "callback_config"})


def unknown_fields(request: LiveRequest) -> dict[str, JsonValue]:
    """What nobody knows, by its path: it is kept, shown, and changes nothing."""
    return {
        path + name: value
        for path, section in _sections(request)
        for name, value in (section.model_extra or {}).items()
    }


def misspelt_fields(request: LiveRequest) -> list[tuple[str, str]]:
    """Unknown fields that look like known ones: pairs of the path as sent and the path probably meant.

    A name that is right but in the wrong place is found too: `languages` for `language_config.languages`.
    """
    places: dict[str, str] = {}
    for path, section in _sections(_every_section()):
        for name in type(section).model_fields:
            places.setdefault(name, path + name)
    unknown = (
        (path, section, name) for path, section in _sections(request) for name in section.model_extra or ()
    )
    found = []
    for path, section, name in islice(unknown, _MOST_UNKNOWN_FIELDS_HINTED):
        close = get_close_matches(name, type(section).model_fields, n=1, cutoff=0.8)
        meant = path + close[0] if close else places.get(name)
        if meant is not None:
            found.append((path + name, meant))
    return found


def _every_section() -> LiveRequest:
    return LiveRequest(
        realtime_processing=RealtimeProcessing(
            custom_vocabulary_config=CustomVocabularyConfig(),
            custom_spelling_config=CustomSpellingConfig(),
            translation_config=TranslationConfig(),
        )
    )


def _sections(section: Section, path: str = "") -> Iterator[tuple[str, Section]]:
    yield path, section
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from _sections(value, f"{path}{name}.")
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                if isinstance(item, Section):
                    yield from _sections(item, f"{path}{name}.{index}.")


def _is_web_address(url: str | None) -> bool:
    if url is None:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
