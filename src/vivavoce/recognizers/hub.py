"""Models from the Hugging Face hub: fetched whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

from vivavoce.errors import ModelError
from vivavoce.recognizers.declaration import DECLARATION
from vivavoce.recognizers.layout import FETCHED, missing_file


def fetch(hub_name: str, directory: Path) -> None:
    """Makes `directory` the model `owner/model` or `owner/model@revision`, in place of what is there.

    It is complete or stays as it was: files gather in a hidden directory beside it, where a later attempt at
    the same commit goes on. Raises `ModelError` when the hub does not answer or has no such model.
    """
    # Only a configured hub name pays for loading the client.
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    repository, _, revision = hub_name.partition("@")
    patterns = [*FETCHED, DECLARATION]
    beside = directory.with_name(f".{directory.name}")
    try:
        listed = snapshot_download(
            repository, revision=revision or None, allow_patterns=patterns, dry_run=True
        )
        if not listed:
            raise ModelError(f"{hub_name} has none of a model's files")
        commit = listed[0].commit_hash
        gathered = beside / commit
        snapshot_download(repository, revision=commit, allow_patterns=patterns, local_dir=gathered)
        # Where the connection is lost the client takes what is there for all there is.
        if lost := [file.filename for file in listed if not (gathered / file.filename).is_file()]:
            raise ModelError(f"{hub_name} was not fetched: the connection was lost before {lost[0]}")
        if (missing := missing_file(gathered)) is not None:
            raise ModelError(f"{hub_name} is not a complete model: {missing} is missing")
        _put(gathered, directory, beside)
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error.__cause__ or error).partition("\n")[0].rstrip(".")
        raise ModelError(
            f"{hub_name} is neither a directory nor could it be fetched from the hub: {reason}. "
            f"Without a network, copy the model's files to {directory}"
        ) from error


def _put(gathered: Path, directory: Path, beside: Path) -> None:
    """Puts one directory in the place of another."""
    declared = directory / DECLARATION
    if declared.is_file() and not (gathered / DECLARATION).exists():
        # Which languages a model knows may have been said before it was there.
        shutil.copy(declared, gathered)
    replaced = beside / "replaced"
    if replaced.exists():
        shutil.rmtree(replaced)
    if directory.exists():
        directory.rename(replaced)
    gathered.rename(directory)
    shutil.rmtree(beside)
