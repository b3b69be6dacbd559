"""What leaves the house about an order of 挂牌督办 that was flagged public: these fields, read as these columns alone.

Never the description, the place within the house, photos, people, measures or reports (domain research, 4.4): a column
that is not named here can't get onto the page.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from hazards.enums import Domain, Severity, SupervisionState
from hazards.models import SupervisionOrder
from hazards.models.supervision import SupervisionQuerySet
from institutions.enums import RegionLevel

_COLUMNS = (
    "hazard__institution__name", "hazard__city__name", "hazard__county__name", "hazard__domain", "hazard__severity",
    "level", "document_number", "due_on", "state", "placed_at", "ended_at",
)  # fmt: skip


@dataclass(frozen=True)
class PublicOrder:
    """One order as anybody may read it. `lifted_on` is None while it is in force."""

    institution: str
    region: str
    title: str
    level: str
    document_number: str
    due_on: date
    placed_on: date
    lifted_on: date | None

    @property
    def state(self) -> str:
        return "已摘牌" if self.lifted_on else "挂牌"


def published() -> SupervisionQuerySet:
    """All that is published, the latest first, as rows for shown()."""
    return SupervisionOrder.objects.published().order_by("-placed_at", "-id").values(*_COLUMNS)


def shown(row: dict) -> PublicOrder:
    """A row of published() in public words: the problem by its kind and grade, never as somebody described it."""
    city, county = row["hazard__city__name"], row["hazard__county__name"]
    grade = "重大" if row["hazard__severity"] == Severity.MAJOR else ""
    return PublicOrder(
        institution=row["hazard__institution__name"],
        region=county if city == county else f"{city}{county}",
        title=f"{Domain(row['hazard__domain']).label}{grade}隐患",
        level=f"{RegionLevel(row['level']).label}挂牌督办",
        document_number=row["document_number"],
        due_on=row["due_on"],
        placed_on=_day(row["placed_at"]),
        lifted_on=_day(row["ended_at"]) if row["state"] == SupervisionState.LIFTED else None,
    )


def of_order(order: SupervisionOrder) -> PublicOrder | None:
    """What is published of one order; None for nothing. One statement."""
    row = published().filter(pk=order.pk).first()
    return shown(row) if row else None


def _day(moment: datetime) -> date:
    return timezone.localdate(moment)
