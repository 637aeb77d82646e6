"""`vivavoce sessions`: what the server has stored."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vivavoce.cli.data import reading, with_storage
from vivavoce.cli.terminal import (
    DAMAGED,
    Key,
    Url,
    Yes,
    clock,
    confirm,
    fail,
    printable_json,
    say,
    show_entries,
    write,
)
from vivavoce.errors import NotFoundError
from vivavoce.protocol.responses import SessionObject, SessionStatus

if TYPE_CHECKING:
    from vivavoce.client.client import Live
    from vivavoce.storage.records import Damaged, StoredSession
    from vivavoce.storage.stores import Storage

app = typer.Typer(help="Look at the sessions that the server has stored.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="The session.")]
OperatorDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        help="In that data directory, as its operator: sessions of all keys and of none.",
    ),
]
SNIPPET = 70
_NO_KEY = "–"
_OF_NO_KEY = (
    "One of another key, of a revoked one or of before the first key is deleted where the server runs: add "
    "--data-dir DIR."
)


@app.command("list")
def list_sessions(
    url: Url = None,
    key: Key = None,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    status: Annotated[SessionStatus | None, typer.Option(help="Only those.")] = None,
    data_dir: OperatorDir = None,
) -> None:
    """List the newest sessions. Times are UTC.

    For other programs: id, status, time, length, text, separated by tabs; with --data-dir the key, no text.
    """
    if data_dir:
        _check_operator(url, key)
        show_entries(
            [_stored_row(each) for each in _stored(data_dir, limit, status)], _stored_lines, _none(status)
        )
        return
    with _live(url, key) as live:
        page = live.list(limit=limit, status=status) if status else live.list(limit=limit)
    show_entries([_row(session) for session in page.items], _lines, _none(status))


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
        write(printable_json(session.model_dump_json(indent=2)))
        return
    transcription = session.result and session.result.transcription
    utterances = transcription.utterances if transcription else ()
    write(written(form, utterances, session.id, session.id), nl=False)


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
    yes: Yes = False,
    data_dir: OperatorDir = None,
) -> None:
    """Delete sessions: audio, transcripts and metadata, for good.

    With --data-dir those, too, that no key can delete: of before the first key, or of one that is revoked.
    """
    if data_dir:
        _check_operator(url, key)
    confirm(f"Delete {', '.join(session_ids)} for good?", yes)
    if data_dir:
        _delete_stored(data_dir, session_ids)
        return
    with _live(url, key) as live:
        for session_id in session_ids:
            try:
                live.delete(session_id)
            except NotFoundError as error:
                fail(f"{error}\n       {_OF_NO_KEY}")
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


def _check_operator(url: str | None, key: str | None) -> None:
    if url or key:
        raise typer.BadParameter("choose one of --data-dir and the server of --url and --key")


def _stored(data_dir: Path, limit: int, status: SessionStatus | None) -> Sequence[StoredSession | Damaged]:
    async def found(storage: Storage) -> Sequence[StoredSession | Damaged]:
        from vivavoce.storage.records import SessionFilter

        return await storage.sessions.list_all(SessionFilter((status,) if status else ()), limit)

    return reading(data_dir, found)


def _delete_stored(data_dir: Path, session_ids: Sequence[str]) -> None:
    async def delete(storage: Storage) -> None:
        from vivavoce.storage.claim import claim

        with claim(data_dir) as no_server_runs:
            for session_id in session_ids:
                # Of one that is damaged no more can be read.
                standing = await storage.sessions.standing(session_id)
                if standing is None:
                    fail(f"there is no session {session_id} in {data_dir}")
                if not no_server_runs and _may_be_live(session_id, standing.status, storage):
                    fail(f"the session {session_id} is still live: wait for its end, or stop the server")
                await storage.delete_session(session_id)
                say(f"{session_id} is deleted")
            if no_server_runs:
                await storage.sweep()

    with_storage(data_dir, delete)


def _may_be_live(session_id: str, status: SessionStatus, storage: Storage) -> bool:
    # It is queued until its client speaks; its log is there since it has connected.
    has_ended = status in ("done", "error")
    return status == "processing" or (not has_ended and storage.audio.size(session_id) is not None)


@contextmanager
def _live(url: str | None, key: str | None) -> Iterator[Live]:
    from vivavoce.cli.servers import client_settings
    from vivavoce.client.client import Client

    settings = client_settings(url, key)
    with Client(settings.api_key, settings.url) as client:
        yield client.live()


def _none(status: SessionStatus | None) -> str:
    which = f" with the status {status}" if status else ""
    return (
        f"There are no sessions{which}. What clients record appears here, with a key what they recorded with "
        "that one; `vivavoce transcribe FILE` records something."
    )


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


def _stored_row(session: StoredSession | Damaged) -> list[str]:
    from vivavoce.storage.records import Damaged

    if isinstance(session, Damaged):
        return [session.id, DAMAGED, "", "", session.problem]
    length = clock(session.audio_duration) if session.completed_at else ""
    return [
        session.id,
        session.status,
        f"{session.created_at:%Y-%m-%d %H:%M:%S}",
        length,
        session.key_id or _NO_KEY,
    ]


def _lines(id_: str, status: str, created: str, length: str, rest: str) -> list[str]:
    return [f"{id_}  {created}  {status:<10}  {length}", *filter(None, [rest])]


def _stored_lines(id_: str, status: str, created: str, length: str, key_id: str) -> list[str]:
    if status == DAMAGED:
        return [f"{id_}  {status}", key_id]
    whose = "of no key" if key_id == _NO_KEY else f"of key {key_id}"
    return _lines(id_, status, created, length, whose)
