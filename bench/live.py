"""How soon words are on the screen: streams recordings to a server at the speed of speech and measures.

    python bench/live.py RECORDING... [--sessions N] [--endpointing 0.3] [--reference TEXT]

Starts `vivavoce serve` on a free port (or uses --url), opens N sessions over the public protocol, each with
the next recording, in frames of 100 ms, and prints per word and per utterance, in seconds:

  shown   a word's first appearance, in a partial or final, after its last sound was sent
  final   a final's arrival after the last sound of its last word (endpointing included)

Word times are those of the finals. Needs the development set-up (make check or make test makes it).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import soundfile
import websockets

FRAME = 0.1


@dataclass
class Outcome:
    """What one session brought; times are monotonic seconds, `began` is when its first frame was sent."""

    began: float = 0.0
    shown: dict[tuple[str, int, str], float] = field(default_factory=dict)
    finals: list[tuple[float, dict]] = field(default_factory=list)
    partials: int = 0


def plain(word: str) -> str:
    return re.sub(r"[^\w']", "", word.lower())


def heard(outcome: Outcome, message: dict, at: float) -> None:
    if message["type"] != "transcript":
        return
    data = message["data"]
    for number, word in enumerate(data["utterance"]["words"]):
        outcome.shown.setdefault((data["id"], number, plain(word["word"])), at)
    if data["is_final"]:
        outcome.finals.append((at, data))
    else:
        outcome.partials += 1


async def stream(url: str, path: Path, endpointing: float, maximum: float) -> Outcome:
    samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    mono = samples[:, 0]
    body = {
        "sample_rate": rate,
        "endpointing": endpointing,
        "maximum_duration_without_endpointing": maximum,
        "language_config": {"languages": ["en"]},
        "messages_config": {"receive_partial_transcripts": True},
    }
    async with httpx.AsyncClient() as http:
        session = (await http.post(f"{url}/v2/live", json=body)).raise_for_status().json()
    outcome = Outcome()
    async with websockets.connect(session["url"], max_size=None) as socket:

        async def listen() -> None:
            async for text in socket:
                heard(outcome, json.loads(text), time.monotonic())

        listening = asyncio.create_task(listen())
        outcome.began = time.monotonic()
        step = int(rate * FRAME)
        for number, start in enumerate(range(0, len(mono), step), start=1):
            # A frame can only be sent once its last sample has been spoken.
            await asyncio.sleep(outcome.began + number * FRAME - time.monotonic())
            await socket.send(mono[start : start + step].tobytes())
        await socket.send(json.dumps({"type": "stop_recording"}))
        await listening
    return outcome


def lags(outcome: Outcome) -> tuple[list[float], list[float]]:
    shown, final = [], []
    for at, data in outcome.finals:
        words = data["utterance"]["words"]
        if words:
            final.append(at - outcome.began - words[-1]["end"])
        for number, word in enumerate(words):
            first = outcome.shown[data["id"], number, plain(word["word"])]
            shown.append(first - outcome.began - word["end"])
    return shown, final


def describe(name: str, values: list[float]) -> None:
    ordered = sorted(values)
    at = {p: ordered[min(len(ordered) - 1, int(len(ordered) * p / 100))] for p in (50, 90, 95)}
    points = "  ".join(f"p{p} {value:6.2f}" for p, value in at.items())
    print(f"{name:8} {points}  max {ordered[-1]:6.2f}  ({len(ordered)})")


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


async def measure(url: str, arguments: argparse.Namespace) -> list[Outcome]:
    paths = arguments.recordings
    sessions = (
        stream(url, paths[number % len(paths)], arguments.endpointing, arguments.maximum)
        for number in range(arguments.sessions)
    )
    return await asyncio.gather(*sessions)


def report(outcomes: list[Outcome], arguments: argparse.Namespace) -> None:
    pairs = [lags(outcome) for outcome in outcomes]
    describe("shown", [lag for shown, _ in pairs for lag in shown])
    describe("final", [lag for _, final in pairs for lag in final])
    rate = statistics.mean(o.partials for o in outcomes)
    print(f"partials per session {rate:.0f}")
    if arguments.reference:
        from jiwer import wer
        from whisper_normalizer.english import EnglishTextNormalizer

        normal = EnglishTextNormalizer()
        texts = [" ".join(d["utterance"]["text"] for _, d in outcome.finals) for outcome in outcomes]
        for text in texts:
            print(f"WER {wer(normal(arguments.reference), normal(text)):.1%}")
        print(texts[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("recordings", nargs="+", type=Path)
    parser.add_argument("--sessions", type=int, default=1)
    parser.add_argument("--endpointing", type=float, default=0.3)
    parser.add_argument("--maximum", type=float, default=5.0)
    parser.add_argument("--reference", help="what is said, for the word error rate")
    parser.add_argument("--url", help="a server that runs already")
    arguments = parser.parse_args()
    if arguments.url:
        report(asyncio.run(measure(arguments.url, arguments)), arguments)
        return
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-m", "vivavoce", "serve", "--port", "0"]
        environment = os.environ | {"VIVAVOCE_DATA_DIR": os.environ.get("VIVAVOCE_DATA_DIR", data)}
        began = time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
            assert server.stdout
            url = re.search(r"http://\S+", server.stdout.readline())[0].rstrip("/")
            print(f"ready after {time.monotonic() - began:.1f} s")
            try:
                before, since = cpu_seconds(server.pid), time.monotonic()
                outcomes = asyncio.run(measure(url, arguments))
                cores = (cpu_seconds(server.pid) - before) / (time.monotonic() - since)
                print(f"{cores:.2f} cores, {resident_megabytes(server.pid):.0f} MB resident at most")
            finally:
                server.terminate()
        report(outcomes, arguments)


if __name__ == "__main__":
    main()
