"""Posts: given and taken by a security administrator within their region. Every change leaves a trace."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from institutions.actions import accounts
from institutions.actor import Actor
from institutions.enums import Capability, Department, RegionLevel, Role
from institutions.models import Authority, Institution, Membership, User
from institutions.permissions import is_in_region, require

# 三员分立: somebody who holds one of these holds nothing else.
SEPARATED = frozenset({Role.AUDITOR, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN})


def check_post(role: Role, place: Authority | Institution) -> None:
    """Raise ValidationError unless `role` can be held at `place` (kind of place, level, department)."""
    facts = role.facts
    if facts.is_held_at_institution != isinstance(place, Institution):
        where = "机构" if facts.is_held_at_institution else "监管部门"
        raise ValidationError(f"“{role.label}”只能在{where}任职。")
    if isinstance(place, Authority) and RegionLevel(place.region.level) not in facts.levels:
        levels = "、".join(level.label for level in RegionLevel if level in facts.levels)
        raise ValidationError(
            f"“{role.label}”只能在{levels}部门任职，“{place.name}”是{place.level.label}部门。"
        )
    if facts.is_of_other_department and place.department == Department.CIVIL_AFFAIRS:
        raise ValidationError(f"“{role.label}”只能在民政以外的部门任职。")


@transaction.atomic
def add_user(
    *, by: Actor, username: str, name: str, role: Role, place: Authority | Institution,
    phone: str = "", email: str = "", is_leader: bool = False,
) -> tuple[User, str]:  # fmt: skip
    """Make an account with its first post. Returns the user and the first password, which is kept nowhere.

    Raises PermissionDenied for a place outside the actor's region, ValidationError for a role that does not fit
    the place or a login name in use.
    """
    require(by, Capability.GRANT_ROLES)
    if User.objects.filter(username=username).exists():
        raise ValidationError({"username": "这个登录名已经有人使用，请换一个。"})
    password = accounts.new_password()
    user = User.objects.create_user(username, password, name=name, phone=phone, email=email)
    accounts.record(user, by=by.user, act="新建账号", detail=f"{username} {name}")
    grant(user, by=by, role=role, place=place, is_leader=is_leader)
    return user, password


@transaction.atomic
def grant(
    user: User, *, by: Actor, role: Role, place: Authority | Institution, is_leader: bool = False
) -> Membership:
    """Give `user` a post. Ends their sessions. Returns the membership; one already held is returned as it is,
    but for `is_leader`: whether the person leads there (分管或主要负责人) and hears what is escalated.

    Raises PermissionDenied for oneself and outside the actor's region, ValidationError for a role that does not
    fit the place or that may not be held beside the user's others (三员分立; 企业 and 监管 are different parties).
    """
    require(by, Capability.GRANT_ROLES)
    if user.pk == by.user.pk:
        raise PermissionDenied("不能给自己授予角色。")
    if not is_in_region(by, place):
        raise PermissionDenied("只能在自己的辖区内授予角色。")
    user = accounts.locked(user)
    check_post(role, place)
    held = {Role(m.role) for m in user.memberships.filter(is_active=True)}
    if others := sorted(r.label for r in held - {role} if role in SEPARATED or r in SEPARATED):
        raise ValidationError(
            f"三员分立：“{role.label}”不能与“{'、'.join(others)}”由同一人担任，请先收回或另选一人。"
        )
    if {r.facts.is_held_at_institution for r in {*held, role}} == {True, False}:
        raise ValidationError(
            "企业整改、县级验收、市级销号须是三方：机构人员不能同时在监管部门任职，请先收回或另选一人。"
        )
    where = {"institution": place} if isinstance(place, Institution) else {"authority": place}
    membership, is_new = Membership.objects.get_or_create(user=user, role=role, is_active=True, **where)
    if membership.is_leader != is_leader:
        membership.is_leader = is_leader
        membership.save(update_fields=["is_leader"])
        if not is_new:
            act = "设为分管负责人" if is_leader else "不再是分管负责人"
            accounts.record(user, by=by.user, act=act, detail=str(membership))
    if is_new:
        accounts.end_sessions(user)
        accounts.record(user, by=by.user, act="授予角色", detail=str(membership))
    return membership


@transaction.atomic
def revoke(membership: Membership, *, by: Actor) -> None:
    """Take a post away and end the person's sessions. Nothing happens when it was taken already.

    Raises PermissionDenied for one's own posts and outside the actor's region.
    """
    require(by, Capability.GRANT_ROLES)
    if membership.user_id == by.user.pk:
        raise PermissionDenied("不能收回自己的角色，请由上级安全管理员办理。")
    if not is_in_region(by, membership.place):
        raise PermissionDenied("只能收回自己辖区内的角色。")
    user = accounts.locked(membership.user)
    if Membership.objects.filter(pk=membership.pk, is_active=True).update(is_active=False):
        accounts.end_sessions(user)
        accounts.record(user, by=by.user, act="收回角色", detail=str(membership))
