"""批量办理 from the ledger: which tabs offer it, and the hazards that were picked there."""

from dataclasses import dataclass

from django.urls import reverse

from hazards import advice, bulk_rules, queries, workflow
from hazards.enums import HazardAction
from hazards.models import Hazard
from institutions.actor import Actor
from reports.asked import Asked
from reports.places import is_number
from reports.states import State

_BY_STATUS = {bulk_rules.source(action): action for action in bulk_rules.MOST}


@dataclass(frozen=True)
class Bulk:
    """What may be done to many of the rows shown."""

    action: HazardAction
    url: str
    most: int


def bulk_in(state: State, actor: Actor) -> Bulk | None:
    """What the tab offers this actor; None on tabs of more than one status, where no act fits every row."""
    action = _BY_STATUS.get(state.status)
    if action is None or not actor.can(workflow.TABLE[action].capability):
        return None
    return Bulk(action, reverse("reports:bulk", args=[action.value]), bulk_rules.MOST[action])


@dataclass(frozen=True)
class Picked:
    """One hazard on the form; `reason` says why it can't be done among others. Photos only where they decide."""

    hazard: Hazard
    reason: str
    is_ticked: bool
    photos: dict | None
    submission: object | None

    @property
    def value(self) -> str:
        return f"{self.hazard.pk}:{self.hazard.version}"


def picked_rows(query, asked: Asked, action: HazardAction, ticked: set[int] | None) -> list[Picked]:
    """The hazards picked in the ledger (`pick`), or with `all` those it was asked for, in its order.

    At most as many as the act takes. `ticked`: what was ticked when the form came back; None for a new one, where
    all that can be done are ticked, unless each is to be looked at first. A fixed number of statements.
    """
    actor, is_closing = asked.actor, action == HazardAction.CLOSE
    hazards = _hazards(query, asked, action, ticked or set())
    if is_closing:
        advice.note_for_verifiers(hazards, actor)
    rows = []
    for hazard in hazards:
        reason = bulk_rules.refusal(action, actor, hazard)
        is_ticked = hazard.pk in ticked if ticked is not None else not is_closing
        rows.append(
            Picked(
                hazard,
                reason,
                is_ticked and not reason,
                queries.photos(hazard, actor) if is_closing else None,
                next(reversed(hazard.submissions.all()), None) if is_closing else None,
            )
        )
    return sorted(rows, key=lambda row: bool(row.reason))


def _hazards(query, asked: Asked, action: HazardAction, ticked: set[int]) -> list[Hazard]:
    if action == HazardAction.CLOSE:
        found = queries.for_detail(asked.actor)
    else:
        found = queries.rows(Hazard.objects.visible_to(asked.actor))
    if query.get("all"):
        wanted = asked.rows.filter(status=bulk_rules.source(action)).order_by(*asked.sort.order())
        ids = list(wanted.values_list("pk", flat=True)[: bulk_rules.MOST[action]])
    else:
        picked = [*ticked, *(int(pk) for pk in query.getlist("pick") if is_number(pk))]
        ids = list(dict.fromkeys(picked))[: bulk_rules.MOST[action]]
    return list(found.filter(pk__in=ids).order_by(*asked.sort.order())) if ids else []
