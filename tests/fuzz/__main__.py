"""Fuzzes for as long as it is told to: `make fuzz ARGS="rest --calls 100000"`."""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path

from fuzz import rest


def main() -> None:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="otherwise a random one")
    what = parser.add_subparsers(dest="what", required=True)
    of_rest = what.add_parser("rest", help="the REST API, from its OpenAPI document")
    of_rest.add_argument("--calls", type=int, default=100_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vivavoce-fuzz-") as directory:
        match asked.what:
            case "rest":
                rest.campaign(Path(directory) / "rest", asked.calls, asked.seed)


if __name__ == "__main__":
    main()
