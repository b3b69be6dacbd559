"""Drawing up an appraisal: started from the last rule set, edited, flags decided, dropped. All leave an event.

All raise PermissionDenied unless `by` is an official of the region's own civil-affairs authority who may 通报, and
common.http.Conflict when it is no draft any more or somebody else changed it first.
"""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from common.http import Conflict
from hazards.actions.unfit import Unfit
from institutions.actor import Actor
from institutions.enums import Capability, RegionLevel
from institutions.models import Region
from reports.appraisals import terms, vetoes
from reports.appraisals.counting import ranked
from reports.appraisals.indicators import DEFAULTS, Item, item_of
from reports.models import (
    Appraisal,
    AppraisalAct,
    AppraisalEvent,
    AppraisalItem,
    AppraisalState,
    VetoDecision,
    VetoKind,
    VetoRule,
)


@dataclass(frozen=True)
class RuleSet:
    """What is appraised and how; `vetoes` are days by kind."""

    items: list[Item]
    vetoes: dict[str, int]
    least_weight: int = 60
    note: str = ""


def may_draw_up(actor: Actor) -> bool:
    """Officials of a province or city for the regions below: whoever may 通报 them."""
    is_above = actor.level in (RegionLevel.PROVINCE, RegionLevel.CITY)
    return is_above and actor.scope.column is not None and actor.can(Capability.SUMMON)


def require(by: Actor, region: Region | None = None) -> None:
    """Raise PermissionDenied unless `by` may draw up (and this region's)."""
    if not may_draw_up(by) or (region is not None and region.pk != by.authority.region_id):
        raise PermissionDenied("考核由省级、市级监管人员对直接下级地区组织。")


def url_of(appraisal: Appraisal) -> str:
    return reverse("reports:appraisal", args=[appraisal.pk])


def locked_draft(appraisal: Appraisal, by: Actor, edition: int | None) -> Appraisal:
    """The row, locked until the end of the transaction. Raises Conflict unless it is the draft of this edition."""
    require(by, appraisal.region)
    row = Appraisal.objects.select_for_update(of=("self",)).select_related("region").get(pk=appraisal.pk)
    if not row.is_draft:
        raise Conflict(f"这次考核现在是“{row.get_state_display()}”，不能再修改。", back_url=url_of(row))
    if edition not in (None, row.edition):
        raise Conflict(
            "您打开页面之后，另一位同事已经修改了规则或认定了一票否决，请核对后再办理。", back_url=url_of(row)
        )
    return row


def note_event(appraisal: Appraisal, act: AppraisalAct, by: Actor, comment: str = "") -> None:
    """One line of the trace."""
    AppraisalEvent.objects.create(
        appraisal=appraisal, act=act, at=timezone.now(), by=by.user, comment=comment[:300]
    )


def last_rules(region: Region) -> RuleSet:
    """Those of the region's latest appraisal that was published, else of its latest; the default for the first."""
    rows = Appraisal.objects.filter(region=region).order_by("-published_at", "-id")
    published = rows.filter(published_at__isnull=False).first()
    if last := published or rows.exclude(state=AppraisalState.DROPPED).first():
        return rules_of(last)
    return RuleSet(DEFAULTS, {kind: rule.default_days for kind, rule in vetoes.RULES.items()})


def rules_of(appraisal: Appraisal) -> RuleSet:
    """The rule set of one appraisal."""
    return RuleSet(
        [item_of(row) for row in appraisal.items.all()],
        {rule.kind: rule.days for rule in appraisal.veto_rules.all()},
        appraisal.least_weight,
        appraisal.note,
    )


@transaction.atomic
def start(*, by: Actor, period: str) -> Appraisal:
    """A draft for the regions below one's own, with the rules of the last one; the next version where one is published.

    Raises Conflict when a draft of this period is there already.
    """
    require(by)
    region = by.authority.region
    if not ranked(region, timezone.localdate()):
        raise Unfit("本地区没有可以考核的下级地区。")
    same = Appraisal.objects.filter(region=region, period=period)
    rules, now = last_rules(region), timezone.now()
    if in_force := same.filter(state=AppraisalState.PUBLISHED).first():
        rules = rules_of(in_force)
    try:
        with transaction.atomic():
            appraisal = Appraisal.objects.create(
                region=region, period=period, version=(same.aggregate(last=Max("version"))["last"] or 0) + 1,
                least_weight=rules.least_weight, note=rules.note if in_force else "", created_at=now,
                created_by=by.user,
            )  # fmt: skip
    except IntegrityError as error:
        found = same.filter(state=AppraisalState.DRAFT).first()
        raise Conflict(
            "这个期间已经有一份草稿，请在草稿上修改。", back_url=url_of(found) if found else ""
        ) from error
    _write(appraisal, rules)
    if in_force:
        _keep_decisions(in_force, appraisal)
    note_event(appraisal, AppraisalAct.STARTED, by)
    return appraisal


