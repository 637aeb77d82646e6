"""Spoken English as it is written: numbers, years, clock times, codes, addresses of the net.

"four one five five five five oh one three two" becomes "4155550132", "john dot smith at gmail dot com" an
address; each token knows the words that it came from. Nobody sees this text: it need not be pretty, only
to be recognised.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from vivavoce.intelligence.entities.lists import names
from vivavoce.intelligence.entities.numerals import ORDINALS, TENS, Item, Run, numeral_parts, run_at
from vivavoce.intelligence.entities.online import join_addresses
from vivavoce.intelligence.entities.reading import Token, merged

MONTHS: Final = names("months")
_CLOCK_BEFORE: Final = frozenset(
    [
        "at",
        "by",
        "around",
        "until",
        "till",
        "before",
        "after",
        "about",
        "from",
        "between",
        "past",
        "to",
        "and",
        "or",
        "noon",
    ]
)
_ORDERED: Final = frozenset(["street", "avenue", "floor", "road", "quarter", "century"])
_HOURS: Final = {"quarter past": 15, "half past": 30, "quarter to": -15, "quarter after": 15}
_FEWEST_ACROSS_COMMAS: Final = 6
_DIGITS: Final = re.compile(r"\d+")
_INTERNATIONAL: Final = re.compile(r"\d{8,}")
_CODE_PART: Final = re.compile(r"[A-Za-z]|[A-Za-z]{0,3}\d+[A-Za-z]?")


def written(tokens: Sequence[Token]) -> list[Token]:
    """The tokens with what was spelled out put as it is written."""
    found = _numbers(_letters(tokens))
    return join_addresses(_halves(_decimals(_codes(found))))


def _letters(tokens: Sequence[Token]) -> list[Token]:
    """ "P as in Peter" is a P, "w w w" is "www"; what is spelled with hyphens is one letter after another."""
    found: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        lower = [t.lower for t in tokens[index : index + 4]]
        if len(token.core) == 1 and lower[1:3] == ["as", "in"] and lower[3:] and lower[3][:1] == lower[0]:
            found.append(merged(tokens[index : index + 4], token.core.upper() + tokens[index + 3].trail))
            index += 4
        elif lower[:3] == ["w", "w", "w"] or lower[:2] == ["triple", "w"]:
            length = 3 if lower[0] == "w" else 2
            found.append(merged(tokens[index : index + length], "www"))
            index += length
        else:
            found.append(token)
            index += 1
    return found


def _numbers(tokens: Sequence[Token]) -> list[Token]:
    found: list[Token] = []
    index = 0
    while index < len(tokens):
        length, text = _clock_words(tokens, index) or _ordinal(tokens, index) or (0, "")
        if length:
            found.append(merged(tokens[index : index + length], text + tokens[index + length - 1].trail))
            index += length
            continue
        run = run_at(tokens, index)
        if run is None:
            found.append(tokens[index])
            index += 1
            continue
        found += _write(run, tokens, index)
        index += run.length
    return found


def _clock_words(tokens: Sequence[Token], index: int) -> tuple[int, str] | None:
    """ "half past nine", "quarter to five"."""
    past = " ".join(token.lower for token in tokens[index : index + 2])
    if past not in _HOURS:
        return None
    run = run_at(tokens, index + 2)
    if run is None or not 1 <= int(run.items[0].digits) <= 12:
        return None
    minutes = int(run.items[0].digits) * 60 + _HOURS[past]
    hour = minutes // 60 or 12
    return 2 + run.items[0].length, f"{hour}:{minutes % 60:02}"


def _ordinal(tokens: Sequence[Token], index: int) -> tuple[int, str] | None:
    """ "twenty first", and "third" beside a month or before a street."""
    parts = [part for token in tokens[index : index + 2] for part in numeral_parts(token)]
    if len(parts) > 1 and parts[0] in TENS and 0 < ORDINALS.get(parts[1], 0) < 10:
        one_token = "-" in tokens[index].core
        return (1 if one_token else 2), f"{TENS[parts[0]] + ORDINALS[parts[1]]}th"
    number = ORDINALS.get(tokens[index].lower)
    if number is None:
        return None
    after = [token.lower for token in tokens[index + 1 : index + 3]]
    before = tokens[index - 1].lower if index else ""
    dated = before in MONTHS or (after[:1] and after[0] in MONTHS | _ORDERED)
    if dated or (len(after) > 1 and after[0] == "of" and after[1] in MONTHS):
        return 1, f"{number}th"
    return None


def _write(run: Run, tokens: Sequence[Token], index: int) -> list[Token]:
    """A run of numbers: a year, a time, a string of digits, or each by itself."""
    before = tokens[index - 1].lower if index else ""
    after = tokens[index + run.length].lower if index + run.length < len(tokens) else ""
    found: list[Token] = []
    place = index
    items = list(run.items)
    year = _joined([item.digits for item in items], "", "")
    if before in MONTHS and len(items) > 1 and year is None and _is_day(items[0]):
        day = items.pop(0)
        found.append(merged(tokens[place : place + day.length], day.digits + day.trail))
        place += day.length
    digits = "".join(item.digits for item in items)
    groups = run.groups(items)
    across = len(groups) > 1 and len(digits) >= _FEWEST_ACROSS_COMMAS and run.spells(items)
    for group in [items] if across else groups:
        length = sum(item.length for item in group)
        text = _joined([item.digits for item in group], before, after)
        if text is None and all(item.written for item in group) and not across:
            text = None
        elif text is None and (across or len(group) > 2 or after == "dot" or before == "dot"):
            text = "".join(item.digits for item in group)
        if text is not None:
            found.append(merged(tokens[place : place + length], text + group[-1].trail))
        else:
            inner = place
            for item in group:
                found.append(merged(tokens[inner : inner + item.length], item.digits + item.trail))
                inner += item.length
        place += length
        before = ""
    return found


def _is_day(item: Item) -> bool:
    return len(item.digits) <= 2 and 1 <= int(item.digits) <= 31 and not item.written


def _joined(digits: Sequence[str], before: str, after: str) -> str | None:
    """A year or a time of two or three numbers: "nineteen eighty four", "three thirty", "nine oh five"."""
    if len(digits) == 3 and digits[1] == "0" and len(digits[2]) == 1:
        digits = [digits[0], f"0{digits[2]}"]
    if len(digits) != 2 or len(digits[1]) != 2:
        return None
    first, second = int(digits[0]), int(digits[1])
    clock = after in {"a", "p", "am", "pm", "a.m", "p.m", "o'clock"} or before in _CLOCK_BEFORE
    if 1 <= first <= 12 and second < 60 and clock:
        return f"{first}:{second:02}"
    if 16 <= first <= 20 and len(digits[0]) == 2:
        return f"{first}{digits[1]}"
    return None


def _codes(tokens: Sequence[Token]) -> list[Token]:
    """Letters and digits said one after another are one code: "D 1 2 3 4 5 6 7", "d e 89 3704"."""
    found: list[Token] = []
    index = 0
    while index < len(tokens):
        end = index
        while end < len(tokens) and _CODE_PART.fullmatch(tokens[end].core) and not tokens[end].lead:
            end += 1
            if tokens[end - 1].trail not in {"", "-"}:
                break
        # An article, "I" and what follows a time are words of their own.
        while index < end and tokens[index].core in {"a", "I", "i"} and not _single(tokens, index + 1, end):
            found.append(tokens[index])
            index += 1
        while end > index and _single(tokens, end - 1, end):
            end -= 1
        part = tokens[index:end]
        text = "".join(token.core for token in part)
        letters = sum(len(token.core) == 1 and token.core.isalpha() for token in part)
        if len(part) > 1 and letters and sum(map(str.isdigit, text)) >= 3 and len(text) >= 5:
            found.append(merged(part, text.upper() + part[-1].trail))
            index = end
        elif index < len(tokens):
            found.append(tokens[index])
            index += 1
    return found


def _single(tokens: Sequence[Token], index: int, end: int) -> bool:
    return index < end and len(tokens[index].core) == 1 and tokens[index].core.isalpha()


def _decimals(tokens: Sequence[Token]) -> list[Token]:
    found: list[Token] = []
    index = 0
    while index < len(tokens):
        part = tokens[index : index + 3]
        if (
            len(part) == 3
            and part[1].lower == "point"
            and all(_DIGITS.fullmatch(part[i].core) for i in (0, 2))
        ):
            found.append(merged(part, f"{part[0].text}.{part[2].text}"))
            index += 3
        elif part[0].lower == "plus" and len(part) > 1 and _INTERNATIONAL.fullmatch(part[1].core):
            found.append(merged(part[:2], f"+{part[1].text}"))
            index += 2
        else:
            found.append(tokens[index])
            index += 1
    return found


def _halves(tokens: Sequence[Token]) -> list[Token]:
    """ "two and a half weeks" are 2.5."""
    found: list[Token] = []
    index = 0
    while index < len(tokens):
        after = [token.lower for token in tokens[index + 1 : index + 4]]
        if _DIGITS.fullmatch(tokens[index].core) and after == ["and", "a", "half"]:
            found.append(merged(tokens[index : index + 4], f"{tokens[index].core}.5"))
            index += 4
        else:
            found.append(tokens[index])
            index += 1
    return found
