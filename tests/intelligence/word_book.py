"""CTranslate2 models that translate word by word out of a small book: transformers whose weights are written.

A word's vector is a one where its position is, and a one where its token is. The first layer of the decoder
notes the token that names the language; the second looks at the word of the original at its own position and
notes it; the projection votes for the words of the book that mean the same, and for those of the language.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import sentencepiece
from ctranslate2.specs import TransformerSpec

BOOK = {
    "en": ["hello", "world", "good", "morning", "friends"],
    "pt": ["olá", "mundo", "bom", "dia", "amigos"],
    "de": ["hallo", "Welt", "guten", "Morgen", "Freunde"],
}
_SPECIAL = ["<unk>", "<s>", "</s>"]
_POSITIONS = 24
_SURE = 100.0
MARKS = {"m2m": "__{}__", "opus": ">>{}<<", "madlad": "<2{}>"}


def write(directory: Path, kind: str, languages: list[str]) -> None:
    """`kind`: "pair", whose first language is spoken and second wanted, or one of `MARKS`."""
    words = [word for language in languages for word in BOOK[language]]
    marks = [MARKS[kind].format(language) for language in languages] if kind in MARKS else []
    tokens = [*_SPECIAL, *marks, *(f"▁{word}" for word in words)]
    spec = _Writer(tokens, languages, kind).spec()
    spec.register_source_vocabulary(tokens)
    spec.register_target_vocabulary(tokens)
    spec.config.decoder_start_token = "</s>"
    spec.validate()
    directory.mkdir()
    spec.save(str(directory))
    pieces = _sentencepiece(words)
    for name in ("source.spm", "target.spm") if kind in ("pair", "opus") else ("sentencepiece.model",):
        (directory / name).write_bytes(pieces)


def _sentencepiece(words: list[str]) -> bytes:
    written = BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(words),
        model_writer=written,
        model_type="word",
        vocab_size=len(words) + len(_SPECIAL),
        minloglevel=2,
    )
    return written.getvalue()


class _Writer:
    def __init__(self, tokens: list[str], languages: list[str], kind: str) -> None:
        self.tokens = tokens
        self.languages = languages
        self.kind = kind
        count = len(tokens)
        self.token = np.arange(count) + _POSITIONS
        self.language = self.token + count
        self.heard = self.language + count
        self.depth = _POSITIONS + 3 * count

    def spec(self) -> TransformerSpec:
        spec = TransformerSpec.from_config((1, 2), 1)
        for coder, embeddings in (
            (spec.encoder, spec.encoder.embeddings[0]),
            (spec.decoder, spec.decoder.embeddings),
        ):
            coder.scale_embeddings = False
            embeddings.weight = self.matrix(len(self.tokens), self.depth)
            embeddings.weight[np.arange(len(self.tokens)), self.token] = 1
            coder.position_encodings.encodings = np.eye(_POSITIONS, self.depth, dtype=np.float32)
            self.norm(coder.layer_norm)
            for layer in coder.layer:
                self.norm(layer.self_attention.layer_norm)
                self.norm(layer.ffn.layer_norm)
                self.linear(layer.self_attention.linear[0], 3 * self.depth)
                self.linear(layer.self_attention.linear[1], self.depth)
                self.linear(layer.ffn.linear_0, self.depth)
                self.linear(layer.ffn.linear_1, self.depth)
        noting, looking = spec.decoder.layer
        for layer in (noting, looking):
            self.norm(layer.attention.layer_norm)
            for linear, size in zip(layer.attention.linear, (1, 2, 1), strict=True):
                self.linear(linear, size * self.depth)
        self.note_the_language(noting)
        self.look_at_the_word(looking.attention)
        self.vote(spec.decoder.projection)
        return spec

    def matrix(self, *shape: int) -> Any:
        return np.zeros(shape, np.float32)

    def linear(self, linear: Any, size: int) -> None:
        linear.weight, linear.bias = self.matrix(size, self.depth), self.matrix(size)

    def norm(self, norm: Any) -> None:
        """Leaves a vector of two ones as it is."""
        share = 2 / self.depth
        norm.gamma = np.full(self.depth, (share - share**2) ** 0.5, np.float32)
        norm.beta = np.full(self.depth, share, np.float32)

    def note_the_language(self, layer: Any) -> None:
        """Of the token that begins the translation, or else the original."""
        positions = np.arange(_POSITIONS)
        if self.kind == "m2m":
            both, out = layer.self_attention.linear
            both.bias[1] = _SURE * self.depth**0.5
            keys, values = both.weight[self.depth : 2 * self.depth], both.weight[2 * self.depth :]
        else:
            query, both, out = layer.attention.linear
            query.bias[0] = _SURE * self.depth**0.5
            keys, values = np.split(both.weight, 2)
        keys[positions, positions] = 1
        values[self.token, self.token] = 1
        out.weight[self.language, self.token] = 1

    def look_at_the_word(self, attention: Any) -> None:
        query, both, out = attention.linear
        shift = 1 if self.kind in ("opus", "madlad") else 0
        positions = np.arange(_POSITIONS - shift)
        query.weight[positions, positions] = _SURE * self.depth**0.5
        keys, values = np.split(both.weight, 2)
        keys[positions, positions + shift] = 1
        values[self.token, self.token] = 1
        out.weight[self.heard, self.token] = 1

    def vote(self, projection: Any) -> None:
        self.linear(projection, len(self.tokens))
        place = {token: index for index, token in enumerate(self.tokens)}
        for token in _SPECIAL:
            projection.weight[place[token], self.heard[place[token]]] = 8 * _SURE
        wanted = self.languages if self.kind in MARKS else self.languages[1:]
        for meaning in zip(*(BOOK[language] for language in self.languages), strict=True):
            said = [self.heard[place[f"▁{word}"]] for word in meaning]
            for language, word in zip(self.languages, meaning, strict=True):
                if language in wanted:
                    projection.weight[place[f"▁{word}"], said] = 2 * _SURE
                if self.kind in MARKS:
                    mark = self.language[place[MARKS[self.kind].format(language)]]
                    projection.weight[place[f"▁{word}"], mark] = _SURE
