"""From counts to marks, totals and ranks. Touches no database.

Marks lie between the zero mark and the full mark in proportion. What has fewer cases than it takes is not appraised:
its weight is left out, and the rest counts as the whole, so that it is neither full marks nor none. A region whose
remaining weight is below the least, or with a confirmed 一票否决, has no rank.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from reports.appraisals.indicators import Item

_CENT = Decimal("0.01")


def _rounded(value: Fraction) -> Decimal:
    """To the hundredth, halves up."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(_CENT, ROUND_HALF_UP)


def marks_of(item: Item, part: int, whole: int) -> Decimal | None:
    """0 to the item's weight; None when there are fewer cases than it takes."""
    if whole < item.least:
        return None
    value = Fraction(part * item.facts.scale, whole)
    full, zero = Fraction(item.full_mark), Fraction(item.zero_mark)
    share = min(max((value - zero) / (full - zero), Fraction(0)), Fraction(1))
    return _rounded(item.weight * share)


@dataclass(frozen=True)
class Mark:
    """One number of a region: what is divided by what, and its marks."""

    part: int
    whole: int
    marks: Decimal | None


@dataclass
class Standing:
    """One region's line: marks in the order of the items, total of 100 (None: too little to go by), rank."""

    region: int
    name: str
    marks: list[Mark]
    weight: int = 0
    total: Decimal | None = None
    rank: int | None = None
    vetoes: list[dict] = field(default_factory=list)


def standings(
    items: list[Item],
    regions: Iterable[tuple[int, str]],
    counts: Mapping[int, list[tuple[int, int]]],
    vetoes: Mapping[int, list[dict]],
    least_weight: int,
) -> list[Standing]:
    """The table: ranked ones by total (equal totals share a rank), then those without a rank, then 一票否决.

    `counts`: of each region, numerator and denominator in the order of `items`. Regions come with id and name.
    """
    lines = [
        _line(items, pk, name, counts.get(pk, [(0, 0)] * len(items)), vetoes.get(pk, []), least_weight)
        for pk, name in regions
    ]
    ranked = sorted((line for line in lines if line.total is not None and not line.vetoes), key=_best_first)
    for place, line in enumerate(ranked, start=1):
        before = ranked[place - 2] if place > 1 else None
        line.rank = before.rank if before and before.total == line.total else place
    small = [line for line in lines if line.total is None and not line.vetoes]
    return [*ranked, *small, *sorted((line for line in lines if line.vetoes), key=_best_first)]


def _best_first(line: Standing):
    return -(line.total if line.total is not None else Decimal(-1))


def _line(items, pk: int, name: str, counts, vetoes: list[dict], least_weight: int) -> Standing:
    marks = [
        Mark(part, whole, marks_of(item, part, whole))
        for item, (part, whole) in zip(items, counts, strict=True)
    ]
    counted = [
        (item.weight, mark.marks) for item, mark in zip(items, marks, strict=True) if mark.marks is not None
    ]
    weight = sum(weight for weight, _ in counted)
    total = None
    if counted and weight >= least_weight:
        total = _rounded(Fraction(100) * sum(Fraction(m) for _, m in counted) / weight)
    return Standing(pk, name, marks, weight, total, vetoes=vetoes)
