"""What `vivavoce doctor` looks at: each check finds that something is in order, or what to do about it."""

from __future__ import annotations

import errno
import math
import re
import shutil
import struct
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, distribution, requires, version
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from vivavoce.cli.finding import Finding
from vivavoce.errors import ConfigurationError, ModelError, StorageError, VivavoceError
from vivavoce.settings import Settings

if TYPE_CHECKING:
    from vivavoce.client.client import Live
    from vivavoce.recognizers.registry import ModelFiles

ROOM = 1_000_000_000
"""Bytes that should be free for recordings."""

REINSTALL_VOICE = "run pip install --force-reinstall faster-whisper"

ANSWER_WITHIN = 2.0
"""Seconds for whoever has the port to say what it is."""

TEST_SECONDS = 3
RATE = 16_000


def findings(speech: Path | None) -> Iterator[Finding]:
    """All checks, in an order in which each rests on those before it."""
    # Older Pythons are refused at the installation.
    yield Finding("python", "ok", sys.version.split()[0])
    yield Finding("package", "ok", f"vivavoce {version('vivavoce')}")
    yield microphone()
    missing = missing_packages("server")
    yield server_extra(missing)
    if missing:
        return
    try:
        settings = Settings.from_environment()
    except ConfigurationError as error:
        yield Finding("settings", "wrong", str(error), "correct these variables in the environment")
        return
    yield port(settings)
    with _place_for_models(settings) as place:
        found = []
        for finding in _needed(settings, place):
            yield finding
            found.append(finding.state)
        yield enhancer()
        for finding in _with_words(settings):
            yield finding
            # With wrong settings no server starts; without an add-on it does.
            if finding.subject == "settings":
                found.append(finding.state)
        if "wrong" in found:
            yield Finding("self-test", "note", "left out: what it needs is wrong")
        else:
            yield self_test(speech, place)


@contextmanager
def _place_for_models(settings: Settings) -> Iterator[Path]:
    """The data directory, if it has models; otherwise one for now, since it may be a mistyped one."""
    try:
        has_models = (settings.data_dir / "models").is_dir()
    except OSError:  # it is another user's, as the next finding says
        has_models = False
    if has_models:
        yield settings.data_dir
        return
    with tempfile.TemporaryDirectory(prefix="vivavoce-") as directory:
        yield Path(directory)


def _needed(settings: Settings, place: Path) -> Iterator[Finding]:
    """What no server starts without."""
    yield data_directory(settings)
    yield words()
    for finding in weights(settings.model_copy(update={"data_dir": place})):
        # What it advises is for the directory that servers use.
        yield replace(finding, detail=finding.detail.replace(str(place), str(settings.data_dir)))
    yield voice_activity()


def _with_words(settings: Settings) -> Iterator[Finding]:
    """A server starts without what works on the words, and says so where a session asks for it."""
    from vivavoce.cli.add_on_checks import add_ons

    yield from add_ons(settings)


def missing_packages(extra: str) -> list[str]:
    """The packages of an extra that are not installed."""
    lines = [line for line in requires("vivavoce") or [] if f"extra == '{extra}'" in line.replace('"', "'")]
    names = [match[0] for line in lines if (match := re.match(r"[\w.-]+", line))]
    return [name for name in names if not _is_installed(name)]


def microphone() -> Finding:
    if missing_packages("mic"):
        detail = "not installed; for `vivavoce mic`, in the checkout: .venv/bin/pip install '.[mic]'"
        return Finding("microphone", "note", detail)
    return Finding("microphone", "ok", "installed")


def server_extra(missing: list[str]) -> Finding:
    from vivavoce.bench.surroundings import versions

    if "fastapi" in missing:
        return Finding("server", "note", "not installed; to serve, in the checkout: tools/setup server")
    if missing:
        detail = f"{', '.join(missing)} not installed"
        return Finding("server", "wrong", detail, "run tools/setup server in the checkout")
    found = ", ".join(f"{name} {one}" for name, one in versions().items() if name != "vivavoce")
    return Finding("server", "ok", f"all packages are installed: {found}")


