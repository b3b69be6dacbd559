"""One line of the bench: what was measured, against what, and whether it keeps its bar. Nothing here knows Django."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import pairwise

from ops.bench.timing import Taken
from ops.terminal import table

_UNITS = {"ms": "{:.1f} ms", "s": "{:.1f} s", "MB": "{:.0f} MB", "": "{:.0f}", "per_s": "{:.0f} 次/秒"}


@dataclass(frozen=True)
class Row:
    """`value` against `base` of the same unit, or against nothing. `limit` bounds their ratio, or the value alone.

    `is_least`: how many times faster than the base it has to be. Without a limit the line only informs. `cpu_ratio` is
    the same ratio of processors' time.
    """

    job: str
    what: str
    value: float
    unit: str = "ms"
    base: float | None = None
    against: str = ""
    limit: float | None = None
    is_least: bool = False
    cpu_ratio: float | None = None

    @property
    def ratio(self) -> float | None:
        """How often the base goes into the value; with `is_least` the other way round."""
        if self.base is None:
            return None
        over, under = (self.base, self.value) if self.is_least else (self.value, self.base)
        return over / under if under else float("inf")

    @property
    def is_met(self) -> bool | None:
        """None where there is no bar."""
        if self.limit is None:
            return None
        measured = self.value if self.ratio is None else self.ratio
        return measured >= self.limit if self.is_least else measured <= self.limit

    def as_json(self) -> dict:
        return asdict(self) | {"ratio": self.ratio, "is_met": self.is_met}


def compared(
    job: str, what: str, one: Taken, base: Taken, against: str, limit: float | None = None, *, is_least: bool = False
) -> Row:  # fmt: skip
    """A line of two pieces of work that were done in turn."""
    over, under = (base.cpu, one.cpu) if is_least else (one.cpu, base.cpu)
    return Row(
        job, what, one.wall, "ms", base.wall, against, limit, is_least, over / under if under else None
    )


def equal(job: str, what: str, is_equal: bool) -> Row:
    """A line for numbers that have to agree: counts what does not."""
    return Row(job, what, 0 if is_equal else 1, "", limit=0)


def shown(rows: Iterable[Row]) -> str:
    """The table as printed."""
    head = ("项目", "测的是", "实测", "基准", "比", "处理器比", "要求", "")
    return table([head, *(_cells(row) for row in rows)])


def _cells(row: Row) -> tuple[str, ...]:
    def number(value: float) -> str:
        return _UNITS[row.unit].format(value)

    base = f"{row.against} {number(row.base)}" if row.base is not None else ""
    ratio = f"{row.ratio:.2f} ×" if row.ratio is not None else ""
    cpu = f"{row.cpu_ratio:.2f} ×" if row.cpu_ratio is not None else ""
    verdict = {None: "", True: "✓", False: "✗ 未达到"}[row.is_met]
    return row.job, row.what, number(row.value), base, ratio, cpu, _bar(row), verdict


def _bar(row: Row) -> str:
    if row.limit is None:
        return ""
    sign = "≥" if row.is_least else "≤"
    return f"{sign} {row.limit:g}" + (" ×" if row.base is not None else "")


def growth_shown(factors: dict[str, dict[int, float]], sizes: list[int]) -> str:
    """The growth table: milliseconds of each job at each size, and the factor of each step."""
    steps = list(pairwise(sizes))
    head = ("工作", *(f"{size:,}" for size in sizes), *(f"{a:,}→{b:,}" for a, b in steps))
    lines = [
        (
            job,
            *(f"{by_size[size]:.1f} ms" if size in by_size else "—" for size in sizes),
            *(
                f"{by_size[b] / by_size[a]:.2f} ×" if by_size.get(a) and b in by_size else "—"
                for a, b in steps
            ),
        )
        for job, by_size in factors.items()
    ]
    return table([head, *lines])
