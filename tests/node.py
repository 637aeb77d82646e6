"""Scripts on Node with the official JavaScript SDK at hand, installed once into the cache."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from speech import ROOT

SOURCE = ROOT / "tests" / "conformance" / "js"
INSTALLED = ROOT / ".cache" / "js"


@dataclass(frozen=True, slots=True)
class NodeProject:
    """A directory whose `node_modules` holds what `tests/conformance/js/package.json` names."""

    directory: Path

    @classmethod
    def installed(cls) -> NodeProject:
        """Installs the locked versions where that is not done yet; skips the calling test without Node."""
        if not shutil.which("node") or not shutil.which("npm"):
            pytest.skip("Node is not installed: the official JavaScript SDK goes untested here")
        lock = (SOURCE / "package-lock.json").read_bytes()
        stamp = INSTALLED / "installed.json"
        if not stamp.exists() or stamp.read_bytes() != lock:
            shutil.rmtree(INSTALLED, ignore_errors=True)
            shutil.copytree(SOURCE, INSTALLED, ignore=shutil.ignore_patterns("*.mjs", "node_modules"))
            command = ["npm", "ci", "--no-audit", "--no-fund", "--silent"]
            subprocess.run(command, cwd=INSTALLED, check=True, timeout=300)
            stamp.write_bytes(lock)
        return cls(INSTALLED)

    def run(self, script: str, *arguments: str, cwd: Path) -> str:
        """Runs the text of an ES module in `cwd` and gives what it printed; fails with its errors."""
        module = self.directory / "script.mjs"
        module.write_text(script, encoding="utf-8")
        done = subprocess.run(
            ["node", str(module), *arguments], cwd=cwd, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout
