"""Learns sentiments and emotions from tools/emotions.txt: writes what vivavoce.intelligence.sentiment weighs.

    .venv/bin/python tools/emotions.py

Two multinomial logistic regressions with L2 penalty on centred sentence vectors, found by Nesterov's
accelerated gradient. Rare classes weigh more than their number, by its square root. Takes half a minute and
gives the same each time.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vivavoce.intelligence.embeddings import Embedder, centred
from vivavoce.intelligence.sentiment import EMOTIONS, SENTIMENTS, WEIGHTS

EXAMPLES = Path(__file__).with_suffix(".txt")
_PENALTY = 3e-4
_STEPS = 400

Matrix = NDArray[np.float64]


class Example(NamedTuple):
    emotion: str
    sentiment: str
    text: str


def examples() -> list[Example]:
    """An emotion "-" is not known."""
    found: list[Example] = []
    emotion = sentiment = ""
    for line in EXAMPLES.read_text("utf-8").splitlines():
        if line.startswith("["):
            emotion, sentiment = line.strip("[]").split()
        elif line and not line.startswith("#"):
            found.append(Example(emotion, sentiment, line))
    return found


def learn(vectors: Matrix, labels: list[str], classes: tuple[str, ...]) -> Matrix:
    """Weights (dimensions + 1, classes), the last row constant."""
    inputs = np.hstack([vectors, np.ones((len(vectors), 1))])
    wanted = np.array([[label == one for one in classes] for label in labels], float)
    count = Counter(labels)
    importance = np.array([[count[label] ** -0.5] for label in labels])
    importance /= importance.sum()
    penalty = np.full((inputs.shape[1], 1), _PENALTY)
    penalty[-1] = 0
    rate = 1 / (0.5 * np.linalg.norm(inputs * np.sqrt(importance), 2) ** 2 + _PENALTY)
    weights = ahead = np.zeros((inputs.shape[1], len(classes)))
    momentum = 1.0
    for _ in range(_STEPS):
        scores = inputs @ ahead
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        better = ahead - rate * (inputs.T @ ((chances - wanted) * importance) + penalty * ahead)
        next_momentum = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = better + (momentum - 1) / next_momentum * (better - weights)
        weights, momentum = better, next_momentum
    return weights


def main() -> None:
    known = examples()
    vectors = Embedder().embed([example.text for example in known])
    centre = vectors.mean(axis=0)
    seen = centred(vectors, centre).astype(float)
    sentiments = learn(seen, [example.sentiment for example in known], SENTIMENTS)
    felt = [row for row, example in enumerate(known) if example.emotion != "-"]
    emotions = learn(seen[felt], [known[row].emotion for row in felt], EMOTIONS)
    np.savez(
        WEIGHTS,
        centre=centre,
        weights=np.hstack([sentiments, emotions]).astype(np.float32),
        learnt_from=np.array(hashlib.sha256(EXAMPLES.read_bytes()).hexdigest()),
    )


if __name__ == "__main__":
    main()
