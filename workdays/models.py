"""Every date of every maintained year, numbered by workdays; and who changed which day."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from workdays.enums import DayKind, YearOrigin
from workdays.rules import FIRST_YEAR, LAST_YEAR, Mark, why

_WEEKDAYS, _WEEKEND = Q(date__iso_week_day__lt=6), Q(date__iso_week_day__gte=6)


class CalendarYear(models.Model):
    """A maintained year: all its days are there. Years follow each other without a gap (a trigger sees to both)."""

    year = models.PositiveSmallIntegerField("年份", primary_key=True)
    origin = models.CharField("来历", max_length=10, choices=YearOrigin)
    source = models.CharField("依据", max_length=120, help_text="放假通知的文号，或随程序载入的数据")
    version = models.PositiveIntegerField("版本", default=1)  # grows with every change of one of its days
    changed_at = models.DateTimeField("修改时间", null=True, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        verbose_name="修改人",
    )  # fmt: skip

    class Meta:
        verbose_name = "日历年份"
        ordering = ["year"]
        constraints = [
            models.CheckConstraint(
                name="calendar_year_in_range", condition=Q(year__range=(FIRST_YEAR, LAST_YEAR))
            ),
            models.CheckConstraint(
                name="calendar_year_origin_known", condition=Q(origin__in=YearOrigin.values)
            ),
            models.CheckConstraint(name="calendar_year_has_source", condition=~Q(source="")),
            models.CheckConstraint(
                name="calendar_year_changed_pair",
                condition=Q(changed_at=None, changed_by=None)
                | Q(changed_at__isnull=False, changed_by__isnull=False),
            ),
            # A person answers for what a person entered.
            models.CheckConstraint(
                name="calendar_year_by_whom", condition=Q(origin="seeded") | Q(changed_by__isnull=False)
            ),
        ]

    def __str__(self):
        return f"{self.year} 年"


class Day(models.Model):
    """One date. `number` counts the workdays up to and including it, from the first maintained day.

    So n workdays after a date is one look-up by number (calendar.TARGET_NUMBER, index day_by_number), and the
    workdays between two dates are a difference. A trigger keeps the numbers right at every commit.
    """

    date = models.DateField("日期", primary_key=True)
    is_workday = models.BooleanField("上班")
    kind = models.CharField("类别", max_length=12, choices=DayKind)
    name = models.CharField("节日", max_length=30, blank=True)
    source = models.CharField("依据", max_length=120)
    number = models.PositiveIntegerField("工作日序号")

    class Meta:
        verbose_name = "日历日"
        ordering = ["date"]
        constraints = [
            models.CheckConstraint(
                name="day_kind_decides",
                condition=Q(kind="holiday", is_workday=False)
                | Q(_WEEKEND, kind="swap_workday", is_workday=True)
                | Q(_WEEKDAYS, kind="plain", is_workday=True)
                | Q(_WEEKEND, kind="plain", is_workday=False),
            ),
            models.CheckConstraint(
                name="day_named_unless_plain",
                condition=Q(kind="plain", name="") | (~Q(kind="plain") & ~Q(name="")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["number"], include=["date"], condition=Q(is_workday=True), name="day_by_number"
            )
        ]

    def __str__(self):
        return f"{self.date}"


class CalendarChange(models.Model):
    """Append-only trace: which day became what, by whom and why; without a date the whole year was entered.

    `by` is empty where a command did it. Loading a year for the first time leaves the year's row only.
    """

    append_only = True

    year = models.ForeignKey(
        CalendarYear, on_delete=models.PROTECT, related_name="changes", verbose_name="年份"
    )
    date = models.DateField("日期", null=True, blank=True)
    kind_before = models.CharField("原类别", max_length=12, choices=DayKind, blank=True)
    name_before = models.CharField("原节日", max_length=30, blank=True)
    kind_after = models.CharField("新类别", max_length=12, choices=DayKind, blank=True)
    name_after = models.CharField("新节日", max_length=30, blank=True)
    reason = models.CharField("依据或原因", max_length=200)
    at = models.DateTimeField("时间", auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        verbose_name="修改人",
    )  # fmt: skip

    class Meta:
        verbose_name = "日历修改记录"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="calendar_change_has_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="calendar_change_of_a_day",
                condition=Q(date=None, kind_before="", kind_after="")
                | (Q(date__isnull=False) & ~Q(kind_before="") & ~Q(kind_after="")),
            ),
        ]

    def __str__(self):
        return f"{self.date or self.year}"

    @property
    def words_before(self) -> str:
        """What the day was, in a word or two; only for a change of a day."""
        return why(self.date, Mark(DayKind(self.kind_before), self.name_before))

    @property
    def words_after(self) -> str:
        return why(self.date, Mark(DayKind(self.kind_after), self.name_after))
