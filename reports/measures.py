"""What was ordered, for one territory or institution: 挂牌督办 by where it stands, and hazards by 专项行动.

Loaded beside the dashboard: orders come from the index of open ones, campaigns are the few of these weeks.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q, Value

from hazards.enums import HazardStatus
from hazards.models import Hazard, SupervisionOrder
from hazards.models.hazard import CLOCK_RUNS
from hazards.models.supervision import LEVELS
from inspections import progress
from inspections.models import Campaign
from institutions.actor import Actor
from institutions.models import Institution
from institutions.territories import Territory
from reports.dashboard import Cell, Line, line
from reports.links import figure_url
from reports.statistics import Figures, figures_of
from reports.summary import Sums, Tally

SOON = 15  # days
ENDED_LATELY = 30  # days
MOST_CAMPAIGNS = 6

# Where an open order stands: its figure, its word, its definition, the condition on orders on a day.
STANDS = (
    ("supervised", "督办中", "挂了牌还没有摘牌或撤销的。", lambda today: Q()),
    *(
        (f"supervised_{level.value}", f"其中{level.label}挂牌", f"现在由{level.label}督办的。", lambda today, level=level: Q(level=level))
        for level in reversed(LEVELS)
    ),
    (
        "supervised_soon", f"{SOON} 天内到期", f"治理期限在今天起 {SOON} 天以内的。",
        lambda today: Q(due_on__range=(today, today + timedelta(days=SOON))),
    ),
    ("supervised_late", "到期未摘牌", "治理期限已过，还没有摘牌的。", lambda today: Q(due_on__lt=today)),
    (
        "supervised_silent", "进展报告逾期", "下一次进展报告的期限已过，机构还没有报告的。",
        lambda today: Q(next_report_on__lt=today),
    ),
    (
        "supervised_to_lift", "验收后待摘牌", "已通过验收，等督办部门摘牌后才能销号的。",
        lambda today: Q(hazard__status=HazardStatus.VERIFIED),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Stand:
    """One line: how many open orders stand there, and their hazards."""

    label: str
    words: str
    cell: Cell
    is_bad: bool


@dataclass(frozen=True)
class Where:
    """A territory or institution: as a filter of hazards, for the ledger's addresses, for figure pages."""

    here: dict[str, int]
    parameters: dict[str, str]
    place: dict[str, str]

    @classmethod
    def of_territory(cls, territory: Territory) -> "Where":
        place = {"region": territory.region.code} if territory.above else {}
        return cls(territory.here, territory.parameters, place)

    @classmethod
    def of_institution(cls, institution: Institution) -> "Where":
        key = {"institution": str(institution.pk)}
        return cls({"institution_id": institution.pk}, key, key)


def supervised(actor: Actor, where: Where, today: date) -> list[Stand]:
    """挂牌督办 that is open, by where it stands. One statement."""
    here = {f"hazard__{column}": value for column, value in where.here.items()}
    counts = SupervisionOrder.objects.visible_to(actor).open().filter(**here).aggregate(
        **{key: Count("pk", filter=condition(today)) for key, _, _, condition in STANDS}
    )  # fmt: skip
    return [
        Stand(
            label,
            words,
            Cell(counts[key], figure_url(key, **where.place) if counts[key] else ""),
            bool(counts[key]) and key in ("supervised_late", "supervised_silent"),
        )
        for key, label, words, _ in STANDS
    ]


def campaigns_of(actor: Actor, today: date) -> list[Campaign]:
    """Those that run, or ended lately, the latest first; those somebody may read."""
    rows = Campaign.objects.visible_to(actor).filter(
        starts_on__lte=today, ends_on__gte=today - timedelta(days=ENDED_LATELY)
    )
    rows = rows.select_related("authority__region").prefetch_related("regions")
    return list(rows.order_by("-starts_on", "-pk")[:MOST_CAMPAIGNS])


def campaign_lines(actor: Actor, where: Where, today: date) -> list[tuple[Campaign, Line]]:
    """A line for each campaign: exactly the hazards its own page counts, within the place. Three statements.

    Nothing for a post at an institution, whose ledger knows no campaigns.
    """
    campaigns = campaigns_of(actor, today) if actor.authority else []
    figures = _figures(actor, where, campaigns, today)
    return [
        (
            campaign,
            line(
                campaign.name,
                figures[campaign.pk],
                where.parameters | {"campaign": str(campaign.pk)},
            ),
        )
        for campaign in campaigns
    ]


def _figures(actor: Actor, where: Where, campaigns, today: date) -> dict[int, Figures]:
    tallies = {campaign.pk: Tally() for campaign in campaigns}
    late = dict.fromkeys(tallies, 0)
    hazards = Hazard.objects.visible_to(actor).filter(**where.here)
    counted = [
        progress.found_among(hazards, campaign, actor)
        .order_by()
        .values(campaign=Value(campaign.pk))
        .values_list("campaign", "status", "severity")
        .annotate(n=Count("pk"), late=Count("pk", filter=CLOCK_RUNS & Q(due_on__lt=today)))
        for campaign in campaigns
    ]
    for pk, status, severity, n, n_late in counted[0].union(*counted[1:], all=True) if counted else ():
        tallies[pk].add(status, severity, Sums(n))
        late[pk] += n_late
    return {pk: figures_of(tally, late[pk]) for pk, tally in tallies.items()}
