"""Group robots: set by the administrators of a place, each change with a trace; tried by a real message."""

import uuid

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models.functions import Now

from institutions.actor import Actor
from institutions.enums import Capability, Department
from institutions.models import Authority
from institutions.permissions import is_in_region
from notifications.enums import RobotAct, RobotKind
from notifications.models import PENDING, Bulletin, Delivery, RobotEvent, RobotWebhook
from notifications.rules import is_allowed
from notifications.waking import wake_after_commit

# What each platform puts into the address it gives out: pasted half, or from elsewhere, it is noticed at once.
_KEY_IN_ADDRESS = {RobotKind.WECOM: "key=", RobotKind.DINGTALK: "access_token="}


class Heading(models.TextChoices):
    TRIAL = "trial", "测试消息，收到即表示可用"


def may_set_robots(actor: Actor) -> bool:
    """Security and system administrators; of which places, robots_in_region says."""
    return actor.can(Capability.GRANT_ROLES) or actor.can(Capability.MANAGE_SYSTEM)


def require_setter(actor: Actor) -> None:
    """Raise PermissionDenied unless the actor may set robots at all."""
    if not may_set_robots(actor):
        raise PermissionDenied("只有系统管理员和安全管理员可以设置群机器人。")


def authorities_in_region(actor: Actor):
    """The authorities whose robots the actor sets: their own and those below, as is_in_region says of each."""
    region, department = actor.authority.region, actor.authority.department
    within = Authority.objects.filter(region__path__startswith=region.path).select_related("region")
    return within if department == Department.CIVIL_AFFAIRS else within.filter(department=department)


def robots_in_region(actor: Actor):
    """The robots the actor may see and set."""
    return RobotWebhook.objects.filter(authority__in=authorities_in_region(actor)).select_related(
        "authority__region"
    )


def check_address(kind: str, url: str) -> None:
    """Raise ValidationError unless `url` is an address of this kind of robot at an allowed origin."""
    if not is_allowed(url, settings.WEBHOOK_ORIGINS):
        origins = "、".join(settings.WEBHOOK_ORIGINS) or "（未配置）"
        raise ValidationError({"url": f"只能填写以下来源的地址：{origins}。其他来源请联系运维人员添加。"})
    if _KEY_IN_ADDRESS[RobotKind(kind)] not in url.partition("?")[2]:
        raise ValidationError(
            {
                "url": f"这不是{RobotKind(kind).label}机器人的完整地址：缺少“{_KEY_IN_ADDRESS[RobotKind(kind)]}”。"
            }
        )


def _require_place(by: Actor, authority: Authority) -> None:
    require_setter(by)
    if not is_in_region(by, authority):
        raise PermissionDenied("只能设置自己辖区内部门的群机器人。")


def _locked(robot: RobotWebhook, by: Actor) -> RobotWebhook:
    _require_place(by, robot.authority)
    return RobotWebhook.objects.select_for_update(no_key=True).get(pk=robot.pk)


def _record(robot: RobotWebhook, by: Actor, act: RobotAct, detail: str = "") -> None:
    RobotEvent.objects.create(robot=robot, by=by.user, act=act, detail=detail[:200])


@transaction.atomic
def add_robot(
    *, by: Actor, authority: Authority, kind: str, name: str, url: str, secret: str, has_markdown: bool
) -> RobotWebhook:
    """A new robot of an authority.

    Raises PermissionDenied outside the actor's region, ValidationError for an address that is not allowed.
    """
    _require_place(by, authority)
    check_address(kind, url)
    robot = RobotWebhook.objects.create(
        authority=authority, kind=kind, name=name, url=url, secret=secret, has_markdown=has_markdown
    )
    _record(robot, by, RobotAct.ADDED, f"{robot.get_kind_display()} {robot.host}")
    return robot


@transaction.atomic
def edit_robot(
    robot: RobotWebhook, *, by: Actor, name: str, url: str = "", secret: str = "", has_markdown: bool
) -> None:
    """Change a robot; an empty `url` or `secret` keeps the present one. A new address or secret ends a failure.

    Raises PermissionDenied outside the actor's region, ValidationError for an address that is not allowed.
    """
    robot = _locked(robot, by)
    changed = [words for words, new in (("地址", url), ("密钥", secret)) if new]
    if url:
        check_address(robot.kind, url)
    robot.name, robot.has_markdown = name, has_markdown
    robot.url, robot.secret = url or robot.url, secret or robot.secret
    if changed:
        robot.failed_at, robot.last_error, robot.rests_until = None, "", None
    robot.save(
        update_fields=["name", "has_markdown", "url", "secret", "failed_at", "last_error", "rests_until"]
    )
    _record(robot, by, RobotAct.EDITED, f"{'、'.join(['名称和排版', *changed])}（{robot.host}）")


@transaction.atomic
def switch_robot(robot: RobotWebhook, *, by: Actor, is_on: bool) -> None:
    """Use a robot, or no more; what waits for it is not sent then. Nothing happens when it is so already."""
    robot = _locked(robot, by)
    if robot.is_active == is_on:
        return
    robot.is_active = is_on
    robot.save(update_fields=["is_active"])
    if not is_on:
        waiting = Delivery.objects.filter(PENDING, robot=robot).order_by("pk").select_for_update(no_key=True)
        Delivery.objects.filter(pk__in=waiting.values("pk")).update(dropped_at=Now(), leased_until=None)
    _record(robot, by, RobotAct.SWITCHED_ON if is_on else RobotAct.SWITCHED_OFF)


@transaction.atomic
def try_robot(robot: RobotWebhook, *, by: Actor) -> None:
    """Have the robot say a test message, the way all messages go; success ends a failure.

    Raises ValidationError while it is switched off, or while one is still on its way.
    """
    robot = _locked(robot, by)
    if not robot.is_active:
        raise ValidationError("这个机器人已停用，请先启用。")
    if Delivery.objects.filter(PENDING, robot=robot, bulletin__topic=_trial_topic(robot)).exists():
        raise ValidationError("上一条测试消息还没有发出，请稍等。")
    robot.rests_until = None
    robot.save(update_fields=["rests_until"])
    bulletin = Bulletin.objects.create(
        authority=robot.authority, topic=_trial_topic(robot), heading=Heading.TRIAL.label, url="/"
    )
    Delivery.objects.create(
        bulletin=bulletin, robot=robot, channel=robot.kind, address=f"robot:{robot.pk}",
        key=uuid.uuid4(), due_at=Now(),
    )  # fmt: skip
    _record(robot, by, RobotAct.TRIED)
    wake_after_commit()


def _trial_topic(robot: RobotWebhook) -> str:
    return f"robot:{robot.pk}"


def last_message(robot: RobotWebhook) -> Delivery | None:
    """The robot's latest message, by which its page says how it stands."""
    return robot.deliveries.order_by("-pk").first()
