"""The REST API against its own OpenAPI document: Schemathesis makes calls, right and wrong, and judges."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
from websockets.sync.client import connect

from fuzz.servers import Fuzzed, Meter, fuzzed_server
from server.peers import STOP, speech

TESTS = Path(__file__).resolve().parent.parent
RECORDED = 4
AT_ONCE = 2
WRONG = "vv_00000000_wrong"

# What is valid by its schema may contradict itself or name what this server has not; a session without audio
# has no recording. `a_refusal_names_fields` looks at what is said then.
_CONFIGURATION = """
hooks = "{hooks}"
continue-on-failure = true
request-timeout = 30.0
suppress-health-check = ["all"]

[dictionaries.recorded]
values = {recorded}

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "400", "401", "403", "404", "429"]

[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "413", "429"]

[[operations]]
include-path = "/v2/live/{{session_id}}/file"
checks.ensure_resource_availability.enabled = false
parameters = {{ "path.session_id" = {{ dictionary = "recorded", probability = 0.5 }} }}

[[operations]]
include-path = "/v2/live/{{session_id}}"
include-method = "GET"
parameters = {{ "path.session_id" = {{ dictionary = "recorded", probability = 0.3 }} }}
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one run: whether nothing was found, and what Schemathesis printed."""

    passed: bool
    report: str


def with_recordings(server: Fuzzed) -> list[str]:
    """The ids of some sessions that have ended and have a recording."""
    audio = speech()
    ids = []
    with httpx.Client(base_url=server.url, headers={"x-gladia-key": server.key}, timeout=30) as http:
        for channels in range(1, RECORDED + 1):
            created = http.post("/v2/live", json={"channels": channels, "endpointing": 0.3}).json()
            ids.append(created["id"])
            with connect(created["url"]) as socket:
                socket.send(audio[: len(audio) // channels])
                socket.send(STOP)
                list(socket)
    return ids


def schemathesis(
    server: Fuzzed,
    recorded: Sequence[str],
    directory: Path,
    *options: str,
    key: str | None,
    again: bool = False,
) -> Verdict:
    """Run all its checks, with an API key or without; `options` are those of its command line.

    `again`: make each call again and again, altered.
    """
    directory.mkdir(exist_ok=True)
    configuration = directory / "schemathesis.toml"
    hooks = "fuzz.rest_altered" if again else "fuzz.rest_checks"
    text = _CONFIGURATION.format(recorded=json.dumps(list(recorded)), hooks=hooks)
    if key is not None:
        text += f'\n[auth.openapi.APIKeyHeader]\napi_key = "{key}"\n'
    configuration.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration), "run"]
    command += [f"{server.url}/openapi.json", "--checks", "all", *options]
    paths = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        command,
        cwd=directory,
        env=os.environ | {"PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Verdict(done.returncode == 0, done.stdout)


def campaign(data: Path, calls: int, seed: int) -> None:
    """Make at least so many calls, two at a time; most with the right key, some with a wrong one or none.

    The first run goes through every boundary that the document has; the others make up their calls.
    """
    with fuzzed_server(data, key=True) as server, ThreadPoolExecutor(AT_ONCE) as pool:
        recorded = with_recordings(server)
        meter = Meter(server)

        def run(seed: int) -> Verdict:
            key = {8: None, 9: WRONG}.get(seed % 10, server.key)
            phases = ["--phases", "fuzzing,stateful"] if seed > first else ["--phases", "coverage"]
            options = ["--max-examples", "50", "--no-shrink", "--seed", str(seed), *phases]
            return schemathesis(
                server, recorded, data / f"schemathesis-{seed}", *options, key=key, again=True
            )

        first, made = seed, 0
        while made < calls:
            verdicts = list(pool.map(run, range(seed, seed + AT_ONCE)))
            answers = server.calls()
            made = sum(answers.values())
            seed += AT_ONCE
            print(f"up to seed {seed}: {made} calls, {meter.read()}, answers {answers}", flush=True)
            assert not [status for status in answers if status >= "500"], answers
            for verdict in verdicts:
                assert verdict.passed, verdict.report
        meter.check_flat()
