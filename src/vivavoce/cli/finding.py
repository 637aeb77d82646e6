"""What a check of the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """`state`: "ok", "note" (nothing is wrong) or "wrong"; then `remedy` says what to do."""

    subject: str
    state: Literal["ok", "note", "wrong"]
    detail: str
    remedy: str = ""
