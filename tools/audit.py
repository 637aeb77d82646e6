"""Asks PyPI whether anything that is pinned is known to be vulnerable; an answer counts for a day.

Ends with 1 for what is vulnerable. Where there is no answer it says so and ends with 0: the check must
also run without a network.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "constraints.txt"
STATE = ROOT / ".cache" / "audit.json"
A_DAY = 24 * 3600.0
TIMEOUT = 5  # seconds, for each answer
# Vulnerabilities that do not concern us, each with the reason why not.
IGNORED: dict[str, str] = {}


def findings(dependencies: Sequence[dict[str, Any]]) -> list[str]:
    """What is vulnerable, a line each."""
    return [
        f"{found['name']} {found['version']}: {flaw['id']}; {_mended(flaw['fix_versions'])}"
        for found in dependencies
        for flaw in found.get("vulns", ())
    ]


def _mended(versions: Sequence[str]) -> str:
    return f"mended in {' or '.join(versions)}" if versions else "no version mends it yet"


def audited(dependencies: Sequence[dict[str, Any]]) -> int:
    """Of how many an answer came."""
    return sum("skip_reason" not in found for found in dependencies)


def ask(pins: Path) -> list[dict[str, Any]]:
    """pip-audit's report; nothing where nobody answers."""
    command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--progress-spinner", "off"]
    command += ["--format", "json", "--timeout", str(TIMEOUT), "--requirement", str(pins)]
    command += [word for flaw in IGNORED for word in ("--ignore-vuln", flaw)]
    report = subprocess.run(command, capture_output=True, text=True).stdout
    dependencies: list[dict[str, Any]] = json.loads(report)["dependencies"] if report else []
    return dependencies


def one_of(pins: str) -> Path:
    """A list of one, to find out quickly whether there are answers at all."""
    path = STATE.with_name("audit.txt")
    path.write_text(next(line for line in pins.splitlines() if line.startswith("pip==")), encoding="utf-8")
    return path


def main() -> int:
    STATE.parent.mkdir(exist_ok=True)
    pins = PINS.read_text(encoding="utf-8")
    digest = hashlib.sha256(pins.encode()).hexdigest()
    if STATE.is_file():
        last = json.loads(STATE.read_text(encoding="utf-8"))
        if last["pins"] == digest and 0 <= time.time() - last["at"] < A_DAY:
            return 0
    # Where nobody answers for one, nobody is asked about all.
    dependencies = ask(PINS) if audited(ask(one_of(pins))) else []
    if not (answers := audited(dependencies)):
        print("    NOT AUDITED: nobody here says what is known to be vulnerable (no network, or a mirror)")
        return 0
    if found := findings(dependencies):
        print(*found, sep="\n")
        return 1
    if answers < len(dependencies):
        print(f"    {len(dependencies) - answers} of {len(dependencies)} packages are not known there")
    STATE.write_text(json.dumps({"pins": digest, "at": time.time()}), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
