"""The table of an appraisal: counted now for a draft, read from its frozen rows once published."""

from dataclasses import dataclass
from datetime import date

from institutions.actor import Actor
from institutions.models import Region
from reports.appraisals import terms, vetoes, words
from reports.appraisals.counting import Counts, counts_of, ranked
from reports.appraisals.indicators import item_of
from reports.appraisals.scoring import Mark, Standing, standings
from reports.appraisals.vetoes import Flag, confirmed
from reports.models import Appraisal, AppraisalItem


@dataclass(frozen=True)
class Table:
    """Lines in their order, the items of their marks, the regions, what is flagged, the method in paragraphs."""

    rows_of_items: list[AppraisalItem]
    standings: list[Standing]
    parts: list[Region]
    flags: list[Flag]
    method: list[str]

    @property
    def undecided(self) -> list[Flag]:
        """What a person has yet to confirm or dismiss."""
        return [flag for flag in self.flags if flag.is_undecided]

    @property
    def has_vetoes(self) -> bool:
        """Whether a 一票否决 was confirmed of any region."""
        return any(standing.vetoes for standing in self.standings)


def live_table(appraisal: Appraisal, by: Actor, today: date) -> Table:
    """As it would be published now; `by` must be of the appraisal's own region. Counts in one statement."""
    period, rows = terms.term(appraisal.period), list(appraisal.items.all())
    parts = ranked(appraisal.region, today)
    counts = counts_of(by, appraisal.region, parts, period, today)
    numbers = {part.pk: _numbers(counts.get(part.pk, Counts()), rows) for part in parts}
    flags = vetoes.flags_of(appraisal, by, parts, period, today)
    lines = standings(
        [item_of(row) for row in rows],
        [(part.pk, part.name) for part in parts],
        numbers,
        confirmed(flags),
        appraisal.least_weight,
    )
    return Table(rows, lines, parts, flags, words.method_of(appraisal))


def _numbers(counts: Counts, rows: list[AppraisalItem]) -> list[tuple[int, int]]:
    return [counts.of(row.indicator) for row in rows]


def frozen_table(appraisal: Appraisal) -> Table:
    """As it was published. Three statements."""
    rows = list(appraisal.items.all())
    lines, parts = [], []
    for row in appraisal.rows.select_related("region").prefetch_related("marks"):
        marks = [Mark(mark.part, mark.whole, mark.marks) for mark in row.marks.all()]
        lines.append(Standing(row.region_id, row.name, marks, row.weight, row.total, row.rank, row.vetoes))
        parts.append(row.region)
    return Table(rows, lines, parts, [], appraisal.method.split("\n"))


def table_of(appraisal: Appraisal, by: Actor, today: date) -> Table:
    """Counted now, or as published."""
    return frozen_table(appraisal) if appraisal.is_frozen else live_table(appraisal, by, today)
