"""Slows down who tries keys that do not work: a few wrong ones at once, then one every few seconds.

What is said of API keys here holds for the tokens of sessions, too.
"""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv4Network, IPv6Network

from vivavoce.storage.sessions import hash_secret

AT_ONCE = 10
"""Wrong keys that an address may send before it has to wait."""
EVERY = 6.0
"""Seconds after which one of them is forgotten."""

# Those that were wrong, and those that were right, the longest ago make room.
MOST_ADDRESSES = 10_000
MOST_KEYS = 10_000

Address = IPv4Network | IPv6Network | None
"""Of an IPv6 address the /64, which one customer has whole; None where there is no telling."""


class Guessing:
    """Knows the addresses that sent wrong keys. `now` is in seconds, of any clock that does not go back.

    While an address has to wait, its keys are not looked at, right or wrong: there is nothing to learn and
    little to do. The exception are keys that have worked before: one machine with an old key does not shut
    out the others behind the same address.
    """

    def __init__(self) -> None:
        # When all that was wrong from there is forgotten.
        self._forgotten: OrderedDict[Address, float] = OrderedDict()
        self._worked: OrderedDict[str, None] = OrderedDict()

    def wait(self, address: Address, key: str, now: float) -> float:
        """Seconds until a key from there is looked at; 0.0 for now."""
        forgotten = self._forgotten.get(address, now)
        seconds = forgotten - now - (AT_ONCE - 1) * EVERY
        return 0.0 if seconds <= 0.0 or hash_secret(key) in self._worked else seconds

    def right(self, key: str) -> None:
        """The key has been looked at and works."""
        self.remember(hash_secret(key))

    def remember(self, hashed: str) -> None:
        """The key with this hash works."""
        self._worked[hashed] = None
        self._worked.move_to_end(hashed)
        if len(self._worked) > MOST_KEYS:
            self._worked.popitem(last=False)

    def wrong(self, address: Address, key: str, now: float) -> None:
        """The key has been looked at and does not work, or does not any more."""
        self._worked.pop(hash_secret(key), None)
        forgotten = max(self._forgotten.get(address, now), now) + EVERY
        # Keys that were looked at together may have been more than allowed.
        self._forgotten[address] = min(forgotten, now + AT_ONCE * EVERY)
        self._forgotten.move_to_end(address)
        if len(self._forgotten) > MOST_ADDRESSES:
            self._forgotten.popitem(last=False)
