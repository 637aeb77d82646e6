"""Models from the Hugging Face hub: fetched whole or not at all, and remembered by what was asked for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from vivavoce.errors import ModelError
from vivavoce.recognizers.declaration import DECLARATION
from vivavoce.recognizers.layout import FETCHED, missing_file

_MARKER = "fetched.json"
_REPLACED = "replaced"


def is_another(hub_name: str, directory: Path) -> bool:
    """Whether `directory` was fetched, and by another name than `owner/model` or `owner/model@revision`.

    What somebody copied there is taken for the model that it is called.
    """
    return _fetched(directory) not in (None, hub_name)


def fetch(hub_name: str, directory: Path) -> None:
    """Makes `directory` the model `owner/model` or `owner/model@revision`, in place of what is there.

    It is complete or stays as it was: files gather in a hidden directory beside it, where a later attempt at
    the same commit goes on. Raises `ModelError` when the hub does not answer or has no such model.
    """
    # Only a configured hub name pays for loading the client.
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    repository, _, revision = hub_name.partition("@")
    beside = directory.with_name(f".{directory.name}")
    patterns = [*FETCHED, DECLARATION]
    try:
        _put_back(directory, beside)
        listed = snapshot_download(
            repository,
            revision=revision or None,
            allow_patterns=patterns,
            cache_dir=beside,
            dry_run=True,
        )
        if not listed:
            raise ModelError(f"{hub_name} has none of a model's files")
        commit = listed[0].commit_hash
        gathered = beside / commit
        snapshot_download(
            repository,
            revision=commit,
            allow_patterns=patterns,
            cache_dir=beside,
            local_dir=gathered,
        )
        # Where the connection is lost the client takes what is there for all there is.
        if lost := [file.filename for file in listed if not (gathered / file.filename).is_file()]:
            raise ModelError(f"{hub_name} was not fetched: the connection was lost before {lost[0]}")
        if (missing := missing_file(gathered)) is not None:
            raise ModelError(f"{hub_name} is not a complete model: {missing} is missing")
        _remember(gathered, repository, revision)
        _put(gathered, directory, beside)
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error.__cause__ or error).partition("\n")[0].rstrip(".")
        there = ", in place of all that is there" if directory.exists() else ""
        raise ModelError(
            f"{hub_name} is neither a directory nor could it be fetched from the hub: {reason}. "
            f"Without a network, copy the model's files to {directory}{there}"
        ) from error


def _fetched(directory: Path) -> str | None:
    """By which name it was, if it was: nothing is known of what was copied by hand."""
    try:
        marker = json.loads((directory / _MARKER).read_bytes())
        return "@".join(filter(None, (marker["repository"], marker["revision"])))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return ""  # the machine went down before all of it was on the disk, or another version wrote it


def _remember(directory: Path, repository: str, revision: str) -> None:
    marker = {"repository": repository, "revision": revision or None}
    (directory / _MARKER).write_text(json.dumps(marker), encoding="utf-8")


def _put_back(directory: Path, beside: Path) -> None:
    """Undoes half of `_put`, where the machine went down before the other half."""
    replaced = beside / _REPLACED
    if replaced.exists() and not directory.exists():
        replaced.rename(directory)


def _put(gathered: Path, directory: Path, beside: Path) -> None:
    """Puts one directory in the place of another."""
    declared = directory / DECLARATION
    if declared.is_file() and not (gathered / DECLARATION).exists() and _fetched(directory) is None:
        # Which languages a model knows may have been said before it was there.
        shutil.copy(declared, gathered)
    replaced = beside / _REPLACED
    if replaced.exists():
        shutil.rmtree(replaced)
    if directory.exists():
        directory.rename(replaced)
    gathered.rename(directory)
    shutil.rmtree(beside)
