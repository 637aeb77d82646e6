"""The options that name languages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from vivavoce.protocol.languages import (
    OLDER_CODES,
    TRANSCRIPTION_LANGUAGES,
    TRANSLATION_LANGUAGES,
    nearest_language,
)


def _each(option: str, known: frozenset[str]) -> Callable[[list[str] | None], list[str] | None]:
    """Takes an option's codes, each once and as the API writes it today. Raises BadParameter for others."""

    def codes(given: list[str] | None) -> list[str] | None:
        return given and list(dict.fromkeys(_code(language, option, known) for language in given))

    return codes


def _code(language: str, option: str, known: frozenset[str]) -> str:
    if "," in language:
        each = " ".join(f"{option} {code.strip()}" for code in language.split(","))
        raise typer.BadParameter(f"give {option} once for each language: {each}")
    code = OLDER_CODES.get(language, language)
    if code in known:
        return code
    nearest = nearest_language(language)
    advice = f"did you mean {nearest}?" if nearest in known else "docs/languages.md lists them"
    raise typer.BadParameter(f"{language!r} is none of the {len(known)} language codes: {advice}")


Languages = Annotated[
    list[str] | None,
    typer.Option(
        "--language",
        "-l",
        metavar="CODE",
        callback=_each("-l", TRANSCRIPTION_LANGUAGES),
        help="The language spoken, such as en; given several times, one of them. See docs/languages.md.",
    ),
]
Translate = Annotated[
    list[str] | None,
    typer.Option(
        "--translate",
        metavar="CODE",
        callback=_each("--translate", TRANSLATION_LANGUAGES),
        help="Translate to this language, such as pt; repeatable.",
    ),
]
