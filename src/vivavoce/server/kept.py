"""What is left of a session when the server starts again."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from vivavoce.live.record import Told
from vivavoce.protocol.add_ons import AddOnResult
from vivavoce.protocol.messages import (
    AddonMessage,
    AudioChunkAckMessage,
    EndRecordingMessage,
    Message,
    NamedEntityRecognitionMessage,
    PostChapterizationMessage,
    PostSummarizationMessage,
    PostTranscriptMessage,
    SentimentAnalysisMessage,
    TranscriptMessage,
    TranslationMessage,
    UnknownMessage,
)
from vivavoce.protocol.stream import Final
from vivavoce.server.stored import messages_of
from vivavoce.storage.records import StoredSession
from vivavoce.storage.stores import Storage

_OF_FINALS = (TranslationMessage, NamedEntityRecognitionMessage, SentimentAnalysisMessage)
_OF_THE_END = (
    EndRecordingMessage,
    PostTranscriptMessage,
    PostSummarizationMessage,
    PostChapterizationMessage,
)

Key = tuple[str, str, str]
"""As that of an `AddOnResult`."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a session had stored when the server stopped: its finals, those sent already and the others; the
    results of its add-ons, and those of them that were not sent; and what was `told`, in order.

    `acknowledged`: bytes of its log that there must be.
    """

    sent: Sequence[Final] = ()
    unsent: Sequence[Final] = ()
    results: Sequence[AddOnResult] = ()
    unsent_results: Sequence[AddOnResult] = ()
    told: Sequence[Told] = ()
    acknowledged: int = 0

    @property
    def finals(self) -> Sequence[Final]:
        return [*self.sent, *self.unsent]

    @classmethod
    async def of(cls, stored: StoredSession, storage: Storage) -> Kept:
        """Raises StorageError."""
        said = _Said()
        async for part in storage.sessions.messages(stored.id):
            await asyncio.to_thread(said.read, part)
        finals = await storage.sessions.finals(stored.id)
        results = await storage.sessions.add_ons(stored.id)
        return cls(
            [final for final in finals if final.utterance.id in said.finals],
            [final for final in finals if final.utterance.id not in said.finals],
            results,
            [result for result in results if result.utterance_id and not said.has(result)],
            said.told,
            max([stored.audio_bytes, said.acknowledged, *(final.resume_offset for final in finals)]),
        )


@dataclass(slots=True)
class _Said:
    """What stored messages tell of: finals, add-ons, the end; and where acknowledged audio ends."""

    finals: set[str] = field(default_factory=set)
    told: list[Told] = field(default_factory=list)
    acknowledged: int = 0
    _results: set[Key] = field(default_factory=set)
    _errors: Counter[str] = field(default_factory=Counter)

    def read(self, texts: Sequence[str]) -> None:
        for text, message in zip(texts, messages_of(texts), strict=True):
            self._read(text, message)

    def has(self, result: AddOnResult) -> bool:
        """Whether it was told. Errors do not say of what they are: to be asked once for each, in order."""
        if result.error is None:
            return result.key in self._results
        self._errors[result.name] -= 1
        return self._errors[result.name] >= 0

    def _read(self, text: str, message: Message | UnknownMessage) -> None:
        match message:
            case AudioChunkAckMessage(data=data) if data:
                self.acknowledged = max(self.acknowledged, data.byte_range[1])
            case TranscriptMessage(data=data) if data.is_final:
                self.finals.add(data.id)
                self.told.append(Told(message.type, text, data.utterance.end))
            case AddonMessage(error=error) if error and isinstance(message, _OF_FINALS):
                self._errors[message.type] += 1
            case TranslationMessage(data=data) if data:
                self._results.add((message.type, data.utterance_id, data.target_language))
                self.told.append(Told(message.type, text, data.utterance.end))
            case NamedEntityRecognitionMessage(data=data) | SentimentAnalysisMessage(data=data) if data:
                self._results.add((message.type, data.utterance_id, ""))
                self.told.append(Told(message.type, text, data.utterance.end))
            case _ if isinstance(message, _OF_THE_END):
                self.told.append(Told(message.type, text))
