"""Captions that grow on a terminal of 80 columns."""

from __future__ import annotations

import io
import re

from rich.console import Console

from client import wire
from vivavoce.cli.captions import Captions
from vivavoce.protocol.messages import TranscriptMessage, parse_message

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def transcript(words: str, utterance_id: str, is_final: bool) -> TranscriptMessage:
    message = parse_message(wire.transcript(words, utterance_id, is_final))
    assert isinstance(message, TranscriptMessage)
    return message


def terminal() -> tuple[Console, io.StringIO]:
    screen = io.StringIO()
    return Console(file=screen, force_terminal=True, width=80, height=24), screen


def written_since(screen: io.StringIO, position: int) -> list[str]:
    """The lines that were written, without control codes and empty ones."""
    plain = CONTROL.sub("", screen.getvalue()[position:])
    return [line.rstrip() for line in plain.splitlines() if line.strip()]


def test_a_partial_grows_in_its_place_and_its_final_stays() -> None:
    console, screen = terminal()
    with Captions(console, "talk.wav", 10, with_channel=False, keep=True) as captions:
        captions.hear(transcript(" It was", "00_1", is_final=False))
        position = screen.tell()
        captions.hear(transcript(" It was the best", "00_1", is_final=False))
        assert [line.split("━")[0].strip() for line in written_since(screen, position)] == [
            "0:00.0  It was the best",
            "0:00.0",
        ]
        position = screen.tell()
        captions.hear(transcript(" It was the best of times.", "00_1", is_final=True))
        final, bar = written_since(screen, position)
        assert final == " 0:00.0  It was the best of times."
        assert "━" in bar
    assert written_since(screen, 0)[0] == "talk.wav"


def test_a_long_utterance_is_wrapped_beside_its_time() -> None:
    console, screen = terminal()
    with Captions(console, None, None, with_channel=False, keep=True) as captions:
        captions.hear(transcript(" word" * 20, "00_1", is_final=True))
    lines = written_since(screen, 0)
    assert lines == [f" 0:00.0  {'word ' * 13}word", f"{'':9}{'word ' * 5}word"]
    assert all(len(line) <= 80 for line in lines)


def test_the_progress_is_shown_in_time_and_as_a_bar() -> None:
    console, screen = terminal()
    with Captions(console, "talk.wav", 10, with_channel=False, keep=True) as captions:
        position = screen.tell()
        captions.progress(5)
        [line] = written_since(screen, position)
    assert line.startswith(" 0:05.0  ━")
    assert line.endswith("━  0:10.0")
    # Ctrl-C writes ^C after it.
    assert 70 < len(line) <= 80 - len("^C")


def test_channels_are_told_apart() -> None:
    console, screen = terminal()
    with Captions(console, None, None, with_channel=True, keep=True) as captions:
        captions.hear(transcript(" Hello.", "00_1", is_final=True))
    assert written_since(screen, 0) == [" 0:00.0  [1] Hello."]


def test_finals_that_are_written_elsewhere_only_pass_by() -> None:
    console, screen = terminal()
    with Captions(console, None, None, with_channel=False, keep=False) as captions:
        captions.hear(transcript(" Hello.", "00_1", is_final=True))
        position = screen.tell()
        captions.hear(transcript(" And", "00_2", is_final=False))
        assert written_since(screen, position) == [" 0:00.0  And"]
