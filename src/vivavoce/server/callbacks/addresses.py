"""Whether something may be posted to an address: to the public internet, and where the operator says.

Whoever may create a session names a URL, and the server must not be made to call for them what only it can
reach: itself, its neighbours, a cloud's metadata service.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
EVERYWHERE: Final[tuple[Network, ...]] = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))

# What IANA's registries of special-purpose addresses keep from global use, and multicast; 192.88.99.0/24 and
# all of 2001::/23 too, whatever is assigned there.
_SPECIAL: Final = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)
# Everything else is no global unicast: loopback, link-local, unique local, multicast, NAT64.
_GLOBAL: Final = IPv6Network("2000::/3")
# Tunnels hold an IPv4 address that the far end would call.
_SPECIAL_6: Final = tuple(
    map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"))
)


def may_be_called(address: Address, allowed: Sequence[Network] = ()) -> bool:
    """Whether `address` is public, or in one of the networks that the operator has `allowed`."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if any(address in network for network in allowed):
        return True
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL)
    scoped = address.scope_id is not None
    return not scoped and address in _GLOBAL and not any(address in network for network in _SPECIAL_6)
