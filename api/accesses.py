"""Asking for, issuing and revoking access by other systems; each act with a trace."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from api import endings
from api.enums import AccessAct, Scope
from api.models import Access, AccessEvent
from api.tokens import SHOWN, digest_of, new_token
from common.http import Conflict
from institutions.actor import Actor
from institutions.enums import Capability, Department, RegionLevel, Role
from institutions.models import Authority, Membership
from notifications import outbox, publishing
from notifications.rules import is_allowed
from notifications.signing import secret_of

LONGEST = timedelta(days=365)
LEVELS = (RegionLevel.PROVINCE, RegionLevel.CITY, RegionLevel.COUNTY)


def require_viewer(actor: Actor) -> None:
    """Raise PermissionDenied unless the actor may look at accesses at all; which ones, `visible_to` says."""
    if not actor.can(Capability.VIEW_ACCESSES):
        raise PermissionDenied("您的角色不能查看数据接入。")


def may_request(actor: Actor) -> bool:
    """System administrators of civil affairs: they know the systems, and see none of the data."""
    return actor.can(Capability.MANAGE_SYSTEM) and actor.authority.department == Department.CIVIL_AFFAIRS


def may_issue(actor: Actor, access: Access) -> bool:
    """Officials of the very authority whose data it is: the token shows them nothing they could not see."""
    return actor.can(Capability.ISSUE_TOKENS) and actor.authority.pk == access.authority_id


def may_revoke(actor: Actor) -> bool:
    """Whoever may ask or issue, for every access they can see: stopping must be easier than starting."""
    return may_request(actor) or actor.can(Capability.ISSUE_TOKENS)


def authorities_to_open(actor: Actor):
    """The authorities whose data the actor may ask to open: civil affairs of their region, down to the counties."""
    region = actor.authority.region
    within = Authority.objects.filter(region__path__startswith=region.path, region__level__in=LEVELS)
    return (
        within.filter(department=Department.CIVIL_AFFAIRS).select_related("region").order_by("region__path")
    )


def end_of_day(day: date) -> datetime:
    """The first moment after a day in Beijing."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


def check_push_url(url: str) -> None:
    """Raise ValidationError unless `url` may be pushed to; empty may."""
    if url and not is_allowed(url, settings.SUBSCRIBER_ORIGINS):
        origins = "、".join(settings.SUBSCRIBER_ORIGINS) or "（未配置）"
        raise ValidationError(
            {"push_url": f"只能填写以下来源的地址：{origins}。其他来源请联系运维人员添加。"}
        )


@transaction.atomic
def request_access(
    *, by: Actor, authority: Authority, name: str, operator: str, purpose: str, scopes: list[str], last_day: date,
    push_url: str = "",
) -> Access:  # fmt: skip
    """登记接入: what another system is to read of `authority`'s data, until when. Nothing is open until it is issued.

    Raises PermissionDenied outside the actor's region, ValidationError for a day that is past or more than a year
    away, or for an address that may not be pushed to.
    """
    if not may_request(by) or not authorities_to_open(by).filter(pk=authority.pk).exists():
        raise PermissionDenied("只有系统管理员可以为本辖区的民政部门登记数据接入。")
    today = timezone.localdate()
    if not today <= last_day <= today + LONGEST:
        raise ValidationError({"last_day": "有效期须在今天到一年以内。"})
    check_push_url(push_url)
    access = Access.objects.create(
        authority=authority, name=name, operator=operator, purpose=purpose, push_url=push_url, requested_by=by.user,
        scopes=[scope for scope in Scope.values if scope in scopes], expires_at=end_of_day(last_day),
    )  # fmt: skip
    what = "、".join(access.scope_labels) + ("，并推送变更" if push_url else "")
    _record(access, by, AccessAct.REQUESTED, f"{operator}：{what}，有效期至 {last_day:%Y-%m-%d}")
    _tell_issuers(access)
    return access


