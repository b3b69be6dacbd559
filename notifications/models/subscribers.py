"""Other systems that are told when a hazard changes (变更推送), and what they are told."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from institutions.models import Authority, Membership
from notifications.rules import origin_of


class SubscriberQuerySet(models.QuerySet):
    def listening(self):
        """Those that are told: switched on, not run out, and whoever vouched for them still holds that post."""
        return self.filter(
            is_active=True,
            expires_at__gt=Now(),
            vouched_as__is_active=True,
            vouched_as__user__is_active=True,
        )


class Subscriber(models.Model):
    """One address of another system. It hears of the hazards in the region of `authority`, and of no others.

    There is no secret in the row: it is derived from `key_id` (notifications.signing). A subscriber is never changed
    but switched off; `vouched_as` is the post of who decided that it may hear, and it goes silent with that post.
    """

    authority = models.ForeignKey(
        Authority, on_delete=models.PROTECT, related_name="subscribers", verbose_name="数据所属部门"
    )
    url = models.CharField("推送地址", max_length=500)
    key_id = models.CharField("密钥编号", max_length=20, unique=True)
    vouched_as = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", verbose_name="签发岗位"
    )
    expires_at = models.DateTimeField("到期时间")
    is_active = models.BooleanField("启用", default=True)
    created_at = models.DateTimeField("创建时间", auto_now_add=True)
    rests_until = models.DateTimeField("暂停至", null=True, blank=True)
    failed_at = models.DateTimeField("失效时间", null=True, blank=True)
    last_error = models.CharField("失效原因", max_length=300, blank=True)

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        verbose_name = "变更推送地址"
        ordering = ["id"]
        constraints = [models.CheckConstraint(name="subscriber_has_address", condition=~Q(url=""))]

    def __str__(self):
        return f"{self.authority} {self.host}"

    @property
    def host(self) -> str:
        """What of the address is shown in lists and written into traces."""
        return (origin_of(self.url) or "").partition("://")[2]


class Dispatch(models.Model):
    """What the subscribers of a place are told of one act: ids, codes and times, never a word that anybody typed.

    `publishing.publish` is the only writer, and `publishing.try_subscriber`.
    """

    payload = models.JSONField("内容")
    created_at = models.DateTimeField("时间", db_default=Now())

    class Meta:
        verbose_name = "变更消息"
        ordering = ["id"]

    def __str__(self):
        return str(self.payload.get("event", ""))
