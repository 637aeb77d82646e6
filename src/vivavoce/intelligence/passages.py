"""What was said as passages: sentences of a length that can be read, cleaned of what only speech needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from vivavoce.intelligence.cues import Cues, cues_of, readable, stop_words
from vivavoce.intelligence.sentences import sentences
from vivavoce.live.sentences import Sentence
from vivavoce.protocol.languages import WRITTEN_WITHOUT_SPACES
from vivavoce.protocol.stream import Utterance, Word

_LONGEST: Final = 45
"""Words of a passage: what is written without full stops is cut at its pauses."""

_LETTERS_OF_A_WORD: Final = 2
"""Where words are written without spaces."""

_FEWEST_TELLING: Final = 2
_MANY_WORDS: Final = 6
"""Words that mean something in a passage that says something; one of many is enough."""

_MOST_TELLING_OF_CHATTER: Final = 5

TOKEN: Final = re.compile(
    r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|dell|nell|sull|all|dall|un|quest)['’](?=\w)"
    r"|[^\W_]+(?:['’.,-][^\W_]+)*",
    re.IGNORECASE,
)
"""A word; an elided article is one too."""


@dataclass(frozen=True, slots=True)
class Passage:
    """`text` is for reading; `sentence` is what was said, with its times. `length` is in words, or what
    amounts to one where no spaces are written; `telling` is how many of them mean something.
    """

    sentence: Sentence
    text: str
    length: int
    telling: int
    language: str

    @property
    def cues(self) -> Cues | None:
        return cues_of(self.language)

    @property
    def tells(self) -> bool:
        """Says enough for a vector."""
        return self.telling >= _FEWEST_TELLING or (self.telling > 0 and self.length >= _MANY_WORDS)

    @property
    def is_question(self) -> bool:
        return self.text.endswith(("?", "？", "؟"))

    @property
    def is_chatter(self) -> bool:
        """Says nothing of the matter: a greeting, a word of agreement."""
        if not self.tells:
            return True
        few = self.telling <= _MOST_TELLING_OF_CHATTER
        return few and self.cues is not None and self.cues.chatter.search(self.text) is not None

    @property
    def announces(self) -> bool:
        """Says that a topic begins."""
        return self.cues is not None and self.cues.topics.search(self.sentence.text) is not None

    @property
    def is_dangling(self) -> bool:
        """Cannot be read without what came before."""
        return self.cues is not None and self.cues.dangling.match(self.text) is not None


def passages_of(utterances: Iterable[Utterance]) -> list[Passage]:
    """By start; none for what has no letter or figure in it. Raises `AddOnError`."""
    found = []
    for sentence in sentences(utterances):
        for part in _parts(sentence):
            text = readable(part.text, part.language)
            if any(map(str.isalnum, text)):
                found.append(
                    Passage(
                        part,
                        text,
                        length_of(text, part.language),
                        _telling(text, part.language),
                        part.language,
                    )
                )
    return sorted(found, key=lambda passage: passage.sentence.start)


def language_of(passages: Sequence[Passage]) -> str:
    """The one most is said in, of one passage at least."""
    lengths: dict[str, int] = {}
    for passage in passages:
        lengths[passage.language] = lengths.get(passage.language, 0) + passage.length
    return max(lengths, key=lambda language: lengths[language])


def tokens(text: str) -> list[str]:
    """Words as written, without punctuation."""
    return TOKEN.findall(text)


def length_of(text: str, language: str) -> int:
    if language in WRITTEN_WITHOUT_SPACES:
        return -(-sum(map(str.isalnum, text)) // _LETTERS_OF_A_WORD)
    return len(text.split())


def _telling(text: str, language: str) -> int:
    if language in WRITTEN_WITHOUT_SPACES:
        return length_of(text, language) // 2
    known = stop_words(language)
    return sum(1 for token in tokens(text) if token.lower() not in known and token[-1] not in "'’")


def _parts(sentence: Sentence) -> Iterator[Sentence]:
    """The sentence, or parts of it of which none is too long."""
    limit = _LONGEST * (_LETTERS_OF_A_WORD if sentence.language in WRITTEN_WITHOUT_SPACES else 1)
    if len(sentence.words) <= limit:
        yield sentence
        return
    at = 0
    for words in _cut(sentence.words, limit):
        begin = at
        for word in words:
            at = max(at, sentence.text.find(word.text.strip(), at) + len(word.text.strip()))
        if text := sentence.text[begin:at].strip():
            yield Sentence(text, sentence.channel, sentence.language, words)


def _cut(words: Sequence[Word], limit: int) -> Iterator[tuple[Word, ...]]:
    """At the longest pause of each stretch, not too near its ends."""
    pending = [tuple(words)]
    while pending:
        stretch = pending.pop()
        if len(stretch) <= limit:
            yield stretch
            continue
        margin = len(stretch) // 4 if len(stretch) < 4 * limit else limit // 2
        at = max(
            range(margin, len(stretch) - margin),
            key=lambda index: (stretch[index].start - stretch[index - 1].end, -abs(2 * index - len(stretch))),
        )
        pending += [stretch[at:], stretch[:at]]
