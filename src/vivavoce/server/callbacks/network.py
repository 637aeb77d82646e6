"""Connections of what is posted: to addresses that were checked, and to no others.

A name is looked up here and the connection is made to the address that was found and allowed, so it does not
matter what the name means a moment later.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import ip_address
from typing import Any, Final

import httpcore

from vivavoce.server.callbacks.addresses import Address, Network, may_be_called

Resolve = Callable[[str, int], Sequence[Address]]
"""The addresses of a host; blocks. Raises `OSError` and `UnicodeError`."""

# Looking up may hang for as long as a name's servers please; a host is looked up once at a time.
_LOOK_UPS: Final = 16
_MOST_ADDRESSES: Final = 4
_READ_AT_ONCE: Final = 1024
_MOST_SAID: Final = 64 * 1024
_TIME_TO_CONNECT: Final = 5.0
"""Seconds for each address."""


class Forbidden(httpcore.ConnectError):
    """None of the host's addresses may be called."""


class NoAddress(httpcore.ConnectError):
    """The host's name means nothing."""


def resolve(host: str, port: int) -> Sequence[Address]:
    """The addresses of a host, in the order in which to try them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(address[0])) for *_, address in found))


class BoundedStream(httpcore.AsyncNetworkStream):
    """A connection whose other end has only so much to say after each request, and is read in small pieces.

    What is read at once is parsed at once: thousands of headers, chunks or interim answers in one piece would
    hold up the event loop.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._left = _MOST_SAID

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        if self._left <= 0:
            raise httpcore.ReadError(f"the answer is longer than {_MOST_SAID} bytes")
        data = await self._stream.read(min(max_bytes, _READ_AT_ONCE), timeout)
        self._left -= len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self._left = _MOST_SAID
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        return BoundedStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects where it is allowed; httpcore does the rest, TLS for the host's name included."""

    def __init__(self, allowed: Sequence[Network], resolve: Resolve = resolve) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._wire = httpcore.AnyIOBackend()
        self._threads = ThreadPoolExecutor(_LOOK_UPS, "look up")
        self._looking: dict[tuple[str, int], asyncio.Future[Sequence[Address]]] = {}

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises `Forbidden`, `NoAddress`, and whatever httpcore raises."""
        found = await self._look_up(host, port)
        addresses = [address for address in found if may_be_called(address, self._allowed)]
        problem: Exception = Forbidden(_forbidden(host, found))
        for address in addresses[:_MOST_ADDRESSES]:
            try:
                return BoundedStream(
                    await self._wire.connect_tcp(
                        str(address), port, timeout or _TIME_TO_CONNECT, local_address, socket_options
                    )
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem

    def close(self) -> None:
        """Look nothing up any more. What is being looked up is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _look_up(self, host: str, port: int) -> Sequence[Address]:
        place = (host, port)
        looking = self._looking.get(place)
        if looking is None:
            loop = asyncio.get_running_loop()
            looking = loop.run_in_executor(self._threads, self._resolve, host, port)
            self._looking[place] = looking
            looking.add_done_callback(partial(self._looked, place))
        try:
            # Others may wait for it too.
            return await asyncio.shield(looking)
        except OSError as error:
            raise NoAddress(f"{host} cannot be looked up: {error.strerror or error}") from error
        except UnicodeError as error:
            raise NoAddress(f"{host} cannot be looked up: {error}") from error

    def _looked(self, place: tuple[str, int], done: asyncio.Future[Sequence[Address]]) -> None:
        del self._looking[place]
        if not done.cancelled():
            done.exception()  # All who waited may have given up.


def _forbidden(host: str, found: Sequence[Address]) -> str:
    """Why none of the addresses that were found is called."""
    places = [str(address) for address in found[:_MOST_ADDRESSES]]
    where = f"{host} is" if host in places else f"{host} is at {' and '.join(places)}: that is"
    return f"{where} no public address, and VIVAVOCE_CALLBACK_ALLOW does not allow it"
