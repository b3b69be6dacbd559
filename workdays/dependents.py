"""Who counts in workdays. The calendar knows nobody above it, so they leave their questions here (AppConfig.ready).

What is here is asked before a change (how much of yours would move?), told after it in the same transaction (yours
to recompute), and asked how far ahead its dates reach, within the statement that every page of staff makes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from common.database import Columns
from workdays.proposal import Proposal
from workdays.rules import ADVISED_DAYS


@dataclass(frozen=True)
class Dependent:
    """One part of the house whose dates are counted in workdays. What it leaves out, it does not care for.

    `label` stands before the number on the page of a change (未办结的期限). `count_moved(proposal)` reads only.
    `after_change(first)` runs inside the transaction that changed the calendar from `first` on. `furthest` is a
    SELECT of the latest date it has open (NULL without any), with no parameters; every page of staff asks it, so it
    must be a few index look-ups.
    """

    label: str = ""
    count_moved: Callable[[Proposal], int] | None = None
    after_change: Callable[[date], object] | None = None
    furthest: str = ""


DEPENDENTS: dict[str, Dependent] = {}


def register(key: str, dependent: Dependent) -> None:
    """Make `dependent` known; a second time under the same key replaces the first."""
    DEPENDENTS[key] = dependent


@dataclass(frozen=True)
class Moved:
    """How many of one dependent's things would get other dates."""

    label: str
    count: int


def moved_by(proposal: Proposal) -> list[Moved]:
    """What `proposal` would move, by dependent."""
    return [Moved(d.label, d.count_moved(proposal)) for d in DEPENDENTS.values() if d.count_moved]


def tell_changed(first: date) -> None:
    """The calendar is another from `first` on. Part of the caller's transaction."""
    for dependent in DEPENDENTS.values():
        if dependent.after_change:
            dependent.after_change(first)


def missing_columns(today: date) -> Columns:
    """What missing_ahead needs, to be asked together with other things."""
    open_dates = "".join(f", ({d.furthest})" for d in DEPENDENTS.values() if d.furthest)
    years = "ARRAY(SELECT year FROM workdays_calendaryear WHERE year >= %s ORDER BY year)"
    return Columns(
        f"{years}, greatest(%s::date{open_dates})", (today.year, today + timedelta(days=ADVISED_DAYS)), 2
    )


def missing_ahead(today: date, answer: tuple) -> list[int]:
    """Years without a calendar that anybody's work reaches, or that begin within ADVISED_DAYS of `today`."""
    known, furthest = answer
    return [year for year in range(today.year, furthest.year + 1) if year not in known]
