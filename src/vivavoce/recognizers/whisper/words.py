"""From tokens to words, as in Whisper's own word timestamps: punctuation belongs to the word it touches."""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Sequence

from vivavoce.protocol.languages import WRITTEN_WITHOUT_SPACES
from vivavoce.recognizers.whisper.vocabulary import Vocabulary
from vivavoce.recognizers.word_times import Piece, continues

_OPENING = frozenset("\"'“‘«¿¡([{-「『（")
_CLOSING = frozenset("\"'”’».。,，、!！?？:：;；…)]}」』）")


def split_characters(tokens: Sequence[int], vocabulary: Vocabulary) -> list[Piece]:
    """The shortest runs of tokens that form whole characters. Parts of characters write nothing."""
    decoder = getincrementaldecoder("utf-8")("ignore")
    pieces: list[Piece] = []
    pending = 0
    for token in tokens:
        pending += 1
        if text := decoder.decode(vocabulary.piece(token)):
            pieces.append(Piece(text, pending, pending))
            pending = 0
    if pending:
        pieces.append(Piece(decoder.decode(b"", True), pending, pending))
    return pieces


def split_words(tokens: Sequence[int], vocabulary: Vocabulary, language: str) -> list[Piece]:
    """Words as they are written, leading space and touching punctuation included.

    Where there are no spaces, the shortest run of tokens that makes whole characters is a word.
    """
    spaceless = language in WRITTEN_WITHOUT_SPACES
    words: list[Piece] = []
    for piece in split_characters(tokens, vocabulary):
        last = words[-1] if words else None
        if last and (piece.text == "" or _only(piece.text, _CLOSING)):
            words[-1] = Piece(last.text + piece.text, last.length + piece.length, last.spoken)
        elif last and (
            _only(last.text.removeprefix(" "), _OPENING)
            or continues(last.text, piece.text, spaceless=spaceless)
        ):
            words[-1] = Piece(last.text + piece.text, last.length + piece.length, last.length + piece.spoken)
        else:
            words.append(piece)
    return words


def _only(text: str, characters: frozenset[str]) -> bool:
    return text != "" and characters.issuperset(text)
