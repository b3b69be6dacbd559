"""Taking times: in pairs (A B, B A, …), so that what the machine does besides falls on both."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path


def milliseconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def interleaved(works: dict[str, Callable[[], object]], times: int) -> dict[str, list[float]]:
    """Milliseconds of each, `times` rounds in turn and every other round backwards.

    One before them counts for nothing, unless a single one is all that is asked for: then nothing is compared.
    """
    for work in works.values() if times > 1 else ():
        work()
    spent = {name: [] for name in works}
    for n in range(times):
        for name in list(works)[:: -1 if n % 2 else 1]:
            spent[name].append(milliseconds(works[name]))
    return spent


def medians(works: dict[str, Callable[[], object]], times: int) -> dict[str, float]:
    """The median of each of `interleaved`."""
    return {name: statistics.median(spent) for name, spent in interleaved(works, times).items()}


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