def _tell_issuers(access: Access) -> None:
    able = [role for role in Role if Capability.ISSUE_TOKENS in role.facts.capabilities]
    officials = Membership.objects.active().filter(authority=access.authority_id, role__in=able)
    outbox.notify(
        recipients=sorted(set(officials.values_list("user_id", flat=True))),
        subject=f"数据接入待签发：{access.name}",
        body=f"使用单位：{access.operator}\n用途：{access.purpose}",
        url=reverse("accesses:detail", args=[access.pk]),
        topic=_topic(access),
    )


@dataclass(frozen=True)
class Issued:
    """What is shown once: the token, and where changes are pushed the key and its secret."""

    access: Access
    token: str
    key_id: str = ""
    secret: str = ""


@transaction.atomic
def issue_token(access: Access, *, by: Actor, issue_count: int) -> Issued:
    """签发令牌: from now on this token reads and no earlier one. Dies with the actor's post.

    Raises PermissionDenied for anybody but an official of the authority whose data it is, Conflict when somebody else
    issued or revoked since the page was opened.
    """
    access = _lock(access)
    if not may_issue(by, access) or not Membership.objects.active().filter(pk=by.membership.pk).exists():
        raise PermissionDenied(f"只有{access.authority.name}的监管人员可以签发。")
    if access.issue_count != issue_count or access.revoked_at or access.expires_at <= timezone.now():
        raise Conflict(
            "这个接入刚刚已经签发、吊销或到期，请重新打开页面。",
            back_url=reverse("accesses:detail", args=[access.pk]),
        )
    token = new_token()
    access.digest, access.prefix, access.issue_count = digest_of(token), token[:SHOWN], issue_count + 1
    access.issued_at, access.issued_as = timezone.now(), by.membership
    _replace_subscriber(access)
    access.save(update_fields=["digest", "prefix", "issue_count", "issued_at", "issued_as", "subscriber"])
    _record(
        access, by, AccessAct.ISSUED, f"令牌 {access.prefix}…" + ("，同意推送变更" if access.push_url else "")
    )
    outbox.settle(_topic(access))
    key_id = access.subscriber.key_id if access.subscriber else ""
    return Issued(access, token, key_id, secret_of(key_id) if key_id else "")


def _replace_subscriber(access: Access) -> None:
    """A new key with every new token; what waits for the old one is not sent."""
    if access.subscriber:
        publishing.unsubscribe(access.subscriber)
    access.subscriber = None
    if access.push_url:
        access.subscriber = publishing.subscribe(
            authority=access.authority,
            url=access.push_url,
            vouched_as=access.issued_as,
            expires_at=access.expires_at,
        )


@transaction.atomic
def revoke(access: Access, *, by: Actor) -> None:
    """吊销: at once and for good. Nothing happens when it is so already. Raises PermissionDenied."""
    if not may_revoke(by):
        raise PermissionDenied("您的角色不能吊销数据接入。")
    access = _lock(access)
    if access.revoked_at:
        return
    access.revoked_at, access.revoked_by = timezone.now(), by.user
    access.save(update_fields=["revoked_at", "revoked_by"])
    if access.subscriber:
        publishing.unsubscribe(access.subscriber)
    _record(access, by, AccessAct.REVOKED, f"令牌 {access.prefix}…" if access.prefix else "尚未签发")
    outbox.settle(_topic(access), endings.topic(access.pk))


@transaction.atomic
def try_push(access: Access, *, by: Actor) -> None:
    """Send a test message to the address. Raises PermissionDenied, or ValidationError where nothing can be sent."""
    if not may_revoke(by):
        raise PermissionDenied("您的角色不能发送测试消息。")
    access = _lock(access)
    if access.subscriber is None:
        raise ValidationError("这个接入没有推送，或还没有签发。")
    publishing.try_subscriber(access.subscriber)
    _record(access, by, AccessAct.TRIED, access.subscriber.host)


def _lock(access: Access) -> Access:
    rows = Access.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "authority", "subscriber"
    )
    return rows.get(pk=access.pk)


def _record(access: Access, by: Actor, act: AccessAct, detail: str = "") -> None:
    AccessEvent.objects.create(
        access=access, by=by.user, by_place=by.place_name, act=act, detail=detail[:300]
    )


def _topic(access: Access) -> str:
    return f"access:{access.pk}"
