"""改派监管责任人: who at the supervising authority answers for a hazard, from now on.

Raises PermissionDenied when `by` may not, Unfit for somebody who can't be it, and common.http.Conflict when somebody
else acted first (`version`).
"""

from django.db import transaction

from hazards import notices, officers
from hazards.actions._transition import transition
from hazards.actions.unfit import Unfit
from hazards.enums import HazardAction
from hazards.models import Hazard
from institutions.actor import Actor
from institutions.models import User


@transaction.atomic
def reassign(
    hazard: Hazard, *, by: Actor, officer: User, reason: str, run: str = "", version: int | None = None
) -> Hazard:
    """Another official with a current post at the supervising authority; both are told, status and deadline stay.

    Of all that one bulk `run` hands over the new officer hears once.
    """
    data, was = {"officer": officer.name}, {}

    def prepare(row: Hazard) -> dict:
        if officer.pk == row.supervising_officer_id:
            raise Unfit(f"{officer.name}已经是监管责任人。")
        if not officers.candidates(row.supervising_authority_id).filter(pk=officer.pk).exists():
            raise Unfit(f"{officer.name}不在{row.supervising_authority.name}任职，请另选一人。")
        was["officer"] = row.supervising_officer
        data["was"] = was["officer"].name if was["officer"] else ""
        return {"supervising_officer": officer}

    hazard = transition(
        hazard, HazardAction.REASSIGN, by=by, version=version, comment=reason, data=data, prepare=prepare,
        tells_people=not run,
    )  # fmt: skip
    if run:
        notices.tell_officer_of_run(hazard, run, by=by, reason=reason)
    if was["officer"]:
        notices.tell_former_officer(hazard, was["officer"].pk, by=by, reason=reason)
    return hazard
