"""Whisper's tokens, against the tokenizer that comes with the model."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from vivavoce.errors import ModelError
from vivavoce.protocol.languages import TRANSCRIPTION_LANGUAGES
from vivavoce.recognizers.registry import ModelFiles
from vivavoce.recognizers.whisper.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def tokenizer(base_files: ModelFiles) -> Tokenizer:
    return Tokenizer.from_file(str(base_files.directory / "tokenizer.json"))


@pytest.fixture(scope="module")
def vocabulary(base_files: ModelFiles) -> Vocabulary:
    return Vocabulary.load(base_files.directory, multilingual=True)


@given(text=st.text(max_size=60))
def test_tokens_read_as_they_were_written(vocabulary: Vocabulary, tokenizer: Tokenizer, text: str) -> None:
    tokens = tokenizer.encode(text, add_special_tokens=False).ids
    assert vocabulary.text(tokens) == tokenizer.decode(tokens)


def test_the_prompt_names_language_and_task(vocabulary: Vocabulary, tokenizer: Tokenizer) -> None:
    prompt = [tokenizer.id_to_token(token) for token in vocabulary.prompt("fr")]
    assert prompt == ["<|startoftranscript|>", "<|fr|>", "<|transcribe|>", "<|notimestamps|>"]


def test_special_tokens_have_no_text(vocabulary: Vocabulary) -> None:
    assert vocabulary.text([*vocabulary.prompt("en"), 51_864]) == ""


def test_it_knows_every_language_of_the_api(vocabulary: Vocabulary) -> None:
    assert vocabulary.languages >= TRANSCRIPTION_LANGUAGES


def test_an_english_model_knows_english_only(base_files: ModelFiles) -> None:
    english = Vocabulary.load(base_files.directory, multilingual=False)
    assert english.languages == {"en"}
    assert len(english.prompt("en")) == 2


@pytest.mark.parametrize(("name", "content"), [("vocabulary.txt", "a\nb"), ("vocabulary.json", '["a", "b"]')])
def test_another_kind_of_model_is_refused(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match=r"<\|endoftext\|>"):
        Vocabulary.load(tmp_path, multilingual=True)
