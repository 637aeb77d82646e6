"""`vivavoce transcribe`: files, streamed as if they were spoken now."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vivavoce.cli.terminal import Key, Url, fail, report, stdout
from vivavoce.errors import ServerUnreachable, VivavoceError
from vivavoce.protocol.presets import PresetName

if TYPE_CHECKING:
    from rich.console import Console

    from vivavoce.cli.transcripts import Form
    from vivavoce.client.client import Live

Languages = Annotated[
    list[str] | None,
    typer.Option("--language", "-l", metavar="CODE", help="A language spoken, such as en; repeatable."),
]
Preset = Annotated[PresetName, typer.Option(help="How utterances are cut.")]
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


@dataclass(frozen=True, slots=True)
class Job:
    """How to transcribe each file. `console` is where captions are shown."""

    form: Form
    output: Path | None
    several: bool
    speed: float
    split_channels: bool
    request: dict[str, Any]
    preset: PresetName
    console: Console | None


def transcribe(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Recordings in any common format.")],
    url: Url = None,
    key: Key = None,
    local: Annotated[bool, typer.Option("--local", help="Run a server for this command alone.")] = False,
    language: Languages = None,
    preset: Preset = "meeting",
    model: Model = None,
    split_channels: Annotated[
        bool, typer.Option("--split-channels", help="Transcribe each channel on its own.")
    ] = False,
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
    """Stream recordings to a server and watch the captions grow; write them as text, JSON or subtitles."""
    from vivavoce.cli.streaming import screen
    from vivavoce.cli.transcripts import Form, chosen
    from vivavoce.client.client import Client

    form = chosen(text, json, srt, vtt)
    several = len(files) > 1
    if several and output is None and form in (Form.SRT, Form.VTT):
        raise typer.BadParameter("subtitles of several files need a directory: add -o DIRECTORY")
    console = screen()
    request = {
        "language_config": {"languages": language or []},
        "messages_config": {"receive_partial_transcripts": console is not None},
        **({"model": model} if model else {}),
    }
    job = Job(form, output, several, speed, split_channels, request, preset, console)
    failed = False
    with _server(url, key, local) as (base_url, api_key), Client(api_key, base_url) as client:
        for path in files:
            try:
                _transcribe(client.live(), path, job)
            except ServerUnreachable as error:
                fail(
                    f"{error}\n       Start a server with `vivavoce serve`, name another one with --url, "
                    "or add --local to run one for this command."
                )
            except (VivavoceError, OSError) as error:
                report(f"{path}: {error}")
                failed = True
    if failed:
        raise typer.Exit(1)


@contextmanager
def _server(url: str | None, key: str | None, local: bool) -> Iterator[tuple[str, str | None]]:
    """The URL and the key to use."""
    from vivavoce.cli.local_server import local_server
    from vivavoce.settings import ClientSettings

    if local and url:
        raise typer.BadParameter("choose one of --local and --url")
    if local:
        with local_server() as local_url:
            yield local_url, None
    else:
        settings = ClientSettings.from_environment({"url": url, "api_key": key})
        yield settings.url, settings.api_key


def _transcribe(live: Live, path: Path, job: Job) -> None:
    from vivavoce.cli.audio_file import open_audio
    from vivavoce.cli.captions import Captions
    from vivavoce.cli.streaming import PIECE_SECONDS, Follower, paced
    from vivavoce.cli.transcripts import Form, written

    to_stdout = job.output is None
    echo = to_stdout and job.form is Form.CAPTIONS and not stdout().is_terminal
    heading = job.several and to_stdout and job.form in (Form.CAPTIONS, Form.TEXT)
    with open_audio(path, job.split_channels) as audio:
        with_channel = audio.channels > 1
        captions = None
        if job.console:
            keep = job.form is Form.CAPTIONS or not to_stdout or not stdout().is_terminal
            captions = Captions(job.console, path.name, audio.duration, with_channel, keep)
        if heading and echo:
            typer.echo(f"==> {path} <==")
        follower = Follower(captions, echo, with_channel)
        with (
            captions or nullcontext(),
            live.start_session(job.request, preset=job.preset, **audio.format) as session,
        ):
            follower.follow(session)
            for number, piece in enumerate(paced(audio.pieces(PIECE_SECONDS), PIECE_SECONDS, job.speed), 1):
                session.send_audio(piece)
                if captions:
                    captions.progress(min(number * PIECE_SECONDS, audio.duration))
    follower.check()
    if echo or (to_stdout and job.form is Form.CAPTIONS):
        return
    document = written(job.form, follower.finals, str(path), session.id)
    if to_stdout:
        typer.echo((f"==> {path} <==\n" if heading else "") + document, nl=False)
    else:
        _save(document, path, job)


def _save(document: str, path: Path, job: Job) -> None:
    target = job.output or Path()
    if job.several or target.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        target /= path.with_suffix(job.form.suffix).name
    target.write_text(document, encoding="utf-8")
