"""What add-ons come to, as it is kept: of one final, or of a whole session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from pydantic import JsonValue

from vivavoce.protocol.responses import AddonError

LiveAddOn = Literal["translation", "named_entity_recognition", "sentiment_analysis"]
"""Add-ons that say something of each final."""

PostAddOn = Literal["summarization", "chapterization"]
"""Add-ons that say something of the whole session, after its last final."""

END_RECORDING: Final = "end_recording"
POST_TRANSCRIPT: Final = "post_transcript"
"""Steps of a session's end that only say something: they are kept, so that it is said once."""


@dataclass(frozen=True, slots=True)
class AddOnResult:
    """`results`, as JSON, or the `error`; `exec_time` in seconds.

    `name` is the add-on's as the request names it, or a step's. `utterance_id` is that of the final, and
    empty for what is said of the whole session; `target` is the language of a translation.

    `results` are, by name: a list of entities, a list of sentiments, a translated utterance (of the whole: a
    list of them), a summary, a list of chapters.
    """

    name: str
    utterance_id: str = ""
    target: str = ""
    results: JsonValue = None
    error: AddonError | None = None
    exec_time: float = 0.0

    @property
    def key(self) -> tuple[str, str, str]:
        """What there is one of in a session."""
        return self.name, self.utterance_id, self.target
