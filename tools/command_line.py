"""The page docs/cli.md, from the command line's own declarations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import typer.main

from markdown_table import table
from vivavoce.cli.commands import app
from vivavoce.protocol import LiveRequest
from vivavoce.protocol.presets import PRESETS, with_preset


def command_line_page() -> str:
    program = typer.main.get_command(app)
    lines = [_text(program.help), "", _text(program.epilog), ""]
    for words, command in _commands(str(program.name), program):
        lines += _section(words, command)
    return "\n".join([*lines, *_presets()])


def _commands(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Every command that does something, with the words that call it."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield words, command
        return
    for name, subcommand in inner.items():
        yield from _commands(f"{words} {name}", subcommand)


def _section(words: str, command: Any) -> list[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option" and not one.hidden]
    usage = " ".join([words, *(["[OPTIONS]"] if options else []), *map(_metavar, arguments)])
    lines = [f"## `{words}`", "", _text(command.help), "", f"    {usage}", ""]
    rows = [[f"`{_metavar(one)}`", _text(one.help), "–"] for one in arguments]
    rows += [[_names(one), _help(one), _default(one)] for one in options]
    return [*lines, *table(["option", "what it does", "default"], rows), ""] if rows else lines


def _presets() -> list[str]:
    """What each preset asks for, beside what a request without one does."""
    requests = {"–": LiveRequest()} | {
        f"`{name}`": LiveRequest.model_validate(with_preset(name, {})) for name in PRESETS
    }
    rows = (
        [
            name,
            f"{request.endpointing:g} s",
            f"{request.maximum_duration_without_endpointing:g} s",
            "yes" if request.messages_config.receive_partial_transcripts else "no",
        ]
        for name, request in requests.items()
    )
    lines = [
        "## Presets",
        "",
        "What `--preset`, and `preset=` of our client, ask for; the first row is a request without one. Of a",
        "request's own fields each wins over the preset's. Commands show partials on a terminal alone.",
        "",
    ]
    head = ["preset", "a pause that ends an utterance", "the longest utterance", "partials"]
    return [*lines, *table(head, rows)]


def _metavar(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _names(option: Any) -> str:
    value = f" {option.metavar}" if option.metavar else ""
    return ", ".join(f"`{name}{value}`" for name in (*option.opts, *option.secondary_opts))


def _help(option: Any) -> str:
    annotation = option.type_descriptor.annotation
    choices = get_args(annotation) if get_origin(annotation) is Literal else ()
    listed = f" One of {', '.join(f'`{choice}`' for choice in choices)}." if choices else ""
    return _text(option.help) + listed


def _default(option: Any) -> str:
    default = option.default
    return f"`{default}`" if default not in (None, False, ()) and not callable(default) else "–"


def _text(help_text: str | None) -> str:
    return " ".join((help_text or "").split())
