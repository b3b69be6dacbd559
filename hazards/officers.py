"""监管责任人: who may be it, and the hazards whose officer has left the authority that supervises them."""

from django.db.models import Exists, OuterRef, Q

from hazards import workflow
from hazards.enums import HazardAction
from hazards.models import Hazard
from hazards.models.hazard import HazardQuerySet
from hazards.notices import roles_with
from institutions.actor import Actor
from institutions.enums import Capability
from institutions.models import Membership, User


def _posts():
    return Membership.objects.active().filter(role__in=roles_with(Capability.VERIFY))


def candidates(authority_id: int):
    """Officials with a current post at the supervising authority, by name."""
    return User.objects.filter(pk__in=_posts().filter(authority_id=authority_id).values("user")).order_by(
        "name", "id"
    )


def count_left_behind(actor: Actor) -> int:
    """How many hazards this actor's authority has to find another officer for; 0 for whoever may not. One statement."""
    if not actor.can(Capability.REASSIGN):
        return 0
    ours = Hazard.objects.visible_to(actor).filter(supervising_authority=actor.authority)
    return left_behind(ours).count()


def has_left(hazard: Hazard) -> bool:
    """Whether this hazard is one of those left behind. One statement."""
    return left_behind(Hazard.objects.filter(pk=hazard.pk)).exists()


def left_behind(hazards: HazardQuerySet) -> HazardQuerySet:
    """Those under way whose officer holds no post at the supervising authority any more (已离岗), or that have none.

    Not what was fixed on the spot in its first round: whoever found it, often from above, stands there as officer, and
    there is nothing to supervise unless it is rejected.
    """
    posts = _posts().filter(
        user_id=OuterRef("supervising_officer_id"), authority_id=OuterRef("supervising_authority_id")
    )
    return hazards.filter(~Exists(posts), status__in=workflow.TABLE[HazardAction.REASSIGN].sources).exclude(
        Q(is_fixed_on_the_spot=True, round=1)
    )