def data_directory(settings: Settings) -> Finding:
    """Nothing is made in it, nor it itself."""
    from vivavoce.storage.stores import is_there

    directory = settings.data_dir
    try:
        place = next(each for each in (directory, *directory.absolute().parents) if each.exists())
        with tempfile.TemporaryFile(dir=place):
            free = shutil.disk_usage(place).free
    except OSError as error:
        remedy = "make it writable, or set VIVAVOCE_DATA_DIR to a directory that is"
        return Finding("data", "wrong", f"{directory} cannot be written to: {error.strerror}", remedy)
    if free < ROOM:
        detail = f"{directory} has only {free / 1e6:.0f} MB free"
        return Finding("data", "wrong", detail, "delete sessions, or set VIVAVOCE_DATA_DIR to another disk")
    room = f"{free / 1e9:.0f} GB free"
    if not is_there(directory):
        return Finding("data", "note", f"no Vivavoce data in {directory} yet: a server makes it; {room}")
    return Finding("data", "ok", f"{directory}, {room}")


def port(settings: Settings) -> Finding:
    from vivavoce.server.address import listen

    place = f"{settings.host}:{settings.port}"
    try:
        listen(settings.host, settings.port).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return _occupant(settings, place)
        remedy = "set VIVAVOCE_HOST and VIVAVOCE_PORT to an address of this machine"
        return Finding("port", "wrong", f"{place}: {error.strerror}", remedy)
    return Finding("port", "ok", f"{place} is free")


def _occupant(settings: Settings, place: str) -> Finding:
    """Whether it is a server of ours that listens there: its description of its calls says so."""
    import httpx

    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    what = "something that does not answer HTTP"
    try:
        # A proxy would answer for itself.
        with httpx.Client(trust_env=False, timeout=ANSWER_WITHIN) as client:
            answer = client.get(f"http://{host}:{settings.port}/openapi.json")
        what = f"another server ({answer.headers.get('server', 'it does not say which')})"
        match answer.json():
            case {"info": {"title": "Vivavoce", "version": running}}:
                return _our_server(settings, f"Vivavoce {running} is running on {place}")
    except (httpx.HTTPError, ValueError):  # ValueError: what it says is no JSON
        pass
    detail = f"{place} is taken by {what}"
    return Finding("port", "wrong", detail, "end it, or set VIVAVOCE_PORT to a free port")


def _our_server(settings: Settings, detail: str) -> Finding:
    """Whether it may be the one that uses this data directory, as its lock tells."""
    from vivavoce.storage.claim import is_claimed

    try:
        elsewhere = not is_claimed(settings.data_dir)
    except StorageError as error:
        return Finding("port", "note", f"{detail}; with which data directory cannot be seen: {error}")
    if elsewhere:
        remedy = "set VIVAVOCE_DATA_DIR to its directory: `data_dir` in its log"
        return Finding("port", "note", f"{detail}, but not on the data directory {settings.data_dir}", remedy)
    return Finding("port", "ok", detail)


def weights(settings: Settings) -> Iterator[Finding]:
    from vivavoce.server.models import model_registry

    for name in settings.weights:
        try:
            verification = model_registry(settings).verify(name, full=True)
        except VivavoceError as error:
            yield Finding("weights", "wrong", f"{name}: {error}", "see `vivavoce models list`")
            continue
        if verification.problem:
            yield Finding(
                "weights", "wrong", verification.problem, "then run `vivavoce models verify` once more"
            )
        else:
            known = "as published or declared" if verification.expected else "complete; no sum is known"
            yield Finding("weights", "ok", f"{name}, {verification.size / 1e6:.0f} MB, {known}")
            yield decoder(verification.files)


