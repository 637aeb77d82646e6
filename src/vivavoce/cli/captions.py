"""Captions that grow on a terminal: finals stay, what is still being said is dim below them."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from vivavoce.cli.terminal import clock, printable
from vivavoce.cli.transcripts import spoken
from vivavoce.protocol.messages import TranscriptMessage
from vivavoce.protocol.responses import UtteranceModel


class Captions:
    """`name` and `duration`, in seconds, are those of a recording; a microphone has neither, and no progress.

    `keep` leaves the finals on the screen; without it they pass by, since they are written elsewhere.
    Methods may be called from several threads.
    """

    def __init__(
        self, console: Console, name: str | None, duration: float | None, with_channel: bool, keep: bool
    ) -> None:
        self._name = name
        self._duration = duration
        self._with_channel = with_channel
        self._keep = keep
        self._seconds = 0.0
        self._partials: dict[str, UtteranceModel] = {}
        self._last: UtteranceModel | None = None
        self._live = Live(self, console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        if self._name:
            self._live.console.print(Text(printable(self._name), "bold"))
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()

    def hear(self, message: TranscriptMessage) -> None:
        """Show a partial in the place of the one before, or settle a final."""
        utterance = message.data.utterance
        if not message.data.is_final:
            self._partials[message.data.id] = utterance
            self._live.refresh()
            return
        self._partials.pop(message.data.id, None)
        self._last = utterance
        if self._keep:
            self._live.console.print(self._caption(utterance, ""))
        else:
            self._live.refresh()

    def remark(self, text: str) -> None:
        """Say something beside what is heard; it stays."""
        self._live.console.print(Text(printable(text), "dim"))

    def note(self, start: float | None, text: str) -> None:
        """Say something of what was said at that time, in seconds, or of all that was; it stays."""
        self._live.console.print(self._row(start, text, "dim"))

    def progress(self, seconds: float) -> None:
        """So much of the recording is stored."""
        self._seconds = seconds
        self._live.refresh()

    def __rich__(self) -> RenderableType:
        """What is below the finals, at this moment."""
        growing = sorted(self._partials.values(), key=lambda utterance: utterance.start)
        rows = [self._caption(utterance, "dim italic") for utterance in growing]
        if not self._keep and self._last and not growing:
            rows.append(self._caption(self._last, ""))
        if self._duration is not None:
            rows.append(self._bar(self._duration))
        # A terminal writes ^C after the last line, which must not break it.
        return Padding(Group(*rows), (0, len("^C") + 1, 0, 0))

    def _caption(self, utterance: UtteranceModel, style: str) -> RenderableType:
        return self._row(utterance.start, spoken(utterance, self._with_channel), style)

    def _row(self, start: float | None, text: str, style: str) -> RenderableType:
        row = Table.grid(padding=(0, 2, 0, 0), expand=True)
        row.add_column(width=7, justify="right", style="cyan")
        row.add_column(ratio=1)
        row.add_row("" if start is None else clock(start), Text(printable(text), style))
        return row

    def _bar(self, duration: float) -> RenderableType:
        row = Table.grid(padding=(0, 2, 0, 0), expand=True)
        row.add_column(width=7, justify="right", style="cyan")
        row.add_column(ratio=1)
        row.add_column(justify="right", style="dim")
        row.add_row(clock(self._seconds), ProgressBar(max(duration, 0.1), self._seconds), clock(duration))
        return row
