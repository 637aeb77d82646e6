"""What the server made of recordings, and which servers make the same of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vivavoce.bench.quality.hearing import server_version
from vivavoce.bench.surroundings import surroundings


def test_what_one_processor_heard_is_not_taken_for_what_another_hears(tmp_path: Path) -> None:
    weights = tmp_path / "model.bin"
    weights.write_bytes(b"weights")
    here = surroundings("vivavoce eval")
    elsewhere = replace(here, instructions=f"{here.instructions} avx512_vnni")
    assert server_version(here, weights) == server_version(replace(here, load=7.0), weights)
    assert server_version(here, weights) != server_version(elsewhere, weights)
