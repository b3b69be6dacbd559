"""The lines of a dashboard: what lies one level below a territory, with its figures."""

from dataclasses import dataclass
from datetime import date

from hazards.models.hazard import HazardQuerySet
from institutions.enums import RegionLevel
from institutions.territories import OF_ITSELF, Territory
from reports import statistics
from reports.statistics import Figures


@dataclass(frozen=True)
class Part:
    """One line of the table: a region below, an institution, or what belongs to the territory itself."""

    name: str
    parameters: dict[str, str]  # of the ledger
    figures: Figures
    region_code: str = ""  # to drill into; empty: there is nothing below


def parts_of(territory: Territory, hazards: HazardQuerySet, today: date) -> list[Part]:
    """The lines below a territory, which add up to it: regions in use even without a hazard; one statement."""
    if territory.is_lowest:
        return [
            Part(name, {"institution": str(pk)}, figures)
            for (pk, name), figures in statistics.by_institution(hazards, today).items()
        ]
    by = statistics.by_city if territory.level == RegionLevel.PROVINCE else statistics.by_county
    figures = by(hazards, today)
    parts = [
        Part(child.name, territory.parameters_of(child), figures.get(child.pk, Figures()), child.code)
        for child in territory.children
        if child.pk in figures or child.valid_to is None or child.valid_to >= today
    ]
    if own := figures.get(territory.region.pk):
        parts.append(Part(OF_ITSELF[territory.level], territory.parameters_of(territory.region), own))
    return parts
