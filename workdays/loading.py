"""Takes the years that come with the program into the calendar."""

from typing import NamedTuple

from django.db import transaction

from workdays import package
from workdays.actions import load_year


class Loaded(NamedTuple):
    """Years written now, and years that differ from the program's data because a person entered or edited them."""

    written: list[int]
    differing: list[int]


@transaction.atomic
def load_known_years(first: int | None = None) -> Loaded:
    """Seed, or correct, every year the program has data for (from `first` on); what a person entered stays."""
    years = [year for year in package.years() if first is None or year >= first]
    outcome = {year: load_year(year, package.marks(year), package.SOURCE) for year in years}
    return Loaded([y for y in years if outcome[y]], [y for y in years if outcome[y] is None])
