"""`manage.py load_workdays`: seed the calendar of working days; safe to repeat. Part of prepare_database."""

from django.core.management import BaseCommand

from workdays.calendar import maintained_years
from workdays.loading import load_known_years


class Command(BaseCommand):
    help = "载入历年节假日和调休安排；人工录入或修改过的年份不动，可重复执行"

    def handle(self, **options):
        loaded, years = load_known_years(), maintained_years()
        self.stdout.write(
            f"工作日历：{years[0]} 至 {years[-1]} 年，本次载入或更新 {len(loaded.written)} 年。"
        )
        if loaded.differing:
            self.stdout.write(
                f"{'、'.join(map(str, loaded.differing))} 年由人录入或修改过，与随程序的数据不同，没有改动；请省级核对。"
            )
