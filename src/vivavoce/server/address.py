"""Where clients reach this server: as configured, or as their request says."""

from __future__ import annotations

import re
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from fastapi import HTTPException
from starlette.requests import HTTPConnection, Request

from vivavoce.settings import Settings

_HOST = re.compile(r"[A-Za-z0-9._-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")
_PROXY_HEADERS = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there, in the address family of `host`. Raises `OSError`."""
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server((host, port), family=family)


def public_base(request: Request, settings: Settings) -> str:
    """The server's URL without a path, such as `https://speech.example.org`, as this client sees it.

    X-Forwarded-Proto and -Host count only when they come from a trusted proxy.
    """
    if settings.public_url:
        return settings.public_url
    scheme, host = request.url.scheme, request.headers.get("host", "")
    if _comes_from_a_trusted_proxy(request, settings):
        scheme = _first(request.headers.get("x-forwarded-proto")) or scheme
        host = _first(request.headers.get("x-forwarded-host")) or host
    if scheme not in ("http", "https") or not _HOST.fullmatch(host):
        raise HTTPException(400, "the Host header must name this server, such as speech.example.org:8080")
    return f"{scheme}://{host}"


def socket_url(base: str, token: str) -> str:
    """The URL of a session's WebSocket; `token` is its only credential."""
    return f"ws{base.removeprefix('http')}/v2/live?token={token}"


def is_local(request: Request) -> bool:
    """Whether the request was made on this machine and meant for it by name.

    A proxy on this machine passes on what others ask, and a web page may have its own host name resolve
    to this machine: neither is local.
    """
    forwarded = any(name in request.headers for name in _PROXY_HEADERS)
    return request.client is not None and all(
        (is_loopback(request.client.host), is_loopback(request.url.hostname or ""), not forwarded)
    )


def is_of_another_site(request: Request, settings: Settings) -> bool:
    """Whether a web page had the browser make the request that is neither this server's nor allowed to.

    Only browsers say which page it was, and they always do where it matters: without a key any page that is
    open on this machine could call a server of its own.
    """
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site") in ("cross-site", "same-site")
    return origin not in (f"{request.url.scheme}://{request.url.netloc}", *settings.allowed_origins)


def client_network(request: HTTPConnection, settings: Settings) -> IPv4Network | IPv6Network | None:
    """Whom to blame: the client's address, of IPv6 the /64 around it; None where there is no telling.

    X-Forwarded-For counts as far as trusted proxies wrote it: its last address that is not one of theirs.
    """
    address = _address(request.client.host if request.client else "")
    forwarded = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    while address and forwarded and any(address in network for network in settings.trusted_proxies):
        before = _address(forwarded.pop().strip())
        if before is None:
            break
        address = before
    if address is None:
        return None
    return ip_network((address, 32 if address.version == 4 else 64), strict=False)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _comes_from_a_trusted_proxy(request: Request, settings: Settings) -> bool:
    peer = _address(request.client.host if request.client else "")
    return peer is not None and any(peer in network for network in settings.trusted_proxies)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """The address, where an IPv4 one in IPv6's clothes is what it is."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.version == 6 and address.ipv4_mapped) or address


def _first(value: str | None) -> str:
    return (value or "").partition(",")[0].strip()
