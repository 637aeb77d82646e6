"""A message as it is told: its text, and who is to have it."""

from __future__ import annotations

from dataclasses import dataclass

from vivavoce.live.effects import Post


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is to have a message. Webhooks are told of the lifecycle whatever the callback asks for."""

    socket: bool
    callback: bool
    webhooks: bool = False

    @property
    def posted(self) -> bool:
        """Whether anybody is told by HTTP."""
        return self.callback or self.webhooks

    @property
    def empty(self) -> bool:
        return not (self.socket or self.posted)

    def __or__(self, other: Audience) -> Audience:
        return Audience(
            self.socket or other.socket, self.callback or other.callback, self.webhooks or other.webhooks
        )


@dataclass(frozen=True, slots=True)
class Message:
    """`text` is JSON; `type` is what it says there."""

    type: str
    text: str
    audience: Audience


def posts(*messages: Message | None) -> list[Post]:
    """The messages for those who are told by HTTP."""
    said = (message for message in messages if message is not None and message.audience.posted)
    return [
        Post(message.type, message.text, message.audience.callback, message.audience.webhooks)
        for message in said
    ]
