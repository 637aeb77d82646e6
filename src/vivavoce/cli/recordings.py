"""Recordings, one after the other: streamed, followed on the screen, written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from vivavoce.cli.audio_file import AudioFile, open_audio
from vivavoce.cli.captions import Captions
from vivavoce.cli.streaming import PIECE_SECONDS, Follower, paced
from vivavoce.cli.terminal import advised, fail, report, say, warn, warnings_said, write
from vivavoce.cli.transcripts import Form, written
from vivavoce.client.client import Live
from vivavoce.errors import InvalidAudio, ServerUnreachable, VivavoceError
from vivavoce.protocol.presets import PresetName
from vivavoce.protocol.responses import UtteranceModel

OR_LOCAL = "Or add --local to run one for this command."


@dataclass(frozen=True, slots=True)
class _Heard:
    """What became final, what else was asked for, what of that failed, and what cut it short, if anything."""

    session_id: str
    finals: list[UtteranceModel]
    add_ons: Mapping[str, Any]
    failed: Mapping[str, str]
    cut: BaseException | None


@dataclass(frozen=True, slots=True)
class Recordings:
    """How to transcribe several files.

    `console` is where captions are shown, if anywhere; `is_terminal` says whether standard output is seen
    too. `output` is a file, or a directory for several of them; None is standard output. `targets` are the
    languages to translate to, as in the request.
    """

    paths: Sequence[Path]
    form: Form
    output: Path | None
    speed: float
    split_channels: bool
    request: Mapping[str, Any]
    targets: Sequence[str]
    preset: PresetName
    console: Console | None
    is_terminal: bool
    warned: set[str] = field(default_factory=set, init=False)
    """What the server doubts about the request, which is the same for all."""

    def transcribe(self, live: Live) -> None:
        """All of them; one that fails is reported. Exits with code 1 if any did."""
        failed = False
        for path in self.paths:
            try:
                self._transcribe(live, path)
            except ServerUnreachable as error:
                fail(advised(error) if error.is_there else f"{advised(error)}\n       {OR_LOCAL}")
            except BrokenPipeError:
                raise
            except (VivavoceError, OSError) as error:
                said = advised(error)
                report(said if str(path) in said else f"{path}: {said}")
                failed = True
        if failed:
            raise typer.Exit(1)

    @property
    def _prints_captions(self) -> bool:
        """Whether captions go to standard output while they are spoken."""
        return self.form is Form.CAPTIONS and self.output is None and not self.is_terminal

    @property
    def _shows_all(self) -> bool:
        """Whether captions stay on the screen: unless the same words are written there afterwards."""
        return self.form is Form.CAPTIONS or self.output is not None or not self.is_terminal

    def _transcribe(self, live: Live, path: Path) -> None:
        if self._prints_captions:
            self._print_name(path)
        with open_audio(path, self.split_channels) as audio:
            if audio.missing:
                say(f"{path} is cut off: its header promises {audio.missing:.1f} s more")
            heard = self._stream(live, audio, path.name)
        if heard.finals or not isinstance(heard.cut, VivavoceError):
            self._write(path, heard)
        whose = f"{path}: " if len(self.paths) > 1 else ""
        for name, why in heard.failed.items():
            warn(f"{whose}{name}: {why}")
        if heard.cut:
            raise heard.cut

    def _write(self, path: Path, heard: _Heard) -> None:
        document = written(self.form, heard.finals, str(path), heard.session_id, heard.add_ons)
        if self.output is not None:
            target = self._target(self.output, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(document, encoding="utf-8")
        elif self.form is not Form.CAPTIONS:
            if self.form is Form.TEXT:
                self._print_name(path)
            write(document, nl=False)

    def _stream(self, live: Live, audio: AudioFile, name: str) -> _Heard:
        """Ctrl-C cuts the recording short; a second one is raised."""
        cut: BaseException | None = None
        with_channel = audio.channels > 1
        captions = None
        if self.console:
            captions = Captions(self.console, name, audio.duration, with_channel, self._shows_all)
        follower = Follower(captions, self._prints_captions, with_channel, self.targets)
        request = {**self.request, **audio.format}
        with warnings_said(self.warned):
            session = live.start_session(request, preset=self.preset)
        try:
            with captions or nullcontext(), session:
                follower.follow(session)
                pieces = paced(audio.pieces(PIECE_SECONDS), PIECE_SECONDS, self.speed)
                try:
                    for piece in pieces:
                        session.send_audio(piece)
                        if follower.has_met_an_error:
                            # How the session ends may say more of it.
                            break
                except (KeyboardInterrupt, InvalidAudio) as reason:
                    # The block's end stops the recording and waits for what is still coming.
                    cut = reason
            follower.check()
        except VivavoceError as error:
            cut = follower.cut_short(error, session.id, audio.duration)
        return _Heard(session.id, follower.finals, follower.add_ons, follower.failed, cut)

    def _target(self, output: Path, path: Path) -> Path:
        if len(self.paths) > 1 or output.is_dir():
            return output / path.with_suffix(self.form.suffix).name
        return output

    def _print_name(self, path: Path) -> None:
        if len(self.paths) > 1:
            write(f"==> {path} <==")
