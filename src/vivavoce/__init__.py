"""A live speech-to-text server that you run yourself, and its client."""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vivavoce.client.async_client import AsyncClient as AsyncClient
    from vivavoce.client.async_session import AsyncSession as AsyncSession
    from vivavoce.client.client import Client as Client
    from vivavoce.client.session import Session as Session
    from vivavoce.errors import ApiError as ApiError
    from vivavoce.errors import AuthenticationError as AuthenticationError
    from vivavoce.errors import LimitError as LimitError
    from vivavoce.errors import NotFoundError as NotFoundError
    from vivavoce.errors import ServerUnreachable as ServerUnreachable
    from vivavoce.errors import SessionClosed as SessionClosed
    from vivavoce.errors import VivavoceError as VivavoceError
    from vivavoce.protocol.requests import LiveRequest as LiveRequest

# ONNX Runtime would note an identifier of the machine, and report to its makers; it looks when it is loaded.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# Loaded at first use: `import vivavoce` alone costs nothing.
_HOMES = {
    "AsyncClient": "vivavoce.client.async_client",
    "AsyncSession": "vivavoce.client.async_session",
    "Client": "vivavoce.client.client",
    "Session": "vivavoce.client.session",
    "ApiError": "vivavoce.errors",
    "AuthenticationError": "vivavoce.errors",
    "LimitError": "vivavoce.errors",
    "NotFoundError": "vivavoce.errors",
    "ServerUnreachable": "vivavoce.errors",
    "SessionClosed": "vivavoce.errors",
    "VivavoceError": "vivavoce.errors",
    "LiveRequest": "vivavoce.protocol.requests",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
