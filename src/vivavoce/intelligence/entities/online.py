"""Addresses of the net that are said aloud: "at", "dot", "slash" and what stands around them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from vivavoce.intelligence.entities.lists import lines, names
from vivavoce.intelligence.entities.reading import Token, merged

TOP_DOMAINS: Final = lines("top_domains")
FILE_ENDINGS: Final = lines("file_endings")
_SIGNS: Final = {
    "dot": ".", "point": ".", "underscore": "_", "dash": "-", "hyphen": "-", "minus": "-", "plus": "+",
}  # fmt: skip
_MAILERS: Final = names("mail_hosts")
_MAILBOXES: Final = names("mailboxes")
_LABEL: Final = re.compile(r"[^\W_](?:[\w-]*[^\W_])?")
_HOST: Final = re.compile(rf"(?:[^\W_][\w-]*\.)+(?:{'|'.join(TOP_DOMAINS)})", re.IGNORECASE)
_LOCAL: Final = re.compile(r"[\w.+-]+")
_MAIL: Final = re.compile(r"e-?mail|mail", re.IGNORECASE)
# What stands before an address and is no part of it.
_WORDS: Final = names("before_addresses")
_REACH: Final = 8


def join_addresses(tokens: Sequence[Token]) -> list[Token]:
    """E-mail addresses, hosts with paths, IP addresses and file names in one token each."""
    found = list(tokens)
    index = 0
    while index < len(found):
        if found[index].lower in {"dot", "point"} or _HOST.fullmatch(found[index].core):
            index = _join_at(found, index)
        index += 1
    return found


def _join_at(tokens: list[Token], index: int) -> int:
    """Joins what the sign or the host at `index` belongs to, in place; gives where it now is."""
    start, end = index, index + 1
    if not _HOST.fullmatch(tokens[index].core):
        start -= 1
        if start < 0 or not _LABEL.fullmatch(tokens[start].core) or tokens[start].trail:
            return index
        while start >= 2 and tokens[start - 1].lower in _SIGNS and _LOCAL.fullmatch(tokens[start - 2].core):
            start -= 2
        end = index
        while end + 1 < len(tokens) and tokens[end].lower == "dot" and _LABEL.match(tokens[end + 1].core):
            end += 2
            if tokens[end - 1].trail:
                break
        if end == index:
            return index
    host = _spell(tokens[start:end])
    ending = host.rpartition(".")[2].lower()
    mailed = start > 0 and tokens[start - 1].lower == "at"
    if re.fullmatch(r"\d{1,3}(?:\.\d{1,3}){3}", host) or ending in FILE_ENDINGS:
        return _replace(tokens, start, end, host)
    if ending not in TOP_DOMAINS and "@" not in host:
        return index
    if mailed and (local := _local_part(tokens, start - 1, host)) is not None:
        name = _spell(tokens[local : start - 1])
        return _replace(tokens, local, end, f"{name}@{host}")
    while end + 1 < len(tokens) and tokens[end].lower == "slash" and not tokens[end - 1].trail:
        host = f"{host}/{tokens[end + 1].core}"
        end += 2
    return _replace(tokens, start, end, host)


def _local_part(tokens: Sequence[Token], at: int, host: str) -> int | None:
    """Where the part before the @ begins, if this is an address and not "at amazon.com"."""
    start = at
    while start > 0:
        token = tokens[start - 1]
        if (token.trail and start < at) or not _LOCAL.fullmatch(token.core) or token.lower in _WORDS:
            break
        right = tokens[start].lower
        spelled = len(token.core) == 1 or token.core.isdigit() or token.lower in _SIGNS
        beside = start == at or right in _SIGNS or len(right) == 1 or right.isdigit()
        if not (spelled or beside):
            break
        start -= 1
    while start < at and tokens[start].lower in _SIGNS:
        start += 1
    if start == at:
        return None
    part = tokens[start:at]
    signed = any(t.lower in _SIGNS or t.core.isdigit() or not t.core.isalpha() for t in part)
    known = host.partition(".")[0].lower() in _MAILERS
    mailbox = "".join(t.lower for t in part) in _MAILBOXES
    asked = any(_MAIL.fullmatch(token.lower) for token in tokens[max(0, start - _REACH) : start])
    return start if signed or known or asked or mailbox else None


def _spell(tokens: Sequence[Token]) -> str:
    return "".join(_SIGNS.get(token.lower, token.core) for token in tokens)


def _replace(tokens: list[Token], start: int, end: int, text: str) -> int:
    part = tokens[start:end]
    tokens[start:end] = [merged(part, part[0].lead + text + part[-1].trail)]
    return start
