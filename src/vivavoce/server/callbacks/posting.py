"""What is posted of a session, and where to: its messages to its callback, its lifecycle to webhooks."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from vivavoce.live.effects import Post
from vivavoce.live.message import posts
from vivavoce.live.outgoing import Outgoing
from vivavoce.protocol.requests import LiveRequest
from vivavoce.server.callbacks.urls import host_of
from vivavoce.storage.records import Destination, NewDelivery, Webhook


class Posting:
    """Makes deliveries of what one session posts."""

    def __init__(self, session_id: str, destinations: Sequence[Destination]) -> None:
        self._session_id = session_id
        self._destinations = destinations

    @property
    def has_webhooks(self) -> bool:
        return any(to.webhook_id is not None for to in self._destinations)

    def deliveries(self, posts: Iterable[Post]) -> list[NewDelivery]:
        """What is to be stored, in order."""
        now = datetime.now(UTC)
        return [
            NewDelivery(f"msg_{uuid.uuid4().hex}", to.id, f"live.{post.type}", self._body(post, to), now)
            for post in posts
            for to in self._destinations
            if (post.callback if to.webhook_id is None else post.webhooks)
        ]

    def closing(self, request: LiveRequest, at: datetime) -> list[NewDelivery]:
        """What is posted when the session ends and does not run."""
        outgoing = Outgoing(self._session_id, request, webhooks=self.has_webhooks)
        return self.deliveries(posts(outgoing.end_session(at.timestamp())))

    def _body(self, post: Post, to: Destination) -> str:
        # As the models `Callback` and `Webhook` are written, without parsing what may be long.
        if to.webhook_id is None:
            return f'{{"id":"{self._session_id}","event":"live.{post.type}","payload":{post.message}}}'
        return f'{{"event":"live.{post.type}","payload":{{"id":"{self._session_id}"}}}}'


def opening(
    session_id: str, request: LiveRequest, webhooks: Sequence[Webhook], created_at: datetime
) -> tuple[Sequence[Destination], Sequence[NewDelivery]]:
    """Where a new session posts to, and what it posts as it is created."""
    places = [(webhook.id, webhook.url) for webhook in webhooks]
    url = request.callback_config.url if request.callback else None
    destinations = [
        Destination(str(uuid.uuid4()), webhook_id, place, host_of(place))
        for webhook_id, place in ([(None, url), *places] if url else places)
    ]
    if not destinations:
        return (), ()
    outgoing = Outgoing(session_id, request, webhooks=bool(webhooks))
    opened = posts(outgoing.start_session(created_at.timestamp()))
    return destinations, Posting(session_id, destinations).deliveries(opened)
