"""Who can be sent on a visit."""

from django.db.models import Prefetch

from institutions.actor import Actor
from institutions.enums import Capability, Department, Role
from institutions.models import Membership, User

INSPECTING = [
    role.value
    for role in Role
    if Capability.INSPECT in role.facts.capabilities and not role.facts.is_held_at_institution
]


def _posts(actor: Actor):
    return Membership.objects.active().filter(
        role__in=INSPECTING,
        authority__department=Department.CIVIL_AFFAIRS,
        authority__region__path__startswith=actor.authority.region.path,
    )


def inspectors_in(actor: Actor):
    """People with an inspecting post at civil affairs in the region of the actor's authority."""
    return User.objects.filter(pk__in=_posts(actor).values("user"))


def with_posts(users, actor: Actor):
    """The same people with `posts_here`, in the order of authorities and names; two statements."""
    posts = _posts(actor).select_related("authority").order_by("authority__region__path", "id")
    return users.order_by("name", "id").prefetch_related(Prefetch("memberships", posts, to_attr="posts_here"))
