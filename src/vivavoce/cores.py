"""How many cores this process may use: those it may run on, within the quota of its control group."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

_GROUPS = Path("/proc/self/cgroup")
_MOUNTED = Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """At least 1. A quota between two numbers counts as the lower one: a thread more would be paused."""
    membership = _GROUPS.read_text("utf-8") if _GROUPS.exists() else ""
    cores = min(len(os.sched_getaffinity(0)), cpu_quota(membership, _MOUNTED))
    return max(1, math.floor(cores))


def cpu_quota(membership: str, mounted: Path) -> float:
    """The cores whose time the control groups allow, infinite without a limit.

    `membership` is /proc/self/cgroup, `mounted` the directory of the hierarchies: that of version 2, or one
    for each controller of version 1. The narrowest of a group and those around it counts.
    """
    quotas = [math.inf]
    for line in membership.splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            for directory in _around(mounted, path):
                quotas += _share(_words(directory / "cpu.max"))
        elif "cpu" in controllers.split(","):
            hierarchy = next(
                (one for one in (mounted / controllers, mounted / "cpu") if one.is_dir()), mounted
            )
            for directory in _around(hierarchy, path):
                quota, period = (_words(directory / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
                quotas += _share([*quota, *period])
    return min(quotas)


def _around(hierarchy: Path, path: str) -> Iterator[Path]:
    """The group's directory and those around it. In a container the path may be one of outside."""
    group = hierarchy / path.strip("/")
    while group != hierarchy:
        yield group
        group = group.parent
    yield hierarchy


def _words(file: Path) -> list[str]:
    return file.read_text("utf-8").split() if file.is_file() else []


def _share(words: list[str]) -> list[float]:
    """Of microseconds in a period: none where there is no limit ("max", -1)."""
    match words:
        case [quota, period] if quota.isdigit() and int(period):
            return [int(quota) / int(period)]
    return []
