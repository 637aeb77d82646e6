"""How many cores are used where a container is given a share of them."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from vivavoce.cores import cpu_quota, usable_cores

V1 = "4:memory:/box\n3:cpu,cpuacct:/box/inner\n2:cpuset:/\n"


@pytest.mark.parametrize(
    ("membership", "files", "quota"),
    [
        ("0::/", {"cpu.max": "150000 100000\n"}, 1.5),
        ("0::/", {"cpu.max": "max 100000\n"}, math.inf),
        ("0::/box/inner", {"box/cpu.max": "200000 100000", "box/inner/cpu.max": "max 100000"}, 2.0),
        ("0::/box/inner", {"box/cpu.max": "300000 100000", "box/inner/cpu.max": "50000 100000"}, 0.5),
        ("0::/of/the/host", {"cpu.max": "400000 100000"}, 4.0),
        (
            V1,
            {"cpu,cpuacct/cpu.cfs_quota_us": "-1\n", "cpu,cpuacct/box/inner/cpu.cfs_quota_us": "250000\n"},
            2.5,
        ),
        ("1:cpu:/\n0::/", {"cpu/cpu.cfs_quota_us": "100000\n"}, 1.0),
        ("1:cpu:/\n0::/", {"cpu/cpu.cfs_quota_us": "-1\n"}, math.inf),
        (V1, {"memory/cpu.cfs_quota_us": "100000\n"}, math.inf),
        ("", {"cpu.max": "100000 100000"}, math.inf),
    ],
)
def test_the_narrowest_quota_counts(
    tmp_path: Path, membership: str, files: dict[str, str], quota: float
) -> None:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if "quota" in name:
            path.with_name("cpu.cfs_period_us").write_text("100000\n")
    assert cpu_quota(membership, tmp_path) == quota


def test_there_is_at_least_one_core_and_not_more_than_there_are() -> None:
    assert 1 <= usable_cores() <= len(os.sched_getaffinity(0))
