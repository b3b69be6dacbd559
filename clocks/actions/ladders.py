"""Ladders: copied, edited as a draft, published. The province decides; what is in force never changes."""

from collections.abc import Iterable
from dataclasses import dataclass

import yaml
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from clocks.enums import Audience, LadderKey, LadderStatus, RungKind, Unit
from clocks.models import Clock, Ladder, Rung
from institutions.actor import Actor
from institutions.enums import Capability
from institutions.permissions import require

FILE = settings.BASE_DIR / "clocks" / "data" / "ladders.yaml"


@dataclass(frozen=True)
class Step:
    """One rung as somebody wishes it; its place in the ladder follows from its day and weight."""

    offset_days: int
    unit: str
    kind: str
    audience: str
    by_mail: bool = True
    by_sms: bool = False

    @property
    def code(self) -> str:
        """Names the step across versions, so that what was recorded under it is not recorded again."""
        unit = "w" if self.unit == Unit.WORKDAY else "d"
        return f"{self.kind}:{self.audience}:{self.offset_days:+d}{unit}"

    @property
    def _rank(self) -> tuple:
        days = self.offset_days * (1.4 if self.unit == Unit.WORKDAY else 1)
        return days, list(RungKind).index(RungKind(self.kind)), list(Audience).index(Audience(self.audience))


def load_ladders() -> list[LadderKey]:
    """Publish the first version of every ladder that has none; which they were. Others are left alone."""
    known = set(Ladder.objects.values_list("key", flat=True))
    new = [key for key in LadderKey if key not in known]
    wished = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    for key in new:
        steps = [
            Step(days, unit, kind, audience, by_sms="sms" in ways)
            for days, unit, kind, audiences, *ways in wished[key]
            for audience in audiences
        ]
        with transaction.atomic():
            ladder = Ladder.objects.create(key=key, version=1, note="随程序载入的默认阶梯")
            _write(ladder, steps)
            _put_in_force(ladder, by=None)
    return new


@transaction.atomic
def draft(ladder: Ladder, *, by: Actor) -> Ladder:
    """A copy of a version to edit; the draft that is there already if there is one."""
    require(by, Capability.SET_POLICY)
    _lock(ladder.key)
    if found := Ladder.objects.filter(key=ladder.key, status=LadderStatus.DRAFT).first():
        return found
    latest = Ladder.objects.filter(key=ladder.key).aggregate(last=Max("version"))["last"]
    copy = Ladder.objects.create(key=ladder.key, version=latest + 1)
    _write(copy, [step_of(rung) for rung in ladder.rungs.all()])
    return copy


@transaction.atomic
def edit(ladder: Ladder, *, by: Actor, steps: Iterable[Step]) -> None:
    """Make the rungs of a draft exactly `steps`. Raises ValidationError for none, doubles, or a published ladder."""
    require(by, Capability.SET_POLICY)
    _refuse_unless_draft(ladder)
    steps = list(steps)
    if not steps:
        raise ValidationError("阶梯至少要有一级。")
    if len({step.code for step in steps}) < len(steps):
        raise ValidationError("同一天、同一对象、同一方式只能有一级，请删去重复的。")
    ladder.rungs.all().delete()
    _write(ladder, steps)


@transaction.atomic
def publish(ladder: Ladder, *, by: Actor, reason: str) -> None:
    """Put a draft in force from now on; running clocks are looked at anew by the next sweep.

    What was recorded stays; a rung that is new and whose day has passed is told late. Raises ValidationError for a
    ladder that is no draft any more.
    """
    require(by, Capability.SET_POLICY)
    _refuse_unless_draft(ladder)
    ladder.note = reason
    ladder.save(update_fields=["note"])
    _put_in_force(ladder, by=by)


@transaction.atomic
def discard(ladder: Ladder, *, by: Actor) -> None:
    """Throw a draft away. Raises ValidationError for a ladder that is no draft any more."""
    require(by, Capability.SET_POLICY)
    _refuse_unless_draft(ladder)
    ladder.delete()


def step_of(rung: Rung) -> Step:
    return Step(rung.offset_days, rung.unit, rung.kind, rung.audience, rung.by_mail, rung.by_sms)


def _lock(key: str) -> None:
    list(Ladder.objects.select_for_update(no_key=True).filter(key=key, status=LadderStatus.PUBLISHED))


def _refuse_unless_draft(ladder: Ladder) -> None:
    _lock(ladder.key)
    if not Ladder.objects.select_for_update().filter(pk=ladder.pk, status=LadderStatus.DRAFT).exists():
        raise ValidationError("这一版已经启用或弃用，请重新打开页面。")


def _write(ladder: Ladder, steps: Iterable[Step]) -> None:
    Rung.objects.bulk_create(
        Rung(
            ladder=ladder,
            code=step.code,
            position=position,
            offset_days=step.offset_days,
            unit=step.unit,
            kind=step.kind,
            audience=step.audience,
            is_act=RungKind(step.kind).is_act,
            by_mail=step.by_mail,
            by_sms=step.by_sms,
        )
        for position, step in enumerate(sorted(steps, key=lambda step: step._rank), start=1)
    )


def _put_in_force(ladder: Ladder, *, by: Actor | None) -> None:
    Ladder.objects.filter(key=ladder.key, status=LadderStatus.PUBLISHED).update(
        status=LadderStatus.SUPERSEDED
    )
    ladder.status, ladder.published_at = LadderStatus.PUBLISHED, timezone.now()
    ladder.published_by = by.user if by else None
    ladder.save(update_fields=["status", "published_at", "published_by"])
    look_again(ladder.key)


def look_again(*keys: str) -> int:
    """Let the next sweep look at every running clock of these ladders; how many there are."""
    return Clock.objects.running().filter(ladder_key__in=keys).update(next_look_on=timezone.localdate())
