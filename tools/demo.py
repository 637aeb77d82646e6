"""The demo: a server of its own, a recording streamed to it at the speed of speech, and what was stored."""

import signal
import subprocess
import sys
from pathlib import Path

from vivavoce import Client
from vivavoce.cli.local_server import local_server

RECORDING = Path(__file__).resolve().parent.parent / ".cache" / "speech" / "two_cities.wav"


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with local_server() as url:
            print(f"  a server is ready at {url}; a man reads from A Tale of Two Cities\n", flush=True)
            vivavoce = Path(sys.executable).with_name("vivavoce")
            subprocess.run([vivavoce, "transcribe", "--url", url, "--language", "en", RECORDING], check=True)
            show_what_was_stored(url)
    except KeyboardInterrupt:
        return 130
    return 0


def show_what_was_stored(url: str) -> None:
    with Client(base_url=url) as client:
        latest = client.live().list(limit=1).items[0]
        session = client.live().get(latest.id)
    result = session.result
    if result is None or result.transcription is None:
        raise RuntimeError(f"session {session.id} has no result")
    duration = result.metadata.audio_duration
    print(f"\nWhat was stored, until the demo's server ends: {session.status}, {duration:.2f} s of audio\n")
    for utterance in result.transcription.utterances:
        print(f"  {utterance.start:6.2f} – {utterance.end:6.2f}  {utterance.text.strip()}")


if __name__ == "__main__":
    sys.exit(main())
