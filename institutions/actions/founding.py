"""The first steps on one's own servers: civil-affairs authorities for the regions, and the first administrator."""

from django.core.exceptions import ValidationError
from django.db import transaction

from institutions.actions import accounts
from institutions.enums import Department, RegionLevel, Role
from institutions.models import Authority, Membership, Region, User

_OFFICE = {RegionLevel.PROVINCE: "民政厅", RegionLevel.TOWNSHIP: "社会事务办"}


def office_name(region: Region) -> str:
    """The usual name of a region's civil-affairs authority: 民政厅, 民政局, in a township 社会事务办."""
    return region.name + _OFFICE.get(RegionLevel(region.level), "民政局")


def open_civil_affairs() -> int:
    """Make the civil-affairs authority of every region above village level that has none; how many were made."""
    without = Region.objects.exclude(level=RegionLevel.VILLAGE).exclude(
        authorities__department=Department.CIVIL_AFFAIRS
    )
    made = Authority.objects.bulk_create(
        Authority(region=region, department=Department.CIVIL_AFFAIRS, name=office_name(region))
        for region in without
    )
    return len(made)


@transaction.atomic
def appoint_first_administrator(*, region: Region, username: str, name: str) -> str:
    """Make the security administrator of a region, who then grants every other role. Returns the first password.

    Raises ValidationError when the region has a security administrator already (who can add more), has no
    civil-affairs authority, or the login name is in use.
    """
    authority = Authority.objects.filter(region=region, department=Department.CIVIL_AFFAIRS).first()
    if authority is None:
        raise ValidationError(f"{region.name}还没有民政部门，请先执行 open_authorities。")
    if Membership.objects.active().filter(role=Role.SECURITY_ADMIN, authority=authority).exists():
        raise ValidationError(f"{authority.name}已有安全管理员，请由其在“成员管理”中办理。")
    if User.objects.filter(username=username).exists():
        raise ValidationError("这个登录名已经有人使用，请换一个。")
    password = accounts.new_password()
    user = User.objects.create_user(username, password, name=name)
    Membership.objects.create(user=user, role=Role.SECURITY_ADMIN, authority=authority)
    accounts.record(user, by=user, act="设立首任安全管理员", detail=f"{username} {name} {authority.name}")
    return password
