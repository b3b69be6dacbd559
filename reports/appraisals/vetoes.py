"""一票否决: rules propose, with the hazards they rest on; a person confirms or dismisses. Only the confirmed count."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import DateField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import TruncDate
from django.utils import timezone

from hazards.enums import HazardStatus, Severity, SupervisionState
from hazards.models import Hazard
from hazards.models.hazard import CLOCK_RUNS
from hazards.numbers import number_of
from institutions.actor import Actor
from institutions.models import Region
from institutions.territories import Territory
from reports.models import Appraisal, VetoDecision, VetoKind, VetoRule
from reports.periods import Period, end_of

MOST = 500  # of hazards read for one rule
_MAJOR = Q(severity=Severity.MAJOR)
_CLOSED_ON = TruncDate("recurrence_of__closed_at")


def _came_back(days: int, period: Period, today: date) -> Q:
    until = ExpressionWrapper(_CLOSED_ON + Value(timedelta(days=days)), output_field=DateField())
    falsely = Q(
        recurrence_of__isnull=False,
        recurrence_of__severity=Severity.MAJOR,
        recurrence_of__status=HazardStatus.CLOSED,
    )
    found = Q(found_on__range=(period.first, end_of(period.last)), found_on__lte=until)
    return falsely & found & ~Q(status=HazardStatus.VOIDED)


def _major_late(days: int, period: Period, today: date) -> Q:
    return CLOCK_RUNS & _MAJOR & Q(due_on__lt=today - timedelta(days=days), supervised_region=None)


def _order_late(days: int, period: Period, today: date) -> Q:
    since = today - timedelta(days=days)
    return Q(supervisions__state=SupervisionState.OPEN, supervisions__due_on__lt=since)


@dataclass(frozen=True)
class Rule:
    """`text` with {n} days; `condition` on hazards (days, period, today); `since` the day a hazard's fact counts from."""

    text: str
    condition: Callable[[int, Period, date], Q]
    since: object
    fact: str
    default_days: int


RULES = {
    VetoKind.CAME_BACK: Rule(
        "重大隐患销号后 {n} 天内又出现（按期间内发现的反弹隐患）", _came_back, _CLOSED_ON, "销号后 {n} 天又出现", 180
    ),
    VetoKind.MAJOR_LATE: Rule(
        "重大隐患逾期超过 {n} 天仍未整改，也没有挂牌督办（不论何时发现）", _major_late, F("due_on"), "已逾期 {n} 天，未挂牌督办", 30
    ),
    VetoKind.ORDER_LATE: Rule(
        "挂牌督办的隐患到期超过 {n} 天仍未摘牌（不论何时挂牌）", _order_late, F("supervisions__due_on"), "督办到期已 {n} 天", 30
    ),
}  # fmt: skip


def text_of(rule: VetoRule) -> str:
    return RULES[VetoKind(rule.kind)].text.format(n=rule.days)


@dataclass(frozen=True)
class Flag:
    """One region and kind: the evidence as of now, and the latest decision (None: nobody has decided)."""

    region: Region
    kind: str
    evidence: list[dict]
    decision: VetoDecision | None

    @property
    def label(self) -> str:
        return VetoKind(self.kind).label

    @property
    def is_undecided(self) -> bool:
        """Nobody decided, or it was dismissed before this evidence was there."""
        if self.decision is None:
            return True
        known = {entry.get("hazard") for entry in self.decision.evidence}
        return not self.decision.is_confirmed and any(e["hazard"] not in known for e in self.evidence)

    @property
    def is_confirmed(self) -> bool:
        return self.decision is not None and self.decision.is_confirmed

    @property
    def has_passed(self) -> bool:
        """Confirmed in view of hazards that the rule doesn't find any more; it stands until a person dismisses it."""
        return self.is_confirmed and self.kind != VetoKind.OTHER and not self.evidence


def flags_of(appraisal: Appraisal, by: Actor, parts: list[Region], period: Period, today: date) -> list[Flag]:
    """What the rules propose now and what was decided, in the order of the regions. A statement a rule, and one."""
    latest = {(d.region_id, d.kind): d for d in appraisal.decisions.select_related("decided_by")}
    found = _evidence(by, appraisal.region, appraisal.veto_rules.all(), period, today)
    kinds = [kind for kind in VetoKind if any(key[1] == kind for key in (*latest, *found))]
    return [
        Flag(part, kind, found.get((part.pk, kind), []), latest.get((part.pk, kind)))
        for part in parts
        for kind in kinds
        if (part.pk, kind) in found or (part.pk, kind) in latest
    ]


def _evidence(
    by: Actor, region: Region, rules: Iterable[VetoRule], period: Period, today: date
) -> dict[tuple[int, str], list[dict]]:
    """The hazards each rule finds, by region and kind; at most MOST of a rule, the longest first."""
    territory, found = Territory(region, [], []), defaultdict(list)
    for rule in rules:
        facts = RULES[VetoKind(rule.kind)]
        hazards = (
            Hazard.objects.visible_to(by)
            .filter(facts.condition(rule.days, period, today))
            .annotate(part=territory.part, since=facts.since)
            .order_by("since", "id")
            .values("id", "part", "since", "found_on", "description", "institution__name")[:MOST]
        )
        for row in hazards:
            until = row["found_on"] if rule.kind == VetoKind.CAME_BACK else today
            found[row["part"], rule.kind].append(
                _entry(row, facts.fact.format(n=(until - row["since"]).days))
            )
    return found


def _entry(row: dict, fact: str) -> dict:
    return {
        "hazard": row["id"],
        "number": number_of(row["found_on"], row["id"]),
        "institution": row["institution__name"],
        "description": row["description"],
        "fact": fact,
    }


def confirmed(flags: list[Flag]) -> dict[int, list[dict]]:
    """The confirmed ones of each region, as a published row keeps them."""
    kept = defaultdict(list)
    for flag in flags:
        if flag.is_confirmed:
            kept[flag.region.pk].append(
                {
                    "label": flag.label,
                    "reason": flag.decision.reason,
                    "by": flag.decision.decided_name,
                    "on": timezone.localdate(flag.decision.decided_at).isoformat(),
                    "evidence": flag.decision.evidence,
                }
            )
    return kept
