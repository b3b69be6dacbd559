"""督导组: who goes, and where. Kept by those who run the campaign, in the campaign's trace."""

from collections.abc import Collection

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from inspections import progress
from inspections.actions.campaigns import lock, record
from inspections.enums import CampaignAct
from inspections.models import Campaign, InspectionTeam
from inspections.people import inspectors_in
from institutions.actor import Actor
from institutions.models import Institution, User


@transaction.atomic
def create(campaign: Campaign, *, by: Actor, name: str, leader: User) -> InspectionTeam:
    """A team of the campaign. Raises PermissionDenied, ValidationError for a leader without an official post here."""
    campaign = lock(campaign, by)
    _check_people([leader], by, "leader")
    team = InspectionTeam.objects.create(
        campaign=campaign, authority=by.authority, name=name.strip(), leader=leader
    )
    record(campaign, by, CampaignAct.TEAM, f"成立{_said(team)}", {"team": team.pk})
    return team


@transaction.atomic
def edit(team: InspectionTeam, *, by: Actor, name: str, leader: User) -> InspectionTeam:
    """Another name or leader. A new leader is no longer listed among the members."""
    team = _lock(team, by)
    if leader.pk != team.leader_id:
        _check_people([leader], by, "leader")
    before, old = (team.name, team.leader_id), _said(team)
    team.name, team.leader = name.strip(), leader
    if before != (team.name, team.leader_id):
        team.save(update_fields=["name", "leader"])
        team.members.remove(leader)
        record(team.campaign, by, CampaignAct.TEAM, f"{old} → {_said(team)}", {"team": team.pk})
    return team


@transaction.atomic
def change_members(
    team: InspectionTeam, *, by: Actor, add: Collection[User] = (), remove: Collection[User] = ()
) -> InspectionTeam:
    """Add and take away members; the leader is not one. Raises ValidationError for somebody without a post here."""
    team = _lock(team, by)
    held = set(team.members.values_list("pk", flat=True))
    new = [user for user in add if user.pk not in held and user.pk != team.leader_id]
    gone = [user for user in remove if user.pk in held]
    _check_people(new, by, "add")
    team.members.add(*new)
    team.members.remove(*gone)
    _record_change(team, by, "组员", [u.name for u in new], [u.name for u in gone])
    return team


@transaction.atomic
def change_institutions(
    team: InspectionTeam,
    *,
    by: Actor,
    add: Collection[Institution] = (),
    remove: Collection[Institution] = (),
) -> InspectionTeam:
    """Add and take away institutions to visit. Raises ValidationError for one outside the campaign's scope."""
    team = _lock(team, by)
    held = set(team.institutions.values_list("pk", flat=True))
    new = [institution for institution in add if institution.pk not in held]
    gone = [institution for institution in remove if institution.pk in held]
    allowed = progress.reached(team.campaign, by).in_use().filter(pk__in=[i.pk for i in new])
    if allowed.count() != len({i.pk for i in new}):
        raise ValidationError({"add": "所选机构有的不在这次行动的范围内，请重新选择。"})
    team.institutions.add(*new)
    team.institutions.remove(*gone)
    _record_change(team, by, "被检查机构", [i.name for i in new], [i.name for i in gone])
    return team


def _lock(team: InspectionTeam, by: Actor) -> InspectionTeam:
    if team.campaign_id is None:
        raise PermissionDenied("这个督导组不属于任何行动。")
    campaign = lock(team.campaign, by)
    row = InspectionTeam.objects.select_for_update(no_key=True, of=("self",)).select_related("leader")
    team = row.get(pk=team.pk)
    team.campaign = campaign
    return team


def _said(team: InspectionTeam) -> str:
    return f"{team.name}，组长{team.leader.name}"


def _check_people(users: Collection[User], by: Actor, field: str) -> None:
    allowed = inspectors_in(by).filter(pk__in=[user.pk for user in users])
    if allowed.count() != len({user.pk for user in users}):
        raise ValidationError({field: "只能选择本辖区内有检查职责的民政工作人员。"})


def _record_change(team: InspectionTeam, by: Actor, what: str, new: list[str], gone: list[str]) -> None:
    said = [f"{verb}{what}{'、'.join(names)}" for verb, names in (("增加", new), ("减少", gone)) if names]
    if said:
        data = {"team": team.pk, "added": new, "removed": gone}
        record(team.campaign, by, CampaignAct.TEAM, f"{team.name}：{'；'.join(said)}", data)
