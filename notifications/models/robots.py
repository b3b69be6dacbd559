"""Group robots: where an authority's group chats are reached, and the trace of who set them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from institutions.models import Authority, User
from notifications.enums import RobotAct, RobotKind
from notifications.rules import origin_of


class RobotWebhook(models.Model):
    """One robot in one group chat of an authority.

    The address carries the key to speak, so it is as secret as `secret`: neither is ever shown again.
    """

    authority = models.ForeignKey(
        Authority, on_delete=models.PROTECT, related_name="robots", verbose_name="部门"
    )
    kind = models.CharField("种类", max_length=10, choices=RobotKind)
    name = models.CharField("群名称", max_length=40)
    url = models.CharField("Webhook 地址", max_length=500)
    secret = models.CharField("加签密钥", max_length=200, blank=True)
    has_markdown = models.BooleanField("用 Markdown 排版", default=True)
    is_active = models.BooleanField("启用", default=True)
    created_at = models.DateTimeField("创建时间", auto_now_add=True)
    # When the last messages were claimed, newest first: the platform takes so many a minute, however many
    # deliverers there are.
    recent = ArrayField(models.DateTimeField(), verbose_name="最近发送", default=list, blank=True)
    rests_until = models.DateTimeField("暂停至", null=True, blank=True)
    failed_at = models.DateTimeField("失效时间", null=True, blank=True)
    last_error = models.CharField("失效原因", max_length=300, blank=True)

    class Meta:
        verbose_name = "群机器人"
        ordering = ["authority__region__path", "id"]
        constraints = [
            models.CheckConstraint(name="robot_kind_known", condition=Q(kind__in=RobotKind.values)),
            models.CheckConstraint(name="robot_has_address", condition=~Q(url="")),
        ]

    def __str__(self):
        return f"{self.authority} {self.name}"

    @property
    def host(self) -> str:
        """What of the address may be shown."""
        return (origin_of(self.url) or "").partition("://")[2]


class RobotEvent(models.Model):
    """Append-only trace of who did what to a robot; never with its address or secret."""

    append_only = True

    robot = models.ForeignKey(
        RobotWebhook, on_delete=models.PROTECT, related_name="events", verbose_name="群机器人"
    )
    at = models.DateTimeField("时间", auto_now_add=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="操作人")
    act = models.CharField("事项", max_length=20, choices=RobotAct)
    detail = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = "群机器人记录"
        ordering = ["-id"]

    def __str__(self):
        return self.get_act_display()
