"""Words as the session's settings want them, with the real model: live and stored."""

from __future__ import annotations

import asyncio
from contextlib import closing

from server.peers import PATIENCE, pieces
from speech import clip
from vivavoce import AsyncClient
from vivavoce.protocol.messages import TranscriptMessage
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.responses import SessionObject
from vivavoce.recognizers.phonemizer import Phonemizer
from vivavoce.server.wording import learn_vocabulary

FOX = clip("en", "quick_brown_fox")
SPELLING = {"Reynard": ["brown fox"], "ReX": ["the lazy dog"], "Hound": ["dog"]}
WRITTEN = FOX.text.replace("brown fox", "Reynard").replace("the lazy dog", "ReX")


def heard_and_stored(url: str, wanted: dict[str, object]) -> tuple[list[TranscriptMessage], SessionObject]:
    """What a session says about a sentence, and what is stored of it."""
    heard: list[TranscriptMessage] = []

    def hear(message: object) -> None:
        if isinstance(message, TranscriptMessage):
            heard.append(message)

    async def run() -> SessionObject:
        async with asyncio.timeout(PATIENCE), AsyncClient(base_url=url) as client:
            session = await client.live().start_session(
                endpointing=0.5,
                language_config={"languages": ["en"]},
                messages_config={"receive_partial_transcripts": True},
                realtime_processing=wanted,
            )
            session.on("message", hear)
            async with session:
                for piece in pieces(FOX.pcm() + bytes(16_000)):
                    await session.send_audio(piece)
            return await client.live().get(session.id)

    return heard, asyncio.run(run())


VOCABULARY = [{"value": "Braun-Fuchs", "pronunciations": ["brown fox"]}, "DOG", "Kubernetes"]
SAID = FOX.text.replace("brown fox", "Braun-Fuchs").replace("dog", "DOG")


def test_custom_spelling_holds_in_what_is_sent_and_what_is_stored(live_server: str) -> None:
    heard, stored = heard_and_stored(
        live_server,
        {"custom_spelling": True, "custom_spelling_config": {"spelling_dictionary": SPELLING}},
    )
    assert not any("brown fox" in message.data.utterance.text.lower() for message in heard)
    [final] = [message.data.utterance for message in heard if message.data.is_final]
    assert final.text.strip() == WRITTEN
    assert stored.result
    assert stored.result.transcription
    assert stored.result.transcription.full_transcript.strip() == WRITTEN
    [utterance] = stored.result.transcription.utterances
    assert utterance.words == final.words
    assert "Reynard" in [word.word.strip() for word in utterance.words]
    assert utterance.words[-1].end == utterance.end


def test_custom_vocabulary_holds_in_what_is_sent_and_what_is_stored(live_server: str) -> None:
    heard, stored = heard_and_stored(
        live_server,
        {"custom_vocabulary": True, "custom_vocabulary_config": {"vocabulary": VOCABULARY}},
    )
    [final] = [message.data.utterance for message in heard if message.data.is_final]
    assert final.text.strip() == SAID
    assert stored.result
    assert stored.result.transcription
    [utterance] = stored.result.transcription.utterances
    assert utterance.words == final.words
    assert not any("brown fox" in message.data.utterance.text.lower() for message in heard)
    assert "warnings" not in stored.post_session_metadata


def test_the_languages_of_a_vocabulary_are_at_hand_when_its_session_is_created() -> None:
    wanted = {"custom_vocabulary": True, "custom_vocabulary_config": {"vocabulary": ["Gladia"]}}
    request = LiveRequest.model_validate(
        {"language_config": {"languages": ["it", "pt"]}, "realtime_processing": wanted}
    )
    with closing(Phonemizer()) as phonemizer:
        learn_vocabulary(request, phonemizer)
        for language in ("ja", "ko", "is", "eu"):
            phonemizer.load(language)
        # All of its words are known by now.
        learn_vocabulary(request, phonemizer)
        for language in ("it", "pt"):
            assert phonemizer.sounds_at_hand(["mare"], language)