def _keep_decisions(old: Appraisal, new: Appraisal) -> None:
    """What was decided for the version it replaces still is, until somebody decides otherwise."""
    VetoDecision.objects.bulk_create(
        VetoDecision(
            appraisal=new, region_id=d.region_id, kind=d.kind, is_confirmed=d.is_confirmed, reason=d.reason,
            evidence=d.evidence, decided_at=d.decided_at, decided_by_id=d.decided_by_id, decided_name=d.decided_name,
        )
        for d in old.decisions.all()
    )  # fmt: skip


def _write(appraisal: Appraisal, rules: RuleSet) -> None:
    AppraisalItem.objects.bulk_create(
        AppraisalItem(
            appraisal=appraisal,
            indicator=item.indicator,
            weight=item.weight,
            full_mark=item.full_mark,
            zero_mark=item.zero_mark,
            least=item.least,
        )
        for item in rules.items
    )
    VetoRule.objects.bulk_create(
        VetoRule(appraisal=appraisal, kind=kind, days=days) for kind, days in rules.vetoes.items()
    )


@transaction.atomic
def edit(appraisal: Appraisal, *, by: Actor, rules: RuleSet, edition: int | None = None) -> Appraisal:
    """Make the rules of a draft exactly `rules`, which the form has checked (weights of 100 together)."""
    row = locked_draft(appraisal, by, edition)
    if sum(item.weight for item in rules.items) != 100:
        raise Unfit("权重合计应为 100。")
    row.items.all().delete()
    row.veto_rules.all().delete()
    _write(row, rules)
    row.least_weight, row.note, row.edition = rules.least_weight, rules.note, row.edition + 1
    row.save(update_fields=["least_weight", "note", "edition"])
    note_event(row, AppraisalAct.EDITED, by)
    return row


@transaction.atomic
def decide(
    appraisal: Appraisal, *, by: Actor, region: Region, kind: str, is_confirmed: bool, reason: str,
    seen: set[int], happened: str = "",
) -> VetoDecision:  # fmt: skip
    """Confirm or dismiss 一票否决 of one region. `seen`: ids of the hazards the person had before their eyes.

    `happened` is what a person writes down for VetoKind.OTHER. Raises Conflict when more evidence is there by now.
    """
    row, today = locked_draft(appraisal, by, None), timezone.localdate()
    evidence = [{"hazard": None, "number": "", "institution": "", "description": happened, "fact": ""}]
    if kind != VetoKind.OTHER:
        flags = vetoes.flags_of(row, by, [region], terms.term(row.period), today)
        evidence = next((flag.evidence for flag in flags if flag.kind == kind), [])
        if {entry["hazard"] for entry in evidence} - seen:
            raise Conflict("又有新的隐患符合这一情形，请看过以后再认定。", back_url=url_of(row))
    made = VetoDecision.objects.create(
        appraisal=row, region=region, kind=kind, is_confirmed=is_confirmed, reason=reason, evidence=evidence,
        decided_at=timezone.now(), decided_by=by.user, decided_name=by.user.name,
    )  # fmt: skip
    row.edition += 1  # who is about to publish looks again
    row.save(update_fields=["edition"])
    verdict = "认定" if is_confirmed else "不予认定"
    note_event(row, AppraisalAct.DECIDED, by, f"{region.name}：{VetoKind(kind).label}，{verdict}。{reason}")
    return made


@transaction.atomic
def drop(appraisal: Appraisal, *, by: Actor) -> None:
    """Put a draft aside; its rules and decisions stay readable in the trace."""
    row = locked_draft(appraisal, by, None)
    row.state = AppraisalState.DROPPED
    row.save(update_fields=["state"])
    note_event(row, AppraisalAct.DROPPED, by)
