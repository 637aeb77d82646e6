"""What leaves the machine: nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

LOAD = "from vivavoce.engine.vad import SileroVad, silero_path; SileroVad(silero_path())"


def test_a_network_that_is_loaded_notes_nothing_about_its_user(tmp_path: Path) -> None:
    # ONNX Runtime would leave an identifier of the machine and what it means to send to its makers.
    settings = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    subprocess.run([sys.executable, "-c", LOAD], env=settings | {"HOME": str(tmp_path)}, check=True)
    assert list(tmp_path.rglob("*")) == []
