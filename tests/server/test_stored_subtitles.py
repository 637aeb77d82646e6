"""Sentences and subtitles of what was said, with the real model."""

from __future__ import annotations

import asyncio
import re

from server.peers import PATIENCE, pieces
from speech import clip
from vivavoce import AsyncClient
from vivavoce.protocol.responses import SessionObject

FOX = clip("en", "quick_brown_fox")


def test_a_session_has_the_sentences_and_subtitles_that_it_asks_for(live_server: str) -> None:
    async def run() -> SessionObject:
        async with asyncio.timeout(PATIENCE), AsyncClient(base_url=live_server) as client:
            session = await client.live().start_session(
                endpointing=0.5,
                language_config={"languages": ["en"]},
                post_processing={
                    "sentences": True,
                    "subtitles": True,
                    "subtitles_config": {"formats": ["srt", "vtt"], "maximum_characters_per_row": 24},
                },
            )
            async with session:
                for piece in pieces(FOX.pcm() + bytes(16_000)):
                    await session.send_audio(piece)
            return await client.live().get(session.id)

    stored = asyncio.run(run())
    assert stored.result
    assert stored.result.transcription
    assert stored.result.transcription.sentences
    [sentences] = stored.result.transcription.sentences
    assert sentences.results == (FOX.text,)
    assert stored.result.transcription.subtitles
    srt, vtt = stored.result.transcription.subtitles
    assert (srt.format, vtt.format) == ("srt", "vtt")
    assert vtt.subtitles.startswith("WEBVTT\n\n")
    first, times, *lines = srt.subtitles.strip().split("\n")
    assert first == "1"
    assert re.fullmatch(r"00:00:0\d,\d{3} --> 00:00:0\d,\d{3}", times)
    assert len(lines) == 2
    assert max(map(len, lines)) <= 24
    assert " ".join(lines) == FOX.text
