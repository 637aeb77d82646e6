"""Words as the session's settings want them, with the real model: live and stored."""

from __future__ import annotations

import asyncio

from server.peers import PATIENCE, pieces
from speech import clip
from vivavoce import AsyncClient
from vivavoce.protocol.messages import TranscriptMessage
from vivavoce.protocol.responses import SessionObject

FOX = clip("en", "quick_brown_fox")
SPELLING = {"Reynard": ["brown fox"], "ReX": ["the lazy dog"], "Hound": ["dog"]}
WRITTEN = FOX.text.replace("brown fox", "Reynard").replace("the lazy dog", "ReX")


def test_custom_spelling_holds_in_what_is_sent_and_what_is_stored(live_server: str) -> None:
    heard: list[TranscriptMessage] = []

    def hear(message: object) -> None:
        if isinstance(message, TranscriptMessage):
            heard.append(message)

    async def run() -> SessionObject:
        async with asyncio.timeout(PATIENCE), AsyncClient(base_url=live_server) as client:
            session = await client.live().start_session(
                endpointing=0.5,
                language_config={"languages": ["en"]},
                messages_config={"receive_partial_transcripts": True},
                realtime_processing={
                    "custom_spelling": True,
                    "custom_spelling_config": {"spelling_dictionary": SPELLING},
                },
            )
            session.on("message", hear)
            async with session:
                for piece in pieces(FOX.pcm() + bytes(16_000)):
                    await session.send_audio(piece)
            return await client.live().get(session.id)

    stored = asyncio.run(run())
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
