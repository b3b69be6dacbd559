"""Clocks, what was recorded of them, and what waits for the day's digest."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clocks import words
from clocks.enums import Audience, ClockKind, LadderKey, Outcome, RungKind, Unit
from common.constraints import known
from institutions.models import Authority, Institution, Region
from notifications.rules import SITE_PATH

# What naming a clock's place and its audiences takes, for select_related.
PLACE = (
    "institution__authority",
    "institution__county",
    "institution__city",
    "institution__province",
    "authority__region__parent__parent",
)


class ClockQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """The clocks `actor` may know of: of institutions within their scope, of their own authority and those below."""
        if actor is None or not actor.may_view_hazards or actor.scope.column is None:
            return self.none()
        owed = Q(**{f"institution__{c}": value for c, value in actor.scope.institution_filter.items()})
        if actor.authority:
            owed |= Q(authority__region__path__startswith=actor.authority.region.path)
        return self.filter(owed)

    def with_place(self):
        """With everything that naming its place and its audiences takes."""
        return self.select_related(*PLACE)

    def running(self):
        return self.filter(ended_at=None)


class Clock(models.Model):
    """Something owed by a date. What is to happen on which day follows from the ladder in force, never from here.

    `next_look_on` is the first day on which there may be something to do; None: nothing more will come.
    Owed by an institution, or by an authority: feedback on a circular, the decision on an extension.
    `started_on` is the day of the act that set the deadline and told everybody: only rungs after it are owed.
    """

    kind = models.CharField("种类", max_length=20, choices=ClockKind)
    subject_id = models.BigIntegerField("事项编号")
    institution = models.ForeignKey(
        Institution,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="clocks",
        verbose_name="机构",
    )
    authority = models.ForeignKey(
        Authority, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="部门"
    )
    ladder_key = models.CharField("阶梯", max_length=20, choices=LadderKey)
    due_on = models.DateField("期限")
    started_on = models.DateField("起算日")
    title = models.CharField("事项", max_length=200)
    url = models.CharField("站内地址", max_length=200)
    is_major = models.BooleanField("重大", default=False)
    next_look_on = models.DateField("下次查看", null=True, blank=True)
    ended_at = models.DateTimeField("停止时间", null=True, blank=True)

    objects = ClockQuerySet.as_manager()

    class Meta:
        verbose_name = "期限"
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject_id"], name="clock_one_per_matter"),
            models.CheckConstraint(
                name="clock_owed_by_one",
                condition=Q(institution=None, authority__isnull=False)
                | Q(institution__isnull=False, authority=None),
            ),
            known("clock", "kind", ClockKind),
            known("clock", "ladder_key", LadderKey),
            models.CheckConstraint(
                name="clock_ended_is_not_looked_at", condition=Q(ended_at=None) | Q(next_look_on=None)
            ),
            models.CheckConstraint(name="clock_url_within_site", condition=Q(url__regex=SITE_PATH)),
        ]
        indexes = [
            models.Index(
                fields=["next_look_on", "id"], condition=Q(next_look_on__isnull=False), name="clock_next_look"
            ),
            models.Index(
                fields=["ladder_key", "due_on"], condition=Q(ended_at=None), name="clock_running_by_ladder"
            ),
            models.Index(fields=["due_on"], condition=Q(ended_at=None), name="clock_running_due"),
        ]

    def __str__(self):
        return f"{self.title} {self.due_on}"

    @property
    def place(self) -> Institution | Authority:
        """Who owes it."""
        return self.institution or self.authority

    @property
    def place_region(self) -> Region:
        """Where that is: the institution's county, or the authority's region."""
        return self.institution.county if self.institution else self.authority.region

    @property
    def office(self) -> Authority:
        """The authority a 县级 rung means: that which supervises the institution, or the one that owes it itself."""
        return self.institution.authority if self.institution else self.authority

    @property
    def regions_above(self) -> tuple[Region, Region]:
        """Whom a 市级 and a 省级 rung mean, by place. The city's own matters go on to the province."""
        if self.institution:
            city, province = self.institution.city, self.institution.province
            return (province if city.pk == self.office.region_id else city), province
        own = self.authority.region
        city = own.parent or own
        return city, city.parent or city

    @property
    def topic(self) -> str:
        """The key under which everything told of this clock is settled."""
        return topic_of(self.pk)


def topic_of(clock_id: int) -> str:
    return f"clock:{clock_id}"


class Reminder(models.Model):
    """A rung of a clock whose day has come: a fact, recorded once for each due date, whatever became of it."""

    append_only = True

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="reminders")
    rung_code = models.CharField("级", max_length=40)
    due_on = models.DateField("所据期限")
    rung_on = models.DateField("应提醒日")
    offset_days = models.SmallIntegerField("天数")
    unit = models.CharField("单位", max_length=10, choices=Unit)
    audience = models.CharField("对象", max_length=20, choices=Audience)
    kind = models.CharField("方式", max_length=10, choices=RungKind)
    outcome = models.CharField("结果", max_length=10, choices=Outcome)
    is_late = models.BooleanField("补发")
    by_mail = models.BooleanField("同时发邮件", default=True)
    by_sms = models.BooleanField("同时发短信", default=False)
    recorded_at = models.DateTimeField("记录时间", db_default=Now())

    class Meta:
        verbose_name = "提醒"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["clock", "rung_code", "due_on"], name="reminder_once_per_rung_and_date"
            ),
            known("reminder", "audience", Audience),
            known("reminder", "kind", RungKind),
            known("reminder", "outcome", Outcome),
        ]

    def __str__(self):
        return f"{self.when} {self.get_kind_display()}"

    @property
    def when(self) -> str:
        return words.offset_words(self.offset_days, self.unit)


class PendingLine(models.Model):
    """A reminder that has yet to stand in a digest. Gone once it does, or once its clock stops or moves."""

    reminder = models.OneToOneField(Reminder, on_delete=models.PROTECT, primary_key=True, related_name="+")
    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "待汇总提醒"

    def __str__(self):
        return str(self.reminder_id)
