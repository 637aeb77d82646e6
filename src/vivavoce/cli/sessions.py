"""`vivavoce sessions`: what the server has stored."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vivavoce.cli.terminal import Key, Url, clock, fail, say, show_table
from vivavoce.protocol.responses import SessionObject, SessionStatus

if TYPE_CHECKING:
    from vivavoce.client.client import Live

app = typer.Typer(help="Look at the sessions that the server has stored.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="The session.")]
SNIPPET = 40


@app.command("list")
def list_sessions(
    url: Url = None,
    key: Key = None,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    status: Annotated[SessionStatus | None, typer.Option(help="Only those.")] = None,
) -> None:
    """List the newest sessions. Times are UTC."""
    with _live(url, key) as live:
        page = live.list(limit=limit, status=status) if status else live.list(limit=limit)
    show_table(["id", "status", "created (UTC)", "length", "text"], [_row(session) for session in page.items])


@app.command("get")
def get_session(
    session_id: Id,
    url: Url = None,
    key: Key = None,
    text: Annotated[bool, typer.Option("--text", help="Write plain text.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Write the whole session as JSON.")] = False,
    srt: Annotated[bool, typer.Option("--srt", help="Write SubRip subtitles.")] = False,
    vtt: Annotated[bool, typer.Option("--vtt", help="Write WebVTT subtitles.")] = False,
) -> None:
    """Print a session's transcript, with what is final so far."""
    from vivavoce.cli.transcripts import Form, chosen, written

    form = chosen(text, json, srt, vtt)
    with _live(url, key) as live:
        session = live.get(session_id)
    if form is Form.JSON:
        typer.echo(session.model_dump_json(indent=2))
        return
    transcription = session.result and session.result.transcription
    utterances = transcription.utterances if transcription else ()
    typer.echo(written(form, utterances, session.id, session.id), nl=False)


@app.command("file")
def get_file(
    session_id: Id,
    url: Url = None,
    key: Key = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to write: a file or a directory; - is standard output."),
    ] = None,
) -> None:
    """Save a session's recording as a WAV file."""
    name = f"{session_id}.wav"
    target = output or Path(name)
    if target.is_dir():
        target /= name
    with _live(url, key) as live:
        if str(target) == "-":
            live.download(session_id, sys.stdout.buffer)
            return
        try:
            size = _saved(live, session_id, target)
        except OSError as error:
            fail(f"{target} cannot be written: {error.strerror}")
    say(f"{target}: {size} bytes")


@app.command("delete")
def delete_sessions(
    session_ids: Annotated[list[str], typer.Argument(metavar="ID...", help="The sessions.")],
    url: Url = None,
    key: Key = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete sessions: audio, transcripts and metadata, for good."""
    if not yes:
        typer.confirm(f"Delete {', '.join(session_ids)} for good?", abort=True)
    with _live(url, key) as live:
        for session_id in session_ids:
            live.delete(session_id)
            say(f"{session_id} is deleted")


def _saved(live: Live, session_id: str, target: Path) -> int:
    """The bytes of a recording that is whole, or not there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".part")
    try:
        with partial.open("wb") as out:
            size = live.download(session_id, out)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return size


@contextmanager
def _live(url: str | None, key: str | None) -> Iterator[Live]:
    from vivavoce.client.client import Client
    from vivavoce.settings import ClientSettings

    settings = ClientSettings.from_environment({"url": url, "api_key": key})
    with Client(settings.api_key, settings.url) as client:
        yield client.live()


def _row(session: SessionObject) -> list[str]:
    transcription = session.result and session.result.transcription
    text = " ".join(transcription.full_transcript.split()) if transcription else ""
    length = session.file.audio_duration if session.file else None
    return [
        session.id,
        session.status,
        session.created_at[:19].replace("T", " "),
        "" if length is None else clock(length),
        text if len(text) <= SNIPPET else f"{text[: SNIPPET - 1]}…",
    ]
