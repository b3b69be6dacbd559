"""Taking times: in pairs (A B, B A, …), so that what the machine does besides falls on both."""

import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple


class Taken(NamedTuple):
    """Milliseconds of one piece of work: on the clock, and of processors, which a busy machine changes less."""

    wall: float
    cpu: float


_backends: list[int] = []


def watch(backend: int) -> None:
    """Count what this server process of PostgreSQL works, too."""
    _backends.append(backend)


def _worked() -> float:
    """Milliseconds of processors: ours, of processes that ended, and of those watched."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = (time.process_time() + ended.ru_utime + ended.ru_stime) * 1000
    for pid in _backends:
        for line in _lines(f"/proc/{pid}/schedstat"):
            total += int(line.split()[0]) / 1e6
    return total


def milliseconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    return taken(work).wall


def taken(work: Callable[[], object]) -> Taken:
    """What one call takes."""
    worked, began = _worked(), time.perf_counter()
    work()
    spent = (time.perf_counter() - began) * 1000
    return Taken(spent, _worked() - worked)


def interleaved(works: dict[str, Callable[[], object]], times: int) -> dict[str, list[Taken]]:
    """What each takes, `times` rounds in turn and every other round backwards.

    One before them counts for nothing, unless a single one is all that is asked for: then nothing is compared.
    """
    for work in works.values() if times > 1 else ():
        work()
    spent = {name: [] for name in works}
    for n in range(times):
        for name in list(works)[:: -1 if n % 2 else 1]:
            spent[name].append(taken(works[name]))
    return spent


def median(values: list[Taken]) -> Taken:
    """Of the clock and of processors, each for itself."""
    return Taken(*map(statistics.median, zip(*values, strict=True)))


def medians(works: dict[str, Callable[[], object]], times: int) -> dict[str, Taken]:
    """The median of each of `interleaved`."""
    return {name: median(spent) for name, spent in interleaved(works, times).items()}


def percentile(values: Iterable[float], share: float) -> float:
    """The value that `share` of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def load() -> float:
    """Load average of the last minute."""
    return os.getloadavg()[0]


def machine() -> dict:
    """What the figures were taken on."""
    facts = {
        line.split(":")[0]: line.split(":")[1].strip() for line in _lines("/proc/meminfo") if ":" in line
    }
    names = [line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return {
        "processors": os.cpu_count(),
        "processor": names[0] if names else platform.processor(),
        "memory_gb": round(int(facts.get("MemTotal", "0 kB").split()[0]) / 1024**2, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []
