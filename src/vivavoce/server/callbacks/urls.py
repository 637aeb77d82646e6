"""The URL of a callback or webhook: what can be said of it without asking anybody."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import ip_address

import httpx

from vivavoce.server.callbacks.addresses import Address, Network, may_be_called

_LONGEST = 2048
_PORTS = {"http": 80, "https": 443}


def problem_with(url: str, allowed: Sequence[Network]) -> str | None:
    """What is wrong with `url`, in words that follow "must"; None where it may be posted to, as it seems."""
    if len(url) > _LONGEST:
        return f"must be at most {_LONGEST} characters long, not {len(url)}"
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if parsed.scheme not in _PORTS or not parsed.host:
        return "must be an http:// or https:// address"
    if parsed.userinfo:
        return "must not hold a user name or a password: put a token into its path or query"
    address = literal_address(parsed.host)
    if address is not None and not may_be_called(address, allowed):
        return (
            f"must not be at {parsed.host}, which is no public address, unless the server's operator allows "
            "it with VIVAVOCE_CALLBACK_ALLOW"
        )
    return None


def host_of(url: str) -> str:
    """The host and the port that `url`, with which there is no problem, is at."""
    parsed = httpx.URL(url)
    return f"{parsed.host}:{parsed.port or _PORTS[parsed.scheme]}"


def literal_address(host: str) -> Address | None:
    """The address that `host` is without being looked up, however it is written; None for a name."""
    if host == "localhost" or host.endswith((".localhost", "localhost.")):
        host = "127.0.0.1"
    try:
        found = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None
    return ip_address(str(found[0][4][0]))
