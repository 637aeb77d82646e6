"""Bodies as other people's clients send them to POST /v2/live."""

from typing import Any

import pytest
from gladiaio_sdk.v2.live.generated_types import (
    LiveV2CustomVocabularyConfig,
    LiveV2CustomVocabularyEntry,
    LiveV2InitRequest,
    LiveV2LanguageConfig,
    LiveV2MessagesConfig,
    LiveV2RealtimeProcessingConfig,
)

from vivavoce.protocol import LiveRequest

PIPECAT: dict[str, Any] = {
    "encoding": "wav/pcm",
    "bit_depth": 16,
    "sample_rate": 16000,
    "channels": 1,
    "model": "solaria-1",
    "custom_metadata": {"pipecat": "1.0.0"},
    "maximum_duration_without_endpointing": 5,
}
PIPECAT_WITH_EVERYTHING: dict[str, Any] = {
    **PIPECAT,
    "endpointing": 0.2,
    "language_config": {"languages": ["jv", "en"], "code_switching": True},
    "pre_processing": {"speech_threshold": 0.8},
    "realtime_processing": {
        "words_accurate_timestamps": True,
        "custom_vocabulary": True,
        "custom_vocabulary_config": {
            "vocabulary": ["Pipecat", {"value": "Daily", "intensity": 0.8}],
            "default_intensity": 0.4,
        },
        "custom_spelling": True,
        "custom_spelling_config": {"spelling_dictionary": {"SQL": ["sequel"]}},
        "translation": True,
        "translation_config": {"target_languages": ["fr"], "model": "enhanced", "informal": True},
        "named_entity_recognition": False,
        "sentiment_analysis": False,
    },
    "messages_config": {"receive_partial_transcripts": True, "receive_acknowledgments": True},
}
LIVEKIT: dict[str, Any] = {
    "encoding": "wav/pcm",
    "sample_rate": 16000,
    "model": "solaria-1",
    "endpointing": 0.05,
    "maximum_duration_without_endpointing": 5,
    "bit_depth": 16,
    "channels": 1,
    "language_config": {"languages": [], "code_switching": True},
    "realtime_processing": {"words_accurate_timestamps": False},
    "messages_config": {"receive_partial_transcripts": True, "receive_final_transcripts": True},
    "custom_metadata": {"livekit": "1.2.0"},
    "pre_processing": {"audio_enhancer": False, "speech_threshold": 0.6},
}
LIVEKIT_WITH_TRANSLATION: dict[str, Any] = {
    **LIVEKIT,
    "region": "eu-west",
    "realtime_processing": {
        "words_accurate_timestamps": False,
        "custom_vocabulary": True,
        "custom_vocabulary_config": {"vocabulary": ["LiveKit", {"value": "Agents"}]},
        "translation": True,
        "translation_config": {
            "target_languages": ["en"],
            "model": "base",
            "match_original_utterances": True,
            "lipsync": True,
            "context_adaptation": False,
            "informal": False,
            "context": "a support call",
        },
    },
}
WITH_OLDER_FIELDS: dict[str, Any] = {
    "model": "accurate",
    "encoding": "wav/ulaw",
    "bit_depth": 16,
    "sample_rate": 8000,
    "callback_config": {"url": "https://example.org/hook", "method": "POST"},
    "custom_metadata": None,
    "post_processing": None,
}


@pytest.mark.parametrize(
    "body", [PIPECAT, PIPECAT_WITH_EVERYTHING, LIVEKIT, LIVEKIT_WITH_TRANSLATION, WITH_OLDER_FIELDS]
)
def test_the_body_is_accepted(body: dict[str, Any]) -> None:
    request = LiveRequest.model_validate(body)
    assert request.sample_rate == body["sample_rate"]
    assert request.model == body["model"]


def test_the_official_sdks_body_is_accepted() -> None:
    sent = LiveV2InitRequest(
        language_config=LiveV2LanguageConfig(languages=["en", "fr"], code_switching=True),
        realtime_processing=LiveV2RealtimeProcessingConfig(
            custom_vocabulary=True,
            custom_vocabulary_config=LiveV2CustomVocabularyConfig(
                vocabulary=[
                    "Gladia",
                    LiveV2CustomVocabularyEntry(value="Solaria", pronunciations=["so laria"]),
                ]
            ),
        ),
        messages_config=LiveV2MessagesConfig(receive_partial_transcripts=True),
    )
    request = LiveRequest.model_validate(sent.to_dict())
    assert request.language_config.languages == ("en", "fr")
    assert request.messages_config.receive_partial_transcripts
    config = request.realtime_processing.custom_vocabulary_config
    assert config is not None
    assert [entry.value for entry in config.vocabulary] == ["Gladia", "Solaria"]
