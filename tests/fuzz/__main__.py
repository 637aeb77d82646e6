"""Fuzzes for as long as it is told to, with new inputs each time, or until a promise is broken."""

from __future__ import annotations

import argparse
import random
import signal
import tempfile
from pathlib import Path

from fuzz import guided, rest, sockets


def main() -> None:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="otherwise a random one")
    what = parser.add_subparsers(dest="what", required=True)
    of_rest = what.add_parser("rest", help="the REST API, from its OpenAPI document")
    of_rest.add_argument("--calls", type=int, default=100_000)
    of_sockets = what.add_parser("sockets", help="the WebSocket")
    of_sockets.add_argument("--messages", type=int, default=1_000_000)
    of_parts = what.add_parser("parts", help="the parts that take bytes from outside, guided by coverage")
    of_parts.add_argument("--seconds", type=int, default=300, help="for each of them")
    asked = parser.parse_args()
    # A server that runs is stopped on the way out. Hypothesis would take another exception for a finding.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(f"seed {asked.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="vivavoce-fuzz-") as directory:
        data = Path(directory) / "data"
        match asked.what:
            case "rest":
                rest.campaign(data, asked.calls, asked.seed)
            case "sockets":
                sockets.campaign(data, asked.messages, asked.seed)
            case "parts":
                guided.run_all(data, asked.seconds, asked.seed)


if __name__ == "__main__":
    main()