def decoder(files: ModelFiles) -> Finding:
    """Encoder and decoder run once; the session of the self-test need not hold speech for them."""
    import numpy as np

    from vivavoce.recognizers.base import Request
    from vivavoce.recognizers.layout import is_transducer
    from vivavoce.recognizers.lexicon import Lexicons
    from vivavoce.server.models import load_recognizer

    audio = (np.frombuffer(_hum(), "<i2") / 32_768).astype(np.float32)
    try:
        lexicons = None if is_transducer(files.directory) else Lexicons()
    except ModelError:
        return Finding("decoder", "note", "not tried without its lists of words: see above")
    try:
        recognizer = load_recognizer(files, lexicons)
        begun = perf_counter()
        recognizer.recognize(Request(audio, languages=(), final=True))
    except VivavoceError as error:
        return Finding("decoder", "wrong", str(error), f"replace the model's files in {files.directory}")
    took = perf_counter() - begun
    return Finding("decoder", "ok", f"{files.name}, {TEST_SECONDS} seconds decoded in {took:.2f} s")


def words() -> Finding:
    from vivavoce.recognizers.lexicon import Lexicons

    try:
        languages = ", ".join(sorted(Lexicons().languages))
    except ModelError as error:
        return Finding("words", "wrong", str(error), "then run `vivavoce doctor` once more")
    return Finding("words", "ok", f"lists of words, so that finals prefer those that exist: {languages}")


def voice_activity() -> Finding:
    import numpy as np

    from vivavoce.engine.vad import SileroVad, silero_path

    try:
        probability = SileroVad(silero_path()).stream().probabilities(np.zeros((1, 512), np.float32))[0]
    except VivavoceError as error:
        return Finding(
            "voice", "wrong", str(error), "reinstall: pip install --force-reinstall faster-whisper"
        )
    if probability > 0.5:
        return Finding("voice", "wrong", "silence is taken for speech", "reinstall faster-whisper")
    return Finding("voice", "ok", "voice activity detection works")


def enhancer() -> Finding:
    """A server runs without it; sessions that ask for it are then told that there is none."""
    import numpy as np

    from vivavoce.recognizers.enhancer import Enhancer, enhancer_path

    try:
        Enhancer(enhancer_path()).enhance(np.zeros(RATE, np.float32))
    except ModelError as error:
        return Finding("enhancer", "note", f"no `audio_enhancer`: {error}")
    return Finding("enhancer", "ok", "the audio enhancer works")


def self_test(speech: Path | None, place: Path) -> Finding:
    """A server of its own takes a session of three seconds, or the recording `speech`, and gives it back.

    It finds its models in the data directory `place`.
    """
    from vivavoce.cli.local_server import local_server
    from vivavoce.client.client import Client

    try:
        with local_server(place) as url, Client(base_url=url) as client:
            heard = _session(client.live(), speech)
    except VivavoceError as error:
        return Finding("self-test", "wrong", str(error), "see `vivavoce serve`, which says more")
    return Finding("self-test", "ok", heard)


def _session(live: Live, speech: Path | None) -> str:
    from vivavoce.cli.audio_file import open_audio

    if speech is None:
        with live.start_session(sample_rate=RATE) as session:
            session.send_audio(_hum())
    else:
        with open_audio(speech) as audio, live.start_session(audio.format) as session:
            for piece in audio.pieces(1.0):
                session.send_audio(piece)
    result = live.get(session.id).result
    if result is None or result.transcription is None or not live.get_file(session.id).startswith(b"RIFF"):
        raise VivavoceError(f"session {session.id} was not stored as it should be")
    live.delete(session.id)
    seconds = result.metadata.audio_duration
    if speech is None:
        return f"a session of {seconds:.0f} seconds went through; with words to hear: doctor --speech FILE"
    return f'{seconds:.1f} seconds went through; heard: "{result.transcription.full_transcript.strip()}"'


def _hum() -> bytes:
    """Three seconds of a quiet hum, 16 bit."""
    samples = (round(300 * math.sin(2 * math.pi * 110 * n / RATE)) for n in range(TEST_SECONDS * RATE))
    return struct.pack(f"<{TEST_SECONDS * RATE}h", *samples)


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True
