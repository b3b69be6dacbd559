"""The lines of a dashboard: what lies one level below a territory, with its figures."""

from dataclasses import dataclass

from institutions.territories import OF_ITSELF, Territory
from reports.statistics import Figures, Statistics


@dataclass(frozen=True)
class Part:
    """One line of the table: a region below, an institution, or what belongs to the territory itself."""

    name: str
    parameters: dict[str, str]  # of the ledger
    figures: Figures
    region_code: str = ""  # to drill into; empty: there is nothing below
    institution: int | None = None


def parts_of(territory: Territory, statistics: Statistics) -> list[Part]:
    """The lines below a territory, which add up to it: regions in use even without a hazard."""
    if territory.is_lowest:
        return _institutions(statistics)
    found, today = statistics.summary.parts, statistics.today
    parts = [
        Part(child.name, territory.parameters_of(child), statistics.of_part(child.pk), child.code)
        for child in territory.children
        if child.pk in found or child.valid_to is None or child.valid_to >= today
    ]
    if territory.region.pk in found:
        own = statistics.of_part(territory.region.pk)
        parts.append(Part(OF_ITSELF[territory.level], territory.parameters_of(territory.region), own))
    return parts


def _institutions(statistics: Statistics) -> list[Part]:
    """Those that have any hazard of the period: most overdue, then most open first."""
    parts = [
        Part(name, {"institution": str(pk)}, statistics.of_part(pk), institution=pk)
        for pk, name in statistics.summary.names.items()
    ]
    return sorted(parts, key=lambda p: (-p.figures.overdue, -p.figures.open, p.institution))
