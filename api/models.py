"""Access by other systems (数据接入): whose data, what of it, who let them, until when."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from api.enums import AccessAct, Scope
from institutions.enums import Capability, Department
from institutions.models import Authority, Membership
from notifications.models import Subscriber

ENDS_SOON_DAYS = 14  # from when on pages and notices say so


class AccessQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """Those of the authorities in the region of the actor's own, for whoever may look at accesses at all."""
        if actor is None or not actor.can(Capability.VIEW_ACCESSES):
            return self.none()
        if actor.authority.department != Department.CIVIL_AFFAIRS:
            return self.none()
        return self.filter(authority__region__path__startswith=actor.authority.region.path)

    def in_force(self, now: datetime):
        """Those whose token opens something now."""
        return self.filter(
            revoked_at=None,
            expires_at__gt=now,
            issued_as__is_active=True,
            issued_as__user__is_active=True,
        )


class Access(models.Model):
    """One other system that may read what one authority sees, and nothing else.

    The system administrator asks for it and never sees the token; an official of that very authority issues it, and it
    lives no longer than that post. Of the token only a hash is kept. Nothing of what was agreed is ever changed: for
    another purpose or scope there is another access.
    """

    authority = models.ForeignKey(
        Authority, on_delete=models.PROTECT, related_name="accesses", verbose_name="数据所属部门"
    )
    name = models.CharField("系统名称", max_length=40)
    operator = models.CharField("使用单位", max_length=60)
    purpose = models.CharField("用途", max_length=200)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope), verbose_name="可读内容")
    push_url = models.CharField("推送地址", max_length=500, blank=True)
    expires_at = models.DateTimeField("到期时间")  # the first moment it is not valid any more
    requested_at = models.DateTimeField("登记时间", auto_now_add=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="登记人"
    )

    # The token in force; another one replaces it at once.
    digest = models.CharField("令牌摘要", max_length=64, blank=True)
    prefix = models.CharField("令牌开头", max_length=12, blank=True)
    issued_at = models.DateTimeField("签发时间", null=True, blank=True)
    issued_as = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="签发岗位"
    )
    issue_count = models.PositiveSmallIntegerField("签发次数", default=0)
    subscriber = models.OneToOneField(
        Subscriber,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="access",
        verbose_name="推送",
    )
    revoked_at = models.DateTimeField("吊销时间", null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="吊销人",
    )

    # Of how many days before its end people were told last (api.endings).
    told_days = models.PositiveSmallIntegerField("到期提醒", null=True, blank=True)

    # Written by every request (api.admission).
    last_used_at = models.DateTimeField("最近使用", null=True, blank=True)
    busy_until = models.DateTimeField("额度用到", null=True, blank=True)

    objects = AccessQuerySet.as_manager()

    class Meta:
        verbose_name = "数据接入"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["digest"], condition=~Q(digest=""), name="access_digest_once"),
            models.CheckConstraint(
                name="access_issued_whole",
                condition=Q(issued_at=None, issued_as=None, digest="", prefix="")
                | Q(issued_at__isnull=False, issued_as__isnull=False) & ~Q(digest="") & ~Q(prefix=""),
            ),
            models.CheckConstraint(
                name="access_revoked_pair",
                condition=Q(revoked_at=None, revoked_by=None)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
            ),
            models.CheckConstraint(name="access_reads_something", condition=~Q(scopes=[])),
            models.CheckConstraint(
                name="access_of_a_year_at_most",
                condition=Q(expires_at__lte=F("requested_at") + timedelta(days=367)),
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def scope_labels(self) -> list[str]:
        return [Scope(scope).label for scope in self.scopes]

    @property
    def last_day(self) -> date:
        """The last day it is valid."""
        return timezone.localdate(self.expires_at) - timedelta(days=1)

    def days_left(self, today: date) -> int:
        """Days until the last day on which it is valid; 0 on that day, negative after it."""
        return (self.last_day - today).days

    def state(self, now: datetime) -> tuple[str, str]:
        """How it stands in a word, with the tone of its tag. Needs `issued_as` and its user."""
        if self.revoked_at:
            return "已吊销", "grey"
        if self.expires_at <= now:
            return "已到期", "grey"
        if self.issued_as is None:
            return "待签发", "amber"
        if not (self.issued_as.is_active and self.issued_as.user.is_active):
            return "签发人已离岗，须重新签发", "red"
        days = self.days_left(timezone.localdate(now))
        if days > ENDS_SOON_DAYS:
            return "有效", "green"
        return (f"{days} 天后到期" if days else "今天到期"), "amber"


class AccessEvent(models.Model):
    """Append-only trace of who asked for, issued and revoked what; never with a token."""

    append_only = True

    access = models.ForeignKey(
        Access, on_delete=models.PROTECT, related_name="events", verbose_name="数据接入"
    )
    at = models.DateTimeField("时间", auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="操作人"
    )
    by_place = models.CharField("单位", max_length=80)
    act = models.CharField("事项", max_length=20, choices=AccessAct)
    detail = models.CharField("说明", max_length=300, blank=True)

    class Meta:
        verbose_name = "数据接入记录"
        ordering = ["-id"]

    def __str__(self):
        return self.get_act_display()
