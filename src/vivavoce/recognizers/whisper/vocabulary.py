"""Whisper's tokens: which text bytes each stands for, and the special ones that steer the decoder.

CTranslate2 keeps the vocabulary beside the weights, one token a line (`vocabulary.txt`) or a JSON list
(`vocabulary.json`). Text tokens are written in GPT-2's byte alphabet: every byte is one printable
character (Radford et al. 2019).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from vivavoce.errors import ModelError
from vivavoce.recognizers.layout import VOCABULARY_FILES

_LANGUAGE = re.compile(r"<\|([a-z]{2,3})\|>")


def _byte_alphabet() -> dict[str, int]:
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(b): b for b in printable} | {chr(0x100 + i): b for i, b in enumerate(others)}


class Vocabulary:
    """The tokens of one model. `tokens` are its pieces in the order of their ids."""

    def __init__(self, tokens: Sequence[str], *, multilingual: bool) -> None:
        ids = {token: i for i, token in enumerate(tokens)}
        self.multilingual = multilingual
        self.end = ids["<|endoftext|>"]
        """What ends a text. Tokens before it write text, all others are special."""
        self._no_timestamps = ids["<|notimestamps|>"]
        self.no_speech = self._no_timestamps - 1
        """What stands for nobody speaking; models disagree on its name, not on its place."""
        self._start = ids["<|startoftranscript|>"]
        self._transcribe = ids["<|transcribe|>"]
        self._translate = ids["<|translate|>"]
        self._tokens = tokens
        self._alphabet = _byte_alphabet()
        special = range(self._start + 1, self._translate)
        self.language_tokens = {m[1]: i for i in special if (m := _LANGUAGE.fullmatch(tokens[i]))}

    @classmethod
    def load(cls, directory: Path, *, multilingual: bool) -> Vocabulary:
        """Of a complete model's directory. Raises `ModelError` when the vocabulary is not Whisper's."""
        path = next(path for name in VOCABULARY_FILES if (path := directory / name).is_file())
        text = path.read_text("utf-8")
        tokens = json.loads(text) if path.suffix == ".json" else text.split("\n")
        try:
            return cls(tokens, multilingual=multilingual)
        except KeyError as error:
            raise ModelError(
                f"{path} is not the vocabulary of a Whisper model: {error} is missing"
            ) from error

    @property
    def languages(self) -> frozenset[str]:
        """Codes of the languages that the model knows."""
        return frozenset(self.language_tokens) if self.multilingual else frozenset({"en"})

    def start_sequence(self, language: str, *, in_english: bool = False) -> list[int]:
        """What tells the decoder the language that is spoken, and whether to write it or its English."""
        if not self.multilingual:
            return [self._start]
        task = self._translate if in_english else self._transcribe
        return [self._start, self.language_tokens[language], task]

    def prompt(self, language: str, *, in_english: bool = False) -> list[int]:
        """What a plain text follows: the start sequence, and that no time stamps are wanted."""
        return [*self.start_sequence(language, in_english=in_english), self._no_timestamps]

    def piece(self, token: int) -> bytes:
        """The UTF-8 bytes of a text token, possibly only part of a character; none for special tokens."""
        return bytes(map(self._alphabet.__getitem__, self._tokens[token])) if token < self.end else b""

    def text(self, tokens: Sequence[int]) -> str:
        return b"".join(map(self.piece, tokens)).decode("utf-8", "replace")
