"""Streaming transducers on sherpa-onnx, with networks that are written down and hear tones."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest

from tones import RATE, tones, write_transducer
from vivavoce.errors import ModelError
from vivavoce.recognizers.base import Request
from vivavoce.recognizers.registry import ModelRegistry
from vivavoce.recognizers.transducer import TransducerRecognizer
from vivavoce.server.models import load_recognizer

SAID = ["low", "high", "mid", "high"]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_transducer(tmp_path_factory.mktemp("models") / "tones")


@pytest.fixture(scope="module")
def transducer(directory: Path) -> TransducerRecognizer:
    recognizer = load_recognizer(ModelRegistry(directory, {"tones": directory}).resolve("tones"))
    assert isinstance(recognizer, TransducerRecognizer)
    return recognizer


def test_words_come_in_small_letters_with_their_times_and_confidence(
    transducer: TransducerRecognizer,
) -> None:
    heard = transducer.recognize(Request(tones(SAID), ("en",), final=True))
    assert [word.text for word in heard.words] == [f" {name}" for name in SAID]
    for index, word in enumerate(heard.words):
        # Half a chunk is 40 ms, and a tone is heard a little beyond its end.
        assert word.start == pytest.approx(0.3 + 0.6 * index, abs=0.05)
        assert word.end == pytest.approx(0.6 + 0.6 * index, abs=0.05)
        assert 0.9 < word.confidence <= 1
    assert (heard.language, heard.language_probability) == ("en", 1.0)


def test_noise_and_silence_say_nothing(transducer: TransducerRecognizer) -> None:
    noise = np.random.default_rng(1).normal(0, 1e-4, RATE).astype(np.float32)
    for audio in (noise, np.zeros(RATE, np.float32), np.empty(0, np.float32)):
        assert transducer.recognize(Request(audio, (), final=False)).words == ()


def test_what_lies_on_either_side_is_heard_and_not_written(transducer: TransducerRecognizer) -> None:
    whole = tones(SAID)
    # Within the second tone and within the third: a word belongs where its middle is.
    first, second = round(1.0 * RATE), round(1.7 * RATE)
    parts = (whole[:first], whole[first:second], whole[second:])
    written = []
    for index, audio in enumerate(parts):
        before = np.concatenate([np.empty(0, np.float32), *parts[:index]])
        after = np.concatenate([np.empty(0, np.float32), *parts[index + 1 :]])
        request = Request(audio, ("en",), final=True, before=before, after=after)
        heard = transducer.recognize(request)
        assert heard.draft
        assert all(0 <= word.start < word.end <= len(audio) / RATE for word in heard.words)
        written += [word.text.strip() for word in heard.words]
    assert written == SAID


def test_latin_words_stay_whole_among_characters(tmp_path: Path) -> None:
    directory = write_transducer(tmp_path / "tones", ["zh", "en"])
    tokens = (directory / "tokens.txt").read_text(encoding="utf-8")
    tokens = tokens.replace("▁LOW", "我").replace("▁MID", "好")
    (directory / "tokens.txt").write_text(tokens, encoding="utf-8")
    bilingual = load_recognizer(ModelRegistry(tmp_path, {"tones": directory}).resolve("tones"))
    heard = bilingual.recognize(Request(tones(["low", "mid", "high", "low"]), ("zh",), final=True))
    assert [word.text for word in heard.words] == ["我", "好", " high", "我"]


def test_a_model_says_what_it_can_do(transducer: TransducerRecognizer) -> None:
    able = transducer.capabilities
    assert (able.languages, able.detects_language, able.streaming) == (frozenset({"en"}), False, True)


def test_networks_in_8_bits_of_the_same_export_are_preferred(directory: Path, tmp_path: Path) -> None:
    shutil.copytree(directory, tmp_path, dirs_exist_ok=True)
    encoder = tmp_path / "encoder-epoch-1-avg-1.onnx"
    shutil.copy(encoder, tmp_path / "encoder-epoch-1-avg-1.int8.onnx")
    shutil.copy(encoder, tmp_path / "encoder-epoch-9-avg-1.onnx")
    files = ModelRegistry(tmp_path, {"tones": tmp_path}).resolve("tones")
    assert files.weights.name == "encoder-epoch-1-avg-1.int8.onnx"


def test_of_several_exports_the_one_with_the_highest_number_is_taken(directory: Path, tmp_path: Path) -> None:
    for part in ("encoder", "decoder", "joiner"):
        network = directory / f"{part}-epoch-1-avg-1.onnx"
        for epoch in (99, 100):
            shutil.copy(network, tmp_path / f"{part}-epoch-{epoch}-avg-1.onnx")
    shutil.copy(directory / "tokens.txt", tmp_path)
    files = ModelRegistry(tmp_path, {"tones": tmp_path}).resolve("tones")
    assert files.weights.name == "encoder-epoch-100-avg-1.onnx"


@pytest.mark.parametrize(
    ("file", "content", "problem"),
    [
        ("vivavoce.json", None, "languages"),
        ("vivavoce.json", b'{"languages": ["xx"]}', "xx"),
        ("vivavoce.json", b'{"language": "en"}', "language"),
        ("tokens.txt", None, r"tokens\.txt is missing"),
        ("tokens.txt", b"<blk> 0\nlow 1\n", "number 2"),
        ("tokens.txt", b"words without numbers\n", "table of tokens"),
        ("joiner-epoch-1-avg-1.onnx", None, r"joiner\*\.onnx"),
        ("encoder-epoch-1-avg-1.onnx", b"not a network", "damaged"),
        ("decoder-epoch-1-avg-1.onnx", b"", "damaged"),
    ],
)
def test_files_that_make_no_model_are_refused_with_what_is_wrong(
    directory: Path, tmp_path: Path, file: str, content: bytes | None, problem: str
) -> None:
    shutil.copytree(directory, tmp_path, dirs_exist_ok=True)
    (tmp_path / file).unlink()
    if content is not None:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(ModelError, match=problem):
        _load(tmp_path)


@pytest.mark.parametrize("part", ["encoder", "decoder", "joiner"])
def test_a_network_in_the_place_of_another_is_refused(directory: Path, tmp_path: Path, part: str) -> None:
    shutil.copytree(directory, tmp_path, dirs_exist_ok=True)
    path = tmp_path / f"{part}-epoch-1-avg-1.onnx"
    network = onnx.load(path)
    del network.metadata_props[:]
    onnx.save(network, path)
    with pytest.raises(ModelError, match=rf"{path.name} is no {part}"):
        _load(tmp_path)


def test_a_file_whose_declared_sum_is_another_is_reported_and_refused(
    directory: Path, tmp_path: Path
) -> None:
    shutil.copytree(directory, tmp_path, dirs_exist_ok=True)
    encoder = tmp_path / "encoder-epoch-1-avg-1.onnx"
    sha256 = hashlib.sha256(encoder.read_bytes()).hexdigest()
    declared = {"languages": ["en"], "sha256": {encoder.name: sha256.upper()}}
    (tmp_path / "vivavoce.json").write_text(json.dumps(declared))
    registry = ModelRegistry(tmp_path, {"tones": tmp_path})
    assert registry.verify("tones", full=True).sha256 == sha256
    encoder.write_bytes(encoder.read_bytes() + b" ")
    assert registry.verify("tones").ok
    report = registry.verify("tones", full=True)
    assert f"{encoder.name} has sha256" in str(report.problem)
    with pytest.raises(ModelError, match=r"encoder-epoch-1-avg-1\.onnx has sha256"):
        registry.resolve("tones")


def _load(directory: Path) -> None:
    load_recognizer(ModelRegistry(directory, {"tones": directory}).resolve("tones"))
