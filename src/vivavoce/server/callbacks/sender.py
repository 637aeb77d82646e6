"""One attempt to deliver: a signed POST, and no trust in whoever answers."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from types import TracebackType
from typing import Final, Self

import certifi
import httpcore
import httpx
from standardwebhooks import Webhook

from vivavoce.server.callbacks.addresses import Network
from vivavoce.server.callbacks.network import Forbidden, GuardedBackend, Resolve, resolve
from vivavoce.server.callbacks.reasons import reason
from vivavoce.server.callbacks.retrying import Answer, Failure
from vivavoce.storage.records import DueDelivery

_LARGE_BODY: Final = 64 * 1024
"""Characters; to sign more holds up the event loop."""
_LONGEST_REASON: Final = 200
_TIME_TO_READ: Final = 1.0
_IDLE_CONNECTIONS: Final = 64
_IDLE_FOR: Final = 5.0


class Sender:
    """Posts over connections that it keeps for a while. There are no redirects, cookies or proxies.

    `timeout`: seconds from looking up the host to the status of the answer.
    """

    def __init__(
        self, allowed: Sequence[Network], timeout: float, connections: int, resolve: Resolve = resolve
    ) -> None:
        self._timeout = timeout
        self._backend = GuardedBackend(allowed, resolve)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=_tls(),
            max_connections=connections,
            max_keepalive_connections=_IDLE_CONNECTIONS,
            keepalive_expiry=_IDLE_FOR,
            network_backend=self._backend,
        )
        self._agent = f"vivavoce/{version('vivavoce')}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.aclose()
        self._backend.close()

    async def post(self, delivery: DueDelivery) -> Answer | Failure:
        """Try once. What the receiver says after its status is passed over."""
        try:
            return await self._post(delivery)
        except TimeoutError:
            return Failure("timeout", f"no answer within {self._timeout:g} s")
        except Forbidden as error:
            return Failure("forbidden", str(error))
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            return Failure("network", reason(error, delivery.url)[:_LONGEST_REASON])

    async def _post(self, delivery: DueDelivery) -> Answer:
        url = httpx.URL(delivery.url)
        at = datetime.now(UTC)
        signer = Webhook(delivery.secret)
        if len(delivery.body) > _LARGE_BODY:
            signature = await asyncio.to_thread(signer.sign, delivery.id, at, delivery.body)
        else:
            signature = signer.sign(delivery.id, at, delivery.body)
        body = delivery.body.encode()
        headers = [
            ("Host", url.netloc.decode("ascii")),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("User-Agent", self._agent),
            ("webhook-id", delivery.id),
            ("webhook-timestamp", str(int(at.timestamp()))),
            ("webhook-signature", signature),
        ]
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        request = httpcore.Request("POST", target, headers=headers, content=body)
        async with asyncio.timeout(self._timeout):
            response = await self._pool.handle_async_request(request)
        # If there is more than may be said, or it is slow to come, the connection ends with this.
        async with aclosing(response):
            with suppress(httpcore.NetworkError, httpcore.ProtocolError, TimeoutError):
                async with asyncio.timeout(_TIME_TO_READ):
                    async for _ in response.aiter_stream():
                        pass
        return Answer(response.status, _header(response, b"retry-after"))


def _header(response: httpcore.Response, name: bytes) -> str | None:
    found = [value for key, value in response.headers if key.lower() == name]
    return found[0].decode("latin-1") if found else None


def _tls() -> ssl.SSLContext:
    """Trusts whom the system trusts; not every system comes with authorities."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
