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
    Key,
    Message,
    NamedEntityRecognitionMessage,
    SentimentAnalysisMessage,
    TranscriptMessage,
    TranslationMessage,
    UnknownMessage,
    key_of,
)
from vivavoce.protocol.stream import Final
from vivavoce.server.stored import messages_of, of_finals
from vivavoce.storage.records import StoredSession
from vivavoce.storage.stores import Storage

_OF_FINALS = (TranslationMessage, NamedEntityRecognitionMessage, SentimentAnalysisMessage)
# A session that was taken up again has not ended yet, whatever it had said.
_OF_ITS_END = ("post_final_transcript", "end_session")


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
            [final for final in finals if said.has_final(final)],
            [final for final in finals if not said.has_final(final)],
            results,
            [each for each in of_finals(stored.id, results, finals) if not said.has(each)],
            said.told,
            max([stored.audio_bytes, said.acknowledged, *(final.resume_offset for final in finals)]),
        )


@dataclass(slots=True)
class _Said:
    """What stored messages tell of: finals, add-ons, the end; and where acknowledged audio ends."""

    told: list[Told] = field(default_factory=list)
    acknowledged: int = 0
    _keys: set[Key] = field(default_factory=set)
    _errors: Counter[str] = field(default_factory=Counter)

    def read(self, texts: Sequence[str]) -> None:
        for text, message in zip(texts, messages_of(texts), strict=True):
            self._read(text, message)

    def has_final(self, final: Final) -> bool:
        return ("transcript", final.utterance.id, "") in self._keys

    def has(self, result: AddOnResult) -> bool:
        """Whether it was told. Errors do not say of what they are: to be asked once for each, in order."""
        if result.error is None:
            return result.key in self._keys
        self._errors[result.name] -= 1
        return self._errors[result.name] >= 0

    def _read(self, text: str, message: Message | UnknownMessage) -> None:
        match message:
            case AudioChunkAckMessage(data=data) if data:
                self.acknowledged = max(self.acknowledged, data.byte_range[1])
            case AddonMessage(error=error) if error and isinstance(message, _OF_FINALS):
                self._errors[message.type] += 1
            case _ if (key := key_of(message)) and message.type not in _OF_ITS_END:
                self._keys.add(key)
                self.told.append(Told(message.type, text, _until(message)))


def _until(message: Message | UnknownMessage) -> float | None:
    """The second up to which a message of a final speaks."""
    if isinstance(message, (TranscriptMessage, *_OF_FINALS)) and message.data:
        return message.data.utterance.end
    return None
