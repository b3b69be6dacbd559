"""批量办理: each row through the one door, in a transaction of its own, with its result beside it.

The form is a row first: sent again it makes nothing new, and what a dead process left undone waits to be carried on by
its person. A row is done exactly when its line says so, because both are written in one transaction.
"""

import time
import uuid
from datetime import date, timedelta

from django.core.exceptions import PermissionDenied
from django.db import OperationalError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from common.database import is_busy
from common.http import BUSY, Conflict
from hazards import bulk_rules
from hazards.actions import lifecycle, reassigning
from hazards.actions.unfit import Unfit
from hazards.enums import BulkOutcome, HazardAction
from hazards.models import BulkLine, BulkRun, Hazard
from institutions.actor import Actor
from institutions.models import User

A = HazardAction
KEPT_DAYS = 30
ROUND_SECONDS = 20  # a request ends before whoever stands in front of it gives up, however busy the machine


def _issue(hazard: Hazard, *, by: Actor, version: int, due_on: str, responsible_person: str = "") -> None:
    """`responsible_person` empty: each institution's own, the first on its record."""
    person = responsible_person
    if not person:
        first = hazard.institution.responsible_persons.first()
        person = first.name if first else ""
    if not person:
        raise Unfit(bulk_rules.NOBODY)
    lifecycle.issue(
        hazard, by=by, version=version, due_on=date.fromisoformat(due_on), responsible_person=person
    )


def _reassign(hazard: Hazard, *, by: Actor, version: int, officer: int, reason: str, run: str) -> None:
    new = User.objects.get(pk=officer)
    reassigning.reassign(hazard, by=by, version=version, officer=new, reason=reason, run=run)


ACTS = {A.ISSUE: _issue, A.CLOSE: lifecycle.close, A.REASSIGN: _reassign}


@transaction.atomic
def begin(
    *, key: uuid.UUID, action: HazardAction, versions: dict[int, int], facts: dict, digest: str, by: Actor
) -> BulkRun:
    """The run of this form, made now unless it was before; `versions` by id of the hazard, `facts` for the act.

    What is not in scope is left out. Raises Conflict when the key is somebody else's or said something else then.
    """
    run, is_new = BulkRun.objects.get_or_create(
        pk=key,
        defaults={
            "action": action, "facts": facts, "digest": digest, "made_by": by.user, "made_as": by.membership,
        },
    )  # fmt: skip
    if run.made_by_id != by.user.pk:
        raise Conflict("这份表单已经由别人提交过，请重新打开页面。")
    if run.digest != digest:
        raise Conflict("这份表单刚才已经提交。您这次选的内容与上次不同，没有再提交；请重新选择后再办。")
    if is_new:
        here = Hazard.objects.visible_to(by).filter(pk__in=versions).values_list("pk", flat=True)
        BulkLine.objects.bulk_create(
            BulkLine(run=run, hazard_id=pk, version=versions[pk]) for pk in sorted(here)
        )
    return run


def carry_on(run: BulkRun, *, by: Actor) -> None:
    """Do what is not done yet, row by row, until ROUND_SECONDS are over; the rest waits to be carried on.

    Must not run inside a transaction. May be repeated, by two at once.
    Raises PermissionDenied to anybody but its person in the post it was begun in.
    """
    if (run.made_by_id, run.made_as_id) != (by.user.pk, by.membership.pk):
        raise PermissionDenied("请换到开始批量办理时的岗位，再继续办理。")
    stop_at = time.monotonic() + ROUND_SECONDS
    for pk in run.lines.filter(outcome="").values_list("pk", flat=True):
        if time.monotonic() > stop_at:
            return
        _do_one(run, pk, by)


@transaction.atomic(durable=True)
def _do_one(run: BulkRun, pk: int, by: Actor) -> None:
    waiting = BulkLine.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=pk, outcome="")
    if (line := waiting.first()) is None:
        return  # done, or being done, by the same form sent twice
    line.outcome, line.words = _outcome(run, line, by)
    line.ended_at = timezone.now() if line.outcome else None
    line.save(update_fields=["outcome", "words", "ended_at"])


def _outcome(run: BulkRun, line: BulkLine, by: Actor) -> tuple[str, str]:
    """What became of the row, in words; no outcome when somebody holds it just now: it may be tried again."""
    action = HazardAction(run.action)
    hazard = Hazard.objects.visible_to(by).select_related("institution").filter(pk=line.hazard_id).first()
    if hazard is None:
        return BulkOutcome.REFUSED, "这条隐患已不在您的辖区内。"
    try:
        with transaction.atomic():
            if reason := bulk_rules.not_in_bulk(action, hazard):
                raise Unfit(reason)
            ACTS[action](hazard, by=by, version=line.version, **run.facts)
    except Conflict as conflict:
        return BulkOutcome.CHANGED, _who(conflict)
    except (PermissionDenied, Unfit) as error:
        return BulkOutcome.REFUSED, str(error)
    except OperationalError as error:
        if not is_busy(error):
            raise
        return "", BUSY
    return BulkOutcome.DONE, ""


def _who(conflict: Conflict) -> str:
    """Who did what meanwhile, the latest last."""
    said = [
        f"{c['who']} {timezone.localtime(c['at']):%H:%M} {c['what']}"
        for c in conflict.context.get("changes", [])
    ]
    return ("；".join(said) or conflict.message)[:300]


def forget_old() -> int:
    """Delete runs nobody will ask for again; the events stay. How many."""
    old = BulkRun.objects.filter(made_at__lt=Now() - timedelta(days=KEPT_DAYS))
    return old.delete()[1].get("hazards.BulkRun", 0)
