"""What a server's process takes, as Linux tells it, and what its own metrics say."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_LAG = re.compile(r'^vivavoce_\w*loop_lag\w*_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a process, with all its threads and its children: CPU seconds and most MB resident so far."""

    cpu_seconds: float
    peak_megabytes: float


def usage(pid: int) -> Usage | None:
    """None where there is no /proc, as on a Mac."""
    if not Path(f"/proc/{pid}/stat").exists():
        return None
    found = [_one(each) for each in _family(pid)]
    return Usage(sum(one.cpu_seconds for one in found), sum(one.peak_megabytes for one in found))


def _one(pid: int) -> Usage:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    ticks = int(fields[11]) + int(fields[12])
    return Usage(ticks / _TICKS_PER_SECOND, int(peak[1]) / 1024 if peak else 0.0)


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    inner = children.read_text(encoding="utf-8").split() if children.exists() else []
    return [pid, *(one for child in inner for one in _family(int(child)))]


def lag_quantile(before: str, after: str, share: float) -> float | None:
    """The loop lag in seconds that `share` of the timers between two readings of /metrics kept within.

    The upper edge of the histogram's bucket; None if the server has no such histogram.
    """
    earlier = {edge: float(count) for edge, count in _LAG.findall(before)}
    counts = {float(edge): float(count) - earlier.get(edge, 0.0) for edge, count in _LAG.findall(after)}
    if not counts:
        return None
    wanted = share * max(counts.values())
    return min(edge for edge, count in counts.items() if count >= wanted)
