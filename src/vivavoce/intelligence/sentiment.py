"""How people feel about what they say, sentence by sentence: two linear classifiers on what a text means.

`emotions.npz` has their weights, learnt by tools/emotions.py from the sentences of tools/emotions.txt. What
both give is put together with how often an emotion goes with a sentiment, since neither is sure alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vivavoce.intelligence.base import Capability
from vivavoce.intelligence.embeddings import Embedder, Vectors, centred
from vivavoce.intelligence.sentences import sentences
from vivavoce.protocol.languages import LANGUAGE_NAMES
from vivavoce.protocol.responses import Sentiment
from vivavoce.protocol.stream import Utterance

WEIGHTS: Final = Path(__file__).with_name("emotions.npz")
SENTIMENTS: Final = ("negative", "neutral", "positive", "mixed")
POSITIVE: Final = (
    "adoration", "amusement", "awe", "contentment", "ecstatic", "elation", "positive_surprise", "relief",
    "triumph",
)  # fmt: skip
NEGATIVE: Final = (
    "anger", "contempt", "disappointment", "disgust", "distress", "embarrassment", "fear",
    "negative_surprise", "pain", "sadness",
)  # fmt: skip
WISHFUL: Final = "desire", "interest"
OPEN: Final = "confusion", "realization", "sympathy"
EMOTIONS: Final = (*POSITIVE, *NEGATIVE, *WISHFUL, *OPEN, "neutral")

_UNKNOWN_TO_THE_MODEL = {
    "ba", "bo", "fo", "haw", "ht", "lb", "ln", "mi", "mt", "nn", "oc", "sn", "tg", "tk", "tt", "wo", "yo",
}  # fmt: skip
"""Languages of which it has read nothing, or too little."""
LANGUAGES: Final = tuple(sorted(LANGUAGE_NAMES.keys() - _UNKNOWN_TO_THE_MODEL))

CAPABILITY: Final = Capability(
    "sentiment_analysis",
    "embedded",
    LANGUAGES,
    "Learnt from sentences in 14 languages; the sentiment is unknown in languages that are not listed.",
)

LONGEST: Final = 300
"""Characters of a sentence that count, about 50 words, so that no sentence takes long."""

# Below, an emotion is a guess among 25.
_SURE_EMOTION = 0.2
_SURE_SENTIMENT = 0.5


class Feeling(NamedTuple):
    sentiment: str
    emotion: str


UNKNOWN: Final = Feeling("unknown", "neutral")


class EmbeddedSentimentAnalyser:
    """Any number of threads may use it at once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        with np.load(WEIGHTS) as file:
            self._centre: NDArray[np.float32] = file["centre"]
            self._weights: NDArray[np.float32] = file["weights"]
        self._fits = np.array([_fits(emotion) for emotion in EMOTIONS])

    def analyse(self, utterance: Utterance) -> list[Sentiment]:
        """One for each sentence, in order. Raises `AddOnError`."""
        said = sentences([utterance])
        feelings = self.feelings([sentence.text for sentence in said], utterance.language)
        return [
            Sentiment(
                sentiment=feeling.sentiment,
                emotion=feeling.emotion,
                text=sentence.text,
                start=sentence.start,
                end=sentence.end,
                channel=sentence.channel,
            )
            for sentence, feeling in zip(said, feelings, strict=True)
        ]

    def feelings(self, sentences: Sequence[str], language: str) -> list[Feeling]:
        """One for each sentence; unknown where there is no word or the language is unknown to the model."""
        found = [UNKNOWN] * len(sentences)
        if language in _UNKNOWN_TO_THE_MODEL:
            return found
        worded = [row for row, text in enumerate(sentences) if any(map(str.isalnum, text[:LONGEST]))]
        vectors = self._embedder.embed([sentences[row][:LONGEST] for row in worded])
        for row, feeling in zip(worded, self._judged(vectors), strict=True):
            found[row] = feeling
        return found

    def _judged(self, vectors: Vectors) -> list[Feeling]:
        scores = centred(vectors, self._centre) @ self._weights[:-1] + self._weights[-1]
        sentiments = _softmax(scores[:, : len(SENTIMENTS)])
        emotions = _softmax(scores[:, len(SENTIMENTS) :])
        both = emotions[:, :, None] * sentiments[:, None, :] * self._fits
        return [_likeliest(table / table.sum()) for table in both]


def _likeliest(table: NDArray[np.float64]) -> Feeling:
    """`table`: probabilities (emotions, sentiments)."""
    emotion, sentiment = np.unravel_index(table.argmax(), table.shape)
    if table[emotion, sentiment] >= _SURE_EMOTION:
        return Feeling(SENTIMENTS[sentiment], EMOTIONS[emotion])
    of_sentiments = table.sum(axis=0)
    best = int(of_sentiments.argmax())
    return Feeling(SENTIMENTS[best] if of_sentiments[best] > _SURE_SENTIMENT else "neutral", "neutral")


def _fits(emotion: str) -> tuple[float, float, float, float]:
    """How well an emotion goes with each of `SENTIMENTS`. Anything may be in what is mixed."""
    if emotion in POSITIVE:
        return 0.01, 0.05, 1, 1
    if emotion in NEGATIVE:
        return 1, 0.05, 0.01, 1
    if emotion in WISHFUL:
        return 0.01, 1, 0.5, 1
    if emotion in OPEN:
        return 0.5, 1, 0.01, 1
    return 0.05, 1, 0.05, 1


def _softmax(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    raised = np.exp(scores.astype(np.float64) - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
