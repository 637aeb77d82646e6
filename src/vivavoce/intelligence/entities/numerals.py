"""English number words: what they count, one number after another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from vivavoce.intelligence.entities.reading import Token

ONES: Final = {
    word: number
    for number, word in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"], start=1
    )
}
TEENS: Final = {
    word: number
    for number, word in enumerate(
        [
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ],
        start=10,
    )
}
TENS: Final = {
    word: 10 * number
    for number, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
} | {"fourty": 40}
SCALES: Final = {"thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000}
ORDINALS: Final = {
    word: number
    for number, word in enumerate(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
            "thirteenth",
            "fourteenth",
            "fifteenth",
            "sixteenth",
            "seventeenth",
            "eighteenth",
            "nineteenth",
            "twentieth",
        ],
        start=1,
    )
} | {"thirtieth": 30}
_ZEROS: Final = frozenset({"zero", "oh", "o", "nought"})
_REPEATS: Final = {"double": 2, "triple": 3}
_WRITTEN: Final = re.compile(r"\d+")
_LARGEST: Final = 10**12


@dataclass(frozen=True, slots=True)
class Item:
    """A number of `length` tokens. `written`: the recogniser wrote it in digits."""

    digits: str
    length: int
    trail: str
    written: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """Numbers with nothing between them but commas."""

    items: tuple[Item, ...]

    @property
    def length(self) -> int:
        return sum(item.length for item in self.items)

    @staticmethod
    def groups(items: Sequence[Item]) -> list[list[Item]]:
        """Between commas."""
        found: list[list[Item]] = [[]]
        for item in items:
            found[-1].append(item)
            if item.trail:
                found.append([])
        return [group for group in found if group]

    @staticmethod
    def spells(items: Sequence[Item]) -> bool:
        """Whether the numbers are digits of one string, rather than a list of amounts."""
        return sum(len(item.digits) == 1 for item in items) * 2 > len(items) or all(
            2 <= len(item.digits) <= 4 and item.written for item in items
        )


def numeral_parts(token: Token) -> list[str]:
    return token.lower.split("-")


def run_at(tokens: Sequence[Token], index: int) -> Run | None:
    items: list[Item] = []
    while index < len(tokens):
        item = _item(tokens, index, begun=bool(items))
        if item is None:
            break
        items.append(item)
        index += item.length
        if item.trail not in {"", ",", "-"}:
            break
    return Run(tuple(items)) if items else None


def _item(tokens: Sequence[Token], index: int, *, begun: bool) -> Item | None:
    token = tokens[index]
    if token.lead:
        return None
    if _WRITTEN.fullmatch(token.core):
        return Item(token.core, 1, token.trail, written=True)
    if token.lower in _REPEATS:
        again = _item(tokens, index + 1, begun=True) if index + 1 < len(tokens) and not token.trail else None
        if again is None or len(again.digits) != 1:
            return None
        return Item(again.digits * _REPEATS[token.lower], again.length + 1, again.trail)
    if token.lower in _ZEROS:
        follows = index + 1 < len(tokens) and not token.trail and (tokens[index + 1].lower in ONES)
        return Item("0", 1, token.trail) if begun or follows or token.lower == "zero" else None
    return _cardinal(tokens, index)


def _cardinal(tokens: Sequence[Token], index: int) -> Item | None:
    """One number, as long as it goes on: "two thousand and eight", "eighty", "nineteen hundred"."""
    start = index
    total = 0
    limit = _LARGEST
    trail = ""
    while index < len(tokens):
        at = index
        if total and tokens[at].lower == "and" and not tokens[at].trail:
            at += 1
        found = _hundreds(tokens, at)
        if found is None:
            break
        value, index_after, trail_after = found
        scale = (
            SCALES.get(tokens[index_after].lower) if index_after < len(tokens) and not trail_after else None
        )
        if (scale or 1) >= limit or (total and value * (scale or 1) >= limit):
            break
        total += value * (scale or 1)
        index = index_after + (scale is not None)
        trail = tokens[index - 1].trail
        limit = scale or 1
        if trail or scale is None:
            break
    return Item(str(total), index - start, trail) if index > start else None


def _hundreds(tokens: Sequence[Token], index: int) -> tuple[int, int, str] | None:
    """A number below ten thousand, where the next token is, and what punctuation ends it."""
    found = _small(tokens, index)
    if found is None:
        return None
    value, index, trail = found
    if trail or index >= len(tokens) or tokens[index].lower != "hundred":
        return (
            None
            if value == 1 and tokens[index - 1].lower in {"a", "an"} and not _scaled(tokens, index)
            else found
        )
    value, trail = value * 100, tokens[index].trail
    index += 1
    at = index + (index < len(tokens) and tokens[index].lower == "and")
    rest = None if trail else _small(tokens, at)
    digit_follows = rest is not None and at == index and rest[0] < 10 and _is_digit(tokens, rest[1])
    if rest is None or digit_follows or tokens[at].lower in {"a", "an"}:
        return value, index, trail
    return value + rest[0], rest[1], rest[2]


def _is_digit(tokens: Sequence[Token], index: int) -> bool:
    return index < len(tokens) and tokens[index].lower in ONES | dict.fromkeys(_ZEROS, 0)


def _scaled(tokens: Sequence[Token], index: int) -> bool:
    return index < len(tokens) and tokens[index].lower in SCALES


def _small(tokens: Sequence[Token], index: int) -> tuple[int, int, str] | None:
    """1 to 99; "a" where a hundred or more may follow."""
    if index >= len(tokens) or tokens[index].lead:
        return None
    token = tokens[index]
    parts = numeral_parts(token)
    if len(parts) == 2 and parts[0] in TENS and parts[1] in ONES:
        return TENS[parts[0]] + ONES[parts[1]], index + 1, token.trail
    word = token.lower
    if word in TENS:
        after = tokens[index + 1] if index + 1 < len(tokens) and not token.trail else None
        if after is not None and after.lower in ONES and not after.lead:
            return TENS[word] + ONES[after.lower], index + 2, after.trail
        return TENS[word], index + 1, token.trail
    if word in {"a", "an"} and not token.trail:
        return 1, index + 1, ""
    number = ONES.get(word) or TEENS.get(word)
    return None if number is None else (number, index + 1, token.trail)
