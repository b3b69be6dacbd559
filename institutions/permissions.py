"""Who may keep which records: rules over an Actor. What may be done to a hazard is decided elsewhere."""

from django.core.exceptions import PermissionDenied
from django.db.models import Q

from institutions.actor import Actor
from institutions.enums import Capability, Department, RegionLevel, Role
from institutions.models import Authority, Institution, Membership, User

_COLUMN = {RegionLevel.PROVINCE: "province", RegionLevel.CITY: "city", RegionLevel.COUNTY: "county"}


def require(actor: Actor | None, capability: Capability) -> None:
    """Raise PermissionDenied unless the actor's role has `capability`."""
    if actor is None or not actor.can(capability):
        raise PermissionDenied(f"您的角色没有“{capability.label}”的权限。")


def may_edit(actor: Actor, institution: Institution) -> bool:
    """Whether the actor may change an institution they can see.

    Officials of its supervising authority or of one above; the manager of the institution itself.
    """
    if not actor.can(Capability.EDIT_INSTITUTION):
        return False
    if actor.institution:
        return actor.institution.pk == institution.pk
    return institution.authority.region.path.startswith(actor.authority.region.path)


def may_record_pledge(actor: Actor, institution: Institution) -> bool:
    """A pledge (责任书) is recorded by who signs it with the institution: its supervising authority."""
    if actor.authority is None or not actor.can(Capability.EDIT_INSTITUTION):
        return False
    return actor.authority.pk == institution.authority_id


def may_record_drill(actor: Actor, institution: Institution) -> bool:
    """Drills are recorded by the manager of the institution that held them.

    Where nobody there can log in to do so, by its supervising authority: one statement more, for its officials alone.
    """
    if not actor.can(Capability.EDIT_INSTITUTION):
        return False
    if actor.institution:
        return actor.institution.pk == institution.pk
    return actor.authority.pk == institution.authority_id and not _has_keeper(institution)


def _has_keeper(institution: Institution) -> bool:
    """Whether somebody of the institution can keep its record."""
    roles = [role for role in Role if Capability.EDIT_INSTITUTION in role.facts.capabilities]
    return institution.memberships.active().filter(role__in=roles).exists()


def may_see_phones(actor: Actor, institution: Institution) -> bool:
    """Phones of responsible persons are shown whole to the supervising authority and the institution itself."""
    if actor.institution:
        return actor.institution.pk == institution.pk
    return actor.authority.pk == institution.authority_id and actor.can(Capability.EDIT_INSTITUTION)


def is_in_region(actor: Actor, place: Authority | Institution) -> bool:
    """Whether an authority or institution lies in the region of the actor's authority.

    Administrators of civil affairs answer for every department and institution there, others for their own
    department alone.
    """
    region = actor.authority.region
    if isinstance(place, Authority):
        is_ours = actor.authority.department in {Department.CIVIL_AFFAIRS, place.department}
        return is_ours and place.region.path.startswith(region.path)
    if actor.authority.department != Department.CIVIL_AFFAIRS:
        return False
    column = _COLUMN.get(RegionLevel(region.level))
    return column is not None and getattr(place, f"{column}_id") == region.pk


def posts_in_region(actor: Actor) -> Q:
    """Condition on memberships: held at a place that is_in_region()."""
    region = actor.authority.region
    within = Q(authority__region__path__startswith=region.path)
    if actor.authority.department != Department.CIVIL_AFFAIRS:
        return within & Q(authority__department=actor.authority.department)
    if column := _COLUMN.get(RegionLevel(region.level)):
        within |= Q(**{f"institution__{column}": region})
    return within


def users_in_region(actor: Actor):
    """People who hold or held a post in the region of the actor's authority."""
    members = Membership.objects.filter(posts_in_region(actor)).values("user")
    return User.objects.filter(pk__in=members)


def may_manage_account(actor: Actor, user: User) -> bool:
    """Whether the actor may close `user`'s account or reset its password.

    Not one's own, and only when every active post of the person lies in the actor's region: otherwise a county
    could take over the account of somebody above it.
    """
    if user.pk == actor.user.pk:
        return False
    active = Membership.objects.filter(user=user, is_active=True)
    return not active.exclude(pk__in=Membership.objects.filter(posts_in_region(actor))).exists()
