"""What an appraisal can weigh: each indicator's definition is the dashboards' own (reports/rates.py).

An indicator's direction belongs to it and is no setting: a rule set that rewards 反弹 is a mistake.
"""

from dataclasses import dataclass
from decimal import Decimal

from reports.models import AppraisalItem, Indicator
from reports.rates import DEFINITIONS, Definition


@dataclass(frozen=True)
class Facts:
    """How an indicator is read: more is better or less, in percent or days, of the period's hazards or of open work."""

    more_is_better: bool = True
    in_days: bool = False
    is_of_period: bool = True

    @property
    def unit(self) -> str:
        return "天" if self.in_days else "%"

    @property
    def scale(self) -> int:
        """What numerator ÷ denominator is multiplied with."""
        return 1 if self.in_days else 100

    @property
    def most(self) -> int:
        """The largest threshold that makes sense."""
        return 3650 if self.in_days else 100


FACTS = {indicator: Facts() for indicator in Indicator} | {
    Indicator.RECURRENCE: Facts(more_is_better=False),
    Indicator.LATE_DAYS: Facts(more_is_better=False, in_days=True, is_of_period=False),
}


@dataclass(frozen=True)
class Item:
    """One indicator as somebody wishes it weighed."""

    indicator: str
    weight: int
    full_mark: Decimal
    zero_mark: Decimal
    least: int

    @property
    def facts(self) -> Facts:
        return FACTS[Indicator(self.indicator)]

    @property
    def definition(self) -> Definition:
        return DEFINITIONS[self.indicator]


# Weight, full marks from, none from, fewest cases: our own proposal, for the first appraisal somebody makes.
DEFAULTS = [
    Item(Indicator.CLOSURE, 20, Decimal(95), Decimal(60), 20),
    Item(Indicator.ON_TIME, 20, Decimal(95), Decimal(60), 20),
    Item(Indicator.MAJOR_ON_TIME, 20, Decimal(100), Decimal(60), 5),
    Item(Indicator.FIRST_PASS, 15, Decimal(90), Decimal(50), 20),
    Item(Indicator.RECURRENCE, 10, Decimal(0), Decimal(10), 20),
    Item(Indicator.SELF_FOUND, 5, Decimal(40), Decimal(5), 20),
    Item(Indicator.LATE_DAYS, 10, Decimal(0), Decimal(15), 10),
]


def item_of(row: AppraisalItem) -> Item:
    return Item(row.indicator, row.weight, row.full_mark, row.zero_mark, row.least)
