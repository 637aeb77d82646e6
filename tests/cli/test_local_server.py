"""The server that a command starts for itself ends with the command."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from speech import ROOT, two_cities
from vivavoce.errors import VivavoceError
from vivavoce.processes import ended_after

PATIENCE = 60.0


def test_a_command_that_is_told_to_end_takes_its_server_with_it(tmp_path: Path) -> None:
    reading = two_cities()
    line = {"file": str(reading.path), "language": "en", "reference": reading.text, "duration_s": 44.0}
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text(json.dumps(line | {"kind": "read"}), encoding="utf-8")
    environment = os.environ | {
        "VIVAVOCE_DATA_DIR": str(tmp_path / "data"),
        "VIVAVOCE_MODEL_DIRS": str(ROOT / ".cache" / "models"),
    }
    command = [sys.executable, "-m", "vivavoce", "eval", str(manifest), "--no-offline"]
    # A shell's background jobs, which the tests may be, ignore interrupts, and so do their children.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed,
    ) as process:
        assert process.stderr
        assert process.stderr.readline() == "endpointing 0.3 s: 1 recording\n"
        server = os.pidfd_open(server_of(process))
        process.send_signal(signal.SIGTERM)
        ended, _, _ = select.select([server], [], [], PATIENCE)
        os.close(server)
        assert ended, "the server still runs"
        process.communicate()
    assert process.returncode == 130


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP])
def test_who_was_told_to_end_is_interrupted_whatever_that_breaks(end: signal.Signals) -> None:
    def use_a_process() -> None:
        with subprocess.Popen(["sleep", "600"]) as process, ended_after(process, PATIENCE):
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(end)
            raise VivavoceError("the session was lost")

    heeded = signal.signal(end, signal.SIG_DFL)  # nohup ignores one of them
    try:
        with pytest.raises(KeyboardInterrupt):
            use_a_process()
    finally:
        signal.signal(end, heeded)


def server_of(process: subprocess.Popen[str]) -> int:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    [server] = [pid for pid in children if b"serve" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]
    return int(server)
