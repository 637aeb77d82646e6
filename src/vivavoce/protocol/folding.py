"""Which texts are one variant of a spelling: where a request is checked, and where words are replaced."""

from __future__ import annotations

import unicodedata


def folded(text: str) -> str:
    """As variants are compared: in any case and form of Unicode, with any space, with either apostrophe."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().replace("’", "'").split())
