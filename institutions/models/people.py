"""Users, their posts (memberships) and the trace of who granted what."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property

from common.prepared import Prepared
from institutions.enums import Role

from .institution import Institution
from .region import Authority


class UserObjects(BaseUserManager):
    """Creates users; Django's login finds them by natural key here."""

    def create_user(self, username, password=None, **fields):
        """A saved user with a hashed password (unusable when None)."""
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person who logs in. What they may do comes from their memberships alone."""

    username = models.CharField(
        "登录名", max_length=60, unique=True, validators=[UnicodeUsernameValidator()],
        error_messages={"unique": "这个登录名已经有人使用，请换一个。"},
    )  # fmt: skip
    name = models.CharField("姓名", max_length=30)
    phone = models.CharField("电话", max_length=20, blank=True)
    email = models.EmailField("邮箱", blank=True)
    is_active = models.BooleanField("启用", default=True)
    must_change_password = models.BooleanField("首次登录须改密码", default=True)
    has_large_text = models.BooleanField("大字版", default=False)
    session_epoch = models.PositiveIntegerField("会话批次", default=0)  # raised to end every open session
    created_at = models.DateTimeField("创建时间", auto_now_add=True)

    objects = UserObjects()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = "用户"

    def __str__(self):
        return self.name

    @cached_property
    def posts(self) -> list["Membership"]:
        """The posts held now, oldest first, with their places; of who is logged in they come with the person."""
        return Membership.objects.held_by(self.pk)


class MembershipQuerySet(models.QuerySet):
    def active(self):
        return self.filter(is_active=True, user__is_active=True)

    def held_by(self, user_id: int) -> list["Membership"]:
        """A person's posts now, oldest first, with their places, whatever was filtered before. One statement."""
        return _HELD_BY.rows(user_id)

    def with_places(self):
        return self.select_related(
            "user", "authority__region", "institution__authority", "institution__county", "institution__city"
        )


class Membership(models.Model):
    """One post: a user in a role at an authority or an institution (exactly one of the two)."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships", verbose_name="用户")
    role = models.CharField("角色", max_length=20, choices=Role)
    authority = models.ForeignKey(
        Authority,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="memberships",
        verbose_name="部门",
    )
    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, null=True, blank=True, related_name="memberships",
        verbose_name="机构",
    )  # fmt: skip
    is_leader = models.BooleanField("分管或主要负责人", default=False)
    is_active = models.BooleanField("有效", default=True)
    created_at = models.DateTimeField("授予时间", auto_now_add=True)
    # Like User.has_large_text, how somebody likes to look: read with the post, so that a page asks for nothing more.
    ledger_columns = ArrayField(
        models.CharField(max_length=20), verbose_name="台账的列", default=list, blank=True
    )

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = "任职"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="membership_at_one_place",
                condition=Q(
                    role__in=[r for r in Role if r.facts.is_held_at_institution],
                    authority=None,
                    institution__isnull=False,
                )
                | Q(
                    role__in=[r for r in Role if not r.facts.is_held_at_institution],
                    authority__isnull=False,
                    institution=None,
                ),
            ),
            models.UniqueConstraint(
                fields=["user", "role", "authority"],
                condition=Q(is_active=True, authority__isnull=False),
                name="membership_once_at_authority",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "institution"],
                condition=Q(is_active=True, institution__isnull=False),
                name="membership_once_at_institution",
            ),
        ]

    def __str__(self):
        return f"{self.place} · {self.get_role_display()}"

    @property
    def place(self) -> Authority | Institution:
        return self.authority if self.authority_id else self.institution


# Every page begins with it, and eight joins take longer to write down than to read.
_HELD_BY = Prepared(
    lambda user_id: Membership.objects.active().with_places().filter(user_id=user_id).order_by("id")
)


class MembershipEvent(models.Model):
    """Append-only trace of grants, revocations and account changes (who gave whom which power)."""

    append_only = True

    at = models.DateTimeField("时间", auto_now_add=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="操作人")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="对象")
    act = models.CharField("事项", max_length=40)
    detail = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = "授权记录"
        ordering = ["-id"]

    def __str__(self):
        return self.act
