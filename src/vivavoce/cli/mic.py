"""`vivavoce mic`: captions of what is said now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Annotated, Any

import typer

from vivavoce.cli.add_ons import Chapters, Entities, Sentiment, Summary, asked
from vivavoce.cli.languages import Languages, Translate
from vivavoce.cli.terminal import Key, Url, fail, say, warn, warnings_said
from vivavoce.cli.transcribe import CodeSwitching, Model, Preset, request_of

RATE = 16_000


def mic(
    url: Url = None,
    key: Key = None,
    language: Languages = None,
    code_switching: CodeSwitching = False,
    preset: Preset = "live_subtitles",
    model: Model = None,
    entities: Entities = False,
    sentiment: Sentiment = False,
    translate: Translate = None,
    summary: Summary = None,
    chapters: Chapters = False,
    device: Annotated[
        str | None, typer.Option(metavar="NAME", help="The microphone: a number or a part of its name.")
    ] = None,
) -> None:
    """Caption the microphone until Ctrl-C."""
    from vivavoce.cli.captions import Captions
    from vivavoce.cli.servers import client_settings
    from vivavoce.cli.streaming import PIECE_SECONDS, Follower, screen
    from vivavoce.cli.terminal import stdout
    from vivavoce.client.client import Client
    from vivavoce.errors import VivavoceError

    settings = client_settings(url, key)
    console = screen()
    request = {
        "sample_rate": RATE,
        **request_of(language, code_switching, model, console is not None),
        **asked(entities, sentiment, translate, summary, chapters),
    }
    captions = Captions(console, None, None, with_channel=False, keep=True) if console else None
    follower = Follower(captions, not stdout().is_terminal, with_channel=False, targets=translate or ())
    with _microphone(device) as microphone, Client(settings.api_key, settings.url) as client:
        say("Speak; Ctrl-C ends.")
        with warnings_said(set()):
            session = client.live().start_session(request, preset=preset)
        try:
            with captions or nullcontext(), session:
                follower.follow(session)
                try:
                    while True:
                        piece, _ = microphone.read(round(RATE * PIECE_SECONDS))
                        session.send_audio(bytes(piece))
                except KeyboardInterrupt:
                    session.stop_recording()
            follower.check()
        except VivavoceError as error:
            raise follower.cut_short(error, session.id) from error
        finally:
            for name, why in follower.failed.items():
                warn(f"{name}: {why}")


@contextmanager
def _microphone(device: str | None) -> Iterator[Any]:
    """An open input of 16 bit mono."""
    try:
        import sounddevice
    except ModuleNotFoundError:
        fail("the microphone needs one more package; in the checkout: .venv/bin/pip install '.[mic]'")
    except OSError as error:
        fail(f"the microphone needs PortAudio ({error}). On Debian: apt-get install libportaudio2")
    chosen = int(device) if device and device.isdigit() else device
    try:
        stream = sounddevice.RawInputStream(samplerate=RATE, channels=1, dtype="int16", device=chosen)
        stream.start()
    except (sounddevice.PortAudioError, ValueError) as error:
        fail(f"no microphone: {error}. Those that there are: python -m sounddevice")
    with stream:
        yield stream
