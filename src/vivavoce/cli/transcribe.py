"""`vivavoce transcribe`: files, streamed as if they were spoken now."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from vivavoce.cli.add_ons import Chapters, Entities, Sentiment, Summary, asked
from vivavoce.cli.languages import Languages, Translate
from vivavoce.cli.terminal import Key, Url, stdout, warn
from vivavoce.protocol.presets import PresetName

CodeSwitching = Annotated[
    bool,
    typer.Option("--code-switching", help="The language changes, among those of -l if there are any."),
]
Preset = Annotated[
    PresetName, typer.Option(help="How utterances are cut: see the table of presets in cli.md.")
]
Model = Annotated[str | None, typer.Option(metavar="NAME", help="The model to use.")]


def _speed(text: str) -> float:
    if text == "max":
        return math.inf
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not speed > 0:
        raise typer.BadParameter("give a number above 0, such as 1 for the speed of speech, or max")
    return speed


def transcribe(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Recordings in any common format.")],
    url: Url = None,
    key: Key = None,
    local: Annotated[bool, typer.Option("--local", help="Run a server for this command alone.")] = False,
    language: Languages = None,
    code_switching: CodeSwitching = False,
    preset: Preset = "meeting",
    model: Model = None,
    split_channels: Annotated[
        bool, typer.Option("--split-channels", help="Transcribe each channel on its own.")
    ] = False,
    entities: Entities = False,
    sentiment: Sentiment = False,
    translate: Translate = None,
    summary: Summary = None,
    chapters: Chapters = False,
    text: Annotated[bool, typer.Option("--text", help="Write plain text.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Write JSON, one line for each file.")] = False,
    srt: Annotated[bool, typer.Option("--srt", help="Write SubRip subtitles.")] = False,
    vtt: Annotated[bool, typer.Option("--vtt", help="Write WebVTT subtitles.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to write; a directory if there are several files."),
    ] = None,
    speed: Annotated[
        float,
        typer.Option(parser=_speed, metavar="NUMBER|max", help="How fast; 1 is the speed of speech."),
    ] = "1",  # type: ignore[assignment]
) -> None:
    """Stream recordings to a server and watch the captions grow; write them as text, JSON or subtitles.

    Entities, sentiment and translations come with the captions, the summary and chapters after them; all are
    in the JSON, and not in text or subtitles. One that fails is named in the end; the exit code is 0 if the
    words came. Ctrl-C stops the recording and writes what was said so far; a second one ends at once.
    """
    from vivavoce.cli.recordings import Recordings
    from vivavoce.cli.streaming import screen
    from vivavoce.cli.transcripts import Form, chosen
    from vivavoce.client.client import Client

    form = chosen(text, json, srt, vtt)
    _check_outputs(files, output, is_subtitles=form in (Form.SRT, Form.VTT))
    beside_words = asked(entities, sentiment, translate, summary, chapters)
    if beside_words and form in (Form.TEXT, Form.SRT, Form.VTT):
        warn(f"{form} is the words alone: what else is asked for is with the captions and in --json")
    console = screen()
    recordings = Recordings(
        paths=files,
        form=form,
        output=output,
        speed=speed,
        split_channels=split_channels,
        request=request_of(language, code_switching, model, partials=console is not None) | beside_words,
        targets=translate or (),
        preset=preset,
        console=console,
        is_terminal=stdout().is_terminal,
    )
    with _server(url, key, local) as (base_url, api_key), Client(api_key, base_url) as client:
        recordings.transcribe(client.live())


def request_of(
    language: list[str] | None, code_switching: bool, model: str | None, partials: bool
) -> dict[str, Any]:
    """What the options ask of a session."""
    return {
        "language_config": {"languages": language or [], "code_switching": code_switching},
        "messages_config": {"receive_partial_transcripts": partials, "receive_acknowledgments": True},
        **({"model": model} if model else {}),
    }


def _check_outputs(files: list[Path], output: Path | None, is_subtitles: bool) -> None:
    if len(files) > 1 and output is None and is_subtitles:
        raise typer.BadParameter("subtitles of several files need a directory: add -o DIRECTORY")
    if output is not None and len({path.stem for path in files}) < len(files):
        raise typer.BadParameter("two of the files have one name, so one output would replace the other")


@contextmanager
def _server(url: str | None, key: str | None, local: bool) -> Iterator[tuple[str, str | None]]:
    """The URL and the key to use."""
    from vivavoce.cli.local_server import local_server
    from vivavoce.cli.servers import client_settings

    if local and url:
        raise typer.BadParameter("choose one of --local and --url")
    if local:
        with local_server() as local_url:
            yield local_url, None
    else:
        settings = client_settings(url, key)
        yield settings.url, settings.api_key
