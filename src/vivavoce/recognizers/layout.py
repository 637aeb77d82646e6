"""Which files a model consists of: Whisper's in CTranslate2's format, or a streaming transducer's in ONNX."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

from vivavoce.errors import ModelError

REQUIRED_FILES: Final = ("model.bin", "config.json")
VOCABULARY_FILES: Final = ("vocabulary.json", "vocabulary.txt")
TOKENS: Final = "tokens.txt"
TRANSDUCER_PARTS: Final = ("encoder", "decoder", "joiner")
_SMALL: Final = ".int8"
FETCHED: Final = (
    *REQUIRED_FILES,
    *VOCABULARY_FILES,
    "tokenizer.json",
    "preprocessor_config.json",
    TOKENS,
    *(f"{part}*.onnx" for part in TRANSDUCER_PARTS),
)
"""What is taken of a repository on the hub, as patterns of names."""


class TransducerFiles(NamedTuple):
    encoder: Path
    decoder: Path
    joiner: Path
    tokens: Path


def is_transducer(directory: Path) -> bool:
    """Whether a directory holds networks in ONNX rather than a Whisper model, as far as its names say."""
    return not (directory / "model.bin").exists() and any(directory.glob("encoder*.onnx"))


def transducer_files(directory: Path) -> TransducerFiles:
    """Those that belong together by their names.

    Of several exports the one with the highest numbers is taken; of a network in full and in 8 bits the
    latter, except for the decoder, which is small. Raises `ModelError` saying what is missing.
    """
    check_directory(directory)
    name = max(_exported(directory), key=_by_numbers)
    encoder, decoder, joiner = (directory / f"{part}{name}.onnx" for part in TRANSDUCER_PARTS)
    return TransducerFiles(
        _first(_small(encoder), encoder),
        _first(decoder, _small(decoder)),
        _first(_small(joiner), joiner),
        directory / TOKENS,
    )


def missing_file(directory: Path) -> str | None:
    """What a model's directory lacks, if anything."""
    if is_transducer(directory):
        if not (directory / TOKENS).is_file():
            return TOKENS
        return None if _exported(directory) else "a decoder*.onnx or joiner*.onnx named like the encoder"
    for name in REQUIRED_FILES:
        if not (directory / name).is_file():
            return name
    if not any((directory / name).is_file() for name in VOCABULARY_FILES):
        return " or ".join(VOCABULARY_FILES)
    return None


def check_directory(directory: Path) -> None:
    """Raises `ModelError` naming what is missing."""
    if (missing := missing_file(directory)) is not None:
        kind = "streaming transducer" if is_transducer(directory) else "CTranslate2 Whisper model"
        raise ModelError(f"{directory} is not a complete {kind}: {missing} is missing")


def _exported(directory: Path) -> set[str]:
    """What all three networks of one export have in their names, such as `-epoch-99-avg-1`."""
    names = (
        {
            path.name.removeprefix(part).removesuffix(".onnx").removesuffix(_SMALL)
            for path in directory.glob(f"{part}*.onnx")
        }
        for part in TRANSDUCER_PARTS
    )
    return set.intersection(*names)


def _by_numbers(name: str) -> tuple[list[str | int], str]:
    """What sorts epoch 100 behind epoch 99."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)], name


def _small(network: Path) -> Path:
    """The same network in 8 bits."""
    return network.with_name(f"{network.name.removesuffix('.onnx')}{_SMALL}.onnx")


def _first(wanted: Path, other: Path) -> Path:
    return wanted if wanted.is_file() else other
