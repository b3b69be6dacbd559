"""催办: whoever supervises, or waits, asks the party whose turn it is to act. A notice and an event, nothing else.

Raises PermissionDenied when `by` may not, Unfit when it was done today or reaches nobody, and common.http.Conflict when
somebody else acted first (`version`).
"""

from datetime import date

from django.db import transaction
from django.utils import timezone

from hazards import notices, nudges, queries
from hazards.actions._transition import transition
from hazards.actions.unfit import Unfit
from hazards.enums import HazardAction
from hazards.models import Hazard
from institutions.actor import Actor


@transaction.atomic
def nudge(hazard: Hazard, *, by: Actor, words: str = "", version: int | None = None) -> Hazard:
    """催办 with an optional sentence, once a day for each authority (Beijing's day); status and deadline stay."""
    today = timezone.localdate()
    data: dict = {"authority": by.authority and by.authority.pk, "on": today.isoformat()}

    def prepare(row: Hazard) -> dict:
        _refuse_second(row, by, today)
        if not notices.recipients(row, HazardAction.NUDGE, by=by):
            raise Unfit(f"{queries.turn_of(row)}还没有能收到催办的账号，请直接联系。")
        data["to"] = queries.turn_of(row)
        return {}

    return transition(
        hazard, HazardAction.NUDGE, by=by, version=version, comment=words, data=data, prepare=prepare
    )


def _refuse_second(row: Hazard, by: Actor, today: date) -> None:
    """Under the row's lock, so that of two colleagues at once one is told; the database holds to it as well."""
    if earlier := nudges.by_authority_on(row.events.all(), by.authority, today):
        at = timezone.localtime(earlier.at)
        raise Unfit(f"今天已经催办过：{earlier.by_name} {at:%H:%M} 催办了{earlier.sent_to}。明天可以再催。")
