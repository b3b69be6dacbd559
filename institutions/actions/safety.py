"""责任书 and drills of institutions: recorded and corrected, each change kept with old and new."""

from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from institutions.actions.institutions import lock, record, words_of
from institutions.actor import Actor
from institutions.enums import InstitutionAct
from institutions.models import Drill, Institution, Pledge
from institutions.permissions import may_record_drill, may_record_pledge
from institutions.rules import FIRST_YEAR, MAX_PLEDGE_YEARS, half_year_after

PLEDGE_FIELDS = ("signed_on", "signer", "counter_signer", "valid_until")
DRILLS_BY = "演练由机构负责人登记；机构没有账号的，由主管民政部门代为登记。"
DRILL_FIELDS = ("held_on", "kind", "participants", "is_night", "problems", "next_due_on")


@transaction.atomic
def save_pledge(institution: Institution, *, by: Actor, year: int, today: date, **fields) -> Pledge:
    """The pledge of a year is this, whether it was recorded before or not. `fields` are all of PLEDGE_FIELDS.

    Raises PermissionDenied for who may not, ValidationError (by field) for dates that cannot be.
    """
    institution = lock(institution, by)
    if not may_record_pledge(by, institution):
        raise PermissionDenied("责任书由主管民政部门登记。")
    _check_past(fields, "signed_on", today)
    if fields["valid_until"] < fields["signed_on"]:
        raise ValidationError({"valid_until": "有效期不能早于签订日期。"})
    if fields["valid_until"].year > year + MAX_PLEDGE_YEARS:
        raise ValidationError({"valid_until": f"有效期最长到 {year + MAX_PLEDGE_YEARS} 年，请核对年份。"})
    pledge = institution.pledges.filter(year=year).first() or Pledge(institution=institution, year=year)
    _save(pledge, PLEDGE_FIELDS, fields, by, InstitutionAct.PLEDGE)
    return pledge


@transaction.atomic
def save_drill(
    institution: Institution,
    *,
    by: Actor,
    today: date,
    drill_id: int | None = None,
    next_due_on: date | None = None,
    **fields,
) -> Drill:
    """Record a drill, or correct the one of `drill_id`. `fields` are the others of DRILL_FIELDS.

    Who recorded it first stays on it; who corrected it is in the trace.

    The next is due half a year after it, unless `next_due_on` is earlier. Raises PermissionDenied for who may not,
    Drill.DoesNotExist when it is not of this institution, ValidationError (by field) for dates that cannot be and
    for a drill that is recorded already.
    """
    institution = lock(institution, by)
    if not may_record_drill(by, institution):
        raise PermissionDenied(DRILLS_BY)
    _check_past(fields, "held_on", today)
    latest = half_year_after(fields["held_on"])
    next_due_on = next_due_on or latest
    if not fields["held_on"] < next_due_on <= latest:
        raise ValidationError({"next_due_on": "每半年至少演练一次：下次期限应在本次之后、半年之内。"})
    new = Drill(institution=institution, recorded_by=by.user, recorded_at=timezone.now())
    drill = institution.drills.get(pk=drill_id) if drill_id else new
    same = {name: fields[name] for name in ("held_on", "kind", "is_night")}
    if institution.drills.filter(**same).exclude(pk=drill.pk).exists():
        raise ValidationError({"held_on": "这一天的同类演练已经登记过，请更正原来那一条。"})
    _save(drill, DRILL_FIELDS, fields | {"next_due_on": next_due_on}, by, InstitutionAct.DRILL)
    return drill


def _check_past(fields: dict, name: str, today: date) -> None:
    if fields[name] > today:
        raise ValidationError({name: "不能晚于今天。"})
    if fields[name].year < FIRST_YEAR:
        raise ValidationError({name: f"不能早于 {FIRST_YEAR} 年，请核对年份。"})


def _save(row: Pledge | Drill, names: tuple, values: dict, by: Actor, act: InstitutionAct) -> None:
    """Save the row and leave the trace, under the row's own name so that it says which one. The house is locked."""
    before, called = (words_of(row, names), str(row)) if row.pk else ({}, "")
    for name in names:
        setattr(row, name, values[name])
    if row.pk:
        row.save(update_fields=names)
    else:
        row.save()
    after = words_of(row, names)
    changes = {
        f"{called or row}：{label}": [before.get(label, ""), words]
        for label, words in after.items()
        if words != before.get(label, "")
    }
    record(row.institution, by, act, changes)
