"""The fixed vocabularies of the calendar."""

from django.db import models


class DayKind(models.TextChoices):
    """What a day is by the official notice; a plain day is a workday from Monday to Friday."""

    PLAIN = "plain", "平日（周一至周五上班，周末休息）"
    HOLIDAY = "holiday", "放假"
    SWAP_WORKDAY = "swap_workday", "调休上班"


class YearOrigin(models.TextChoices):
    """Where a maintained year comes from. A year without a row is not maintained: there is no word for guessed."""

    SEEDED = "seeded", "随程序载入"
    NOTICE = "notice", "按放假通知录入"
    EDITED = "edited", "人工修改过"
