"""What `vivavoce.json` says about a model beside its files: its languages, and what the files hash to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from vivavoce.errors import ModelError
from vivavoce.protocol.languages import LANGUAGE_NAMES
from vivavoce.recognizers.weights import sha256_of

DECLARATION: Final = "vivavoce.json"


class Declaration(BaseModel):
    """`languages` are codes of the API; `sha256` has sums by file name, each in hexadecimal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    languages: tuple[str, ...] = ()
    sha256: dict[str, str] = {}

    @classmethod
    def of(cls, directory: Path) -> Declaration:
        """What is declared of the model in `directory`; nothing if there is no such file.

        Raises `ModelError` naming what is wrong with it.
        """
        path = directory / DECLARATION
        try:
            declaration = cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return cls()
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise ModelError(f"{path} is wrong{f' at {place}' if place else ''}: {first['msg']}") from error
        if unknown := [code for code in declaration.languages if code not in LANGUAGE_NAMES]:
            raise ModelError(f"{path} names languages that the API has no code for: {', '.join(unknown)}")
        return declaration

    def check(self, directory: Path) -> Mapping[str, str]:
        """The sums that are declared, in small letters, once all those files are read and have them.

        Raises `ModelError` naming the file that is not what was declared.
        """
        sums = {name: expected.lower() for name, expected in self.sha256.items()}
        for name, expected in sums.items():
            path = directory / name
            if not path.is_file():
                raise ModelError(f"{path} is missing, which {directory / DECLARATION} gives a sum of")
            if (actual := sha256_of(path)) != expected:
                raise ModelError(
                    f"{path} has sha256 {actual} instead of {expected}, which {DECLARATION} declares: "
                    "copy the file again, or declare what it is now"
                )
        return sums
