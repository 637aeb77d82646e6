"""Streaming audio to a session and following what it hears, for files and microphones alike."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console

from vivavoce.cli.add_ons import Note, failure, failures, found, told, told_of_all
from vivavoce.cli.captions import Captions
from vivavoce.cli.terminal import clock, say, stderr, stdout, write
from vivavoce.cli.transcripts import caption
from vivavoce.client.events import AnyMessage, Connected, Connecting, Ended
from vivavoce.client.session import Session
from vivavoce.errors import SessionClosed, VivavoceError
from vivavoce.protocol.close_codes import TRY_AGAIN
from vivavoce.protocol.messages import (
    AudioChunkAckMessage,
    PostChapterizationMessage,
    PostFinalTranscriptMessage,
    PostSummarizationMessage,
    TranscriptMessage,
)
from vivavoce.protocol.responses import UtteranceModel

PIECE_SECONDS = 0.1
KEPT = "What the server has heard is kept there: `vivavoce sessions get "


class Follower:
    """Collects a session's finals, shows them, and prints them to standard output if `echo`.

    The session must have been asked for acknowledgments; `stored` is how many seconds of audio they are for.
    It is translated to `targets`.
    """

    def __init__(
        self, captions: Captions | None, echo: bool, with_channel: bool, targets: Sequence[str] = ()
    ) -> None:
        self.finals: list[UtteranceModel] = []
        self.add_ons: Mapping[str, Any] = {}
        """What else was asked for, as JSON, once the session has ended."""
        self.failed: Mapping[str, str] = {}
        """What of that there is not, or not all of, by its name, and why."""
        self.stored = 0.0
        self._captions = captions
        self._echo = echo
        self._with_channel = with_channel
        self._errors: list[Exception] = []
        self._was_connected = False
        self._is_lost = False
        self._targets = targets
        self._said_of_all: list[PostSummarizationMessage | PostChapterizationMessage] = []

    def follow(self, session: Session) -> None:
        session.on("connecting", self._connecting)
        session.on("connected", self._connected)
        session.on("message", self._hear)
        session.on("error", self._errors.append)
        session.on("ended", self._end)

    @property
    def has_met_an_error(self) -> bool:
        return bool(self._errors)

    def check(self) -> None:
        """Raise the first error that the session told of."""
        if self._errors:
            raise self._errors[0]

    def cut_short(
        self, error: VivavoceError, session_id: str, duration: float | None = None
    ) -> VivavoceError:
        """What to say of a session that has failed with `error`, of a recording of `duration` seconds."""
        why = str(error)
        if isinstance(error, SessionClosed) and self._is_lost:
            stored = clock(self.stored) + (f" of {clock(duration)}" if duration is not None else "")
            what = "take audio" if error.code == TRY_AGAIN else "come back"
            why = f"the server did not {what} within a minute; {stored} is stored"
        return VivavoceError(f"{why}\n       {KEPT}{session_id}`")

    def _connecting(self, event: Connecting) -> None:
        if (self._was_connected or event.attempt > 1) and not self._is_lost:
            self._is_lost = True
            what = "the server cannot take audio now" if event.code == TRY_AGAIN else "lost the server"
            self._say(f"{what}, trying again for a minute")

    def _connected(self, _event: Connected) -> None:
        self._was_connected = True

    def _say(self, text: str) -> None:
        if self._captions:
            self._captions.remark(text)
        else:
            say(text)

    def _hear(self, message: AnyMessage) -> None:
        if isinstance(message, AudioChunkAckMessage):
            if not message.acknowledged or not message.data:
                return
            self.stored = max(self.stored, message.data.time_range[1])
            if self._captions:
                self._captions.progress(self.stored)
        if self._is_lost:
            # A server that still starts takes a connection only to end it.
            self._is_lost = False
            self._say("the server is back")
        if not isinstance(message, TranscriptMessage):
            self._hear_more(message)
            return
        if message.data.is_final:
            self.finals.append(message.data.utterance)
            if self._echo:
                write(caption(message.data.utterance, self._with_channel))
        if self._captions:
            self._captions.hear(message)

    def _hear_more(self, message: AnyMessage) -> None:
        match message:
            case PostFinalTranscriptMessage(data=result):
                self.add_ons = found(result)
                self.failed = failures(result, self._targets)
            case PostSummarizationMessage(error=None) | PostChapterizationMessage(error=None):
                # What is still said of finals comes before it.
                self._said_of_all.append(message)
            case _ if failed := failure(message):
                # What is wrong with one final is wrong with the next.
                name, why = failed
                self.failed = {name: why, **self.failed}
        for note in told(message, self._with_channel):
            self._note(note)

    def _end(self, _event: Ended) -> None:
        self._said_of_all.sort(key=lambda message: isinstance(message, PostChapterizationMessage))
        notes = [note for message in self._said_of_all for note in told_of_all(message)]
        for note in notes:
            self._note(note)
        if self._said_of_all and not notes and not self.finals:
            self._say("nothing was said")

    def _note(self, note: Note) -> None:
        if self._echo:
            time = "" if note.start is None else clock(note.start)
            write(f"{time:>7}  {note.text}")
        if self._captions:
            self._captions.note(*note)


def screen() -> Console | None:
    """The terminal to show captions on, if there is one: standard error first, it leaves the output alone."""
    for console in (stderr(), stdout()):
        if console.is_terminal:
            return Console(stderr=console.stderr, highlight=False)
    return None


def paced(pieces: Iterable[bytes], seconds: float, speed: float) -> Iterator[bytes]:
    """Pieces of `seconds` each, no sooner than they would have been spoken at `speed`."""
    begin = time.monotonic()
    for number, piece in enumerate(pieces, start=1):
        time.sleep(max(0.0, begin + number * seconds / speed - time.monotonic()))
        yield piece
