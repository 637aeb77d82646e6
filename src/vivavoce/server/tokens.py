"""Who tries session tokens that nobody has waits at the door, at little cost; who has one never does."""

from __future__ import annotations

import time
from collections.abc import Iterable

import structlog
from starlette.datastructures import QueryParams
from starlette.requests import HTTPConnection
from starlette.types import Scope

from vivavoce.server.address import client_network
from vivavoce.server.guessing import Address, Guessing
from vivavoce.settings import Settings

_log = structlog.get_logger(__name__)


class Tokens:
    """Counts wrong tokens by the address that they came from, as `Guessing` does keys. On the event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._guessing = Guessing()

    def wait(self, scope: Scope) -> float:
        """Seconds until the token of this request for a WebSocket is looked at; 0.0 for now."""
        return self._guessing.wait(self._address(scope), token_of(scope), time.monotonic())

    def right(self, token: str) -> None:
        """A session has it."""
        self._guessing.right(token)

    def are_right(self, hashes: Iterable[str]) -> None:
        """Sessions have tokens with these hashes: the last ones are remembered the longest."""
        for each in hashes:
            self._guessing.remember(each)

    def wrong(self, scope: Scope) -> None:
        """That of this socket is no session's, or not any more."""
        address, token, now = self._address(scope), token_of(scope), time.monotonic()
        self._guessing.wrong(address, token, now)
        if self._guessing.wait(address, token, now):
            _log.warning("too_many_wrong_tokens", address=str(address))

    def _address(self, scope: Scope) -> Address:
        return client_network(HTTPConnection(scope), self._settings)


def token_of(scope: Scope) -> str:
    """The token that a request for a WebSocket names, or nothing."""
    return QueryParams(scope["query_string"]).get("token", "")
