"""批量办理 from the ledger: which tabs offer it, and the hazards that were picked there."""

from dataclasses import dataclass

from django.urls import reverse

from hazards import advice, bulk_rules, queries, workflow
from hazards.enums import HazardAction, HazardStatus
from hazards.models import Hazard
from institutions.actor import Actor
from reports.asked import Asked
from reports.places import is_number
from reports.states import State

# Where in the ledger each starts: what must be asked there, and how that is called. The first that fits is offered.
_STARTS = {
    HazardAction.REASSIGN: ({"officer": "left"}, "监管责任人已离岗"),
    HazardAction.ISSUE: ({"state": HazardStatus.REGISTERED.value}, HazardStatus.REGISTERED.label),
    HazardAction.CLOSE: ({"state": HazardStatus.VERIFIED.value}, HazardStatus.VERIFIED.label),
}


@dataclass(frozen=True)
class Bulk:
    """What may be done to many of the rows shown."""

    action: HazardAction
    url: str
    most: int


def start_of(action: HazardAction) -> dict[str, str]:
    """The parameters of the ledger where a bulk act starts."""
    return _STARTS[action][0]


def start_words(action: HazardAction) -> str:
    """How the rows are called there."""
    return _STARTS[action][1]


def bulk_in(state: State, chosen: dict[str, str], actor: Actor) -> Bulk | None:
    """What the ledger offers this actor for the rows it shows; None where no act fits every row."""
    asked = {"state": state.value, **chosen}
    for action, (start, _) in _STARTS.items():
        if start.items() <= asked.items() and actor.can(workflow.TABLE[action].capability):
            return Bulk(action, reverse("reports:bulk", args=[action.value]), bulk_rules.MOST[action])
    return None


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
        found = queries.rows(Hazard.objects.visible_to(asked.actor)).select_related("supervising_officer")
    if query.get("all"):
        wanted = asked.rows.filter(status__in=workflow.TABLE[action].sources).order_by(*asked.sort.order())
        ids = list(wanted.values_list("pk", flat=True)[: bulk_rules.MOST[action]])
    else:
        picked = [*ticked, *(int(pk) for pk in query.getlist("pick") if is_number(pk))]
        ids = list(dict.fromkeys(picked))[: bulk_rules.MOST[action]]
    return list(found.filter(pk__in=ids).order_by(*asked.sort.order())) if ids else []
