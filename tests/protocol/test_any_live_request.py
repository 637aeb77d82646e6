"""Any request that is valid survives its own JSON."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.protocol import TRANSCRIPTION_LANGUAGES, TRANSLATION_LANGUAGES, LiveRequest
from vivavoce.protocol.requests import MessagesConfig

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
terms = texts.filter(lambda text: any(map(str.isalnum, text)))
fractions = st.floats(0, 1)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


def objects(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects with some of these fields, some of them null."""
    return st.fixed_dictionaries({}, optional={name: value | st.none() for name, value in fields.items()})


switches = {name: st.booleans() for name in MessagesConfig.model_fields}
spoken = st.lists(st.sampled_from(sorted(TRANSCRIPTION_LANGUAGES)), max_size=3)
entries = objects(
    intensity=fractions,
    pronunciations=st.lists(terms, max_size=2),
    language=st.sampled_from(sorted(TRANSCRIPTION_LANGUAGES)),
).flatmap(lambda entry: terms.map(lambda value: {**entry, "value": value}))
bodies = objects(
    encoding=st.sampled_from(["wav/pcm", "wav/alaw", "wav/ulaw"]),
    bit_depth=st.sampled_from([8, 16, 24, 32]),
    sample_rate=st.sampled_from([8000, 16000, 32000, 44100, 48000]),
    channels=st.integers(1, 8),
    model=texts,
    custom_metadata=st.dictionaries(texts, json_values, max_size=2),
    endpointing=st.floats(0.01, 10),
    maximum_duration_without_endpointing=st.integers(5, 60) | st.floats(5, 60),
    language_config=objects(languages=spoken, code_switching=st.booleans()),
    pre_processing=objects(audio_enhancer=st.booleans(), speech_threshold=fractions),
    realtime_processing=objects(
        custom_vocabulary_config=objects(
            vocabulary=st.lists(terms | entries, max_size=3), default_intensity=fractions
        ),
        custom_spelling_config=objects(
            spelling_dictionary=st.dictionaries(terms, st.lists(terms, min_size=1, max_size=2), max_size=1)
        ),
        translation_config=objects(
            target_languages=st.lists(st.sampled_from(sorted(TRANSLATION_LANGUAGES)), max_size=3),
            model=st.sampled_from(["base", "batch", "enhanced"]),
            context=texts,
            informal=st.booleans(),
        ),
        named_entity_recognition=st.booleans(),
        words_accurate_timestamps=st.booleans(),
    ),
    post_processing=objects(
        summarization=st.booleans(),
        chapterization=st.booleans(),
        sentences=st.booleans(),
        subtitles=st.booleans(),
        subtitles_config=objects(
            formats=st.lists(st.sampled_from(["srt", "vtt"]), min_size=1, max_size=3),
            minimum_duration=st.floats(0, 7),
            maximum_duration=st.integers(7, 30) | st.floats(7, 30),
            maximum_characters_per_row=st.integers(1, 500),
            maximum_rows_per_caption=st.integers(1, 5),
            style=st.sampled_from(["default", "compliance"]),
        ),
    ),
    messages_config=objects(**switches),
    callback=st.just(False),
    callback_config=objects(url=texts, **switches),
    an_unknown_field=json_values,
)


@settings(deadline=None)
@given(bodies)
def test_any_request_survives_its_own_json(body: dict[str, Any]) -> None:
    request = LiveRequest.model_validate_json(json.dumps(body))
    assert LiveRequest.model_validate_json(request.model_dump_json()) == request
    assert LiveRequest.model_validate(request.model_dump(mode="json")) == request
