"""`manage.py tick_reports`: exports, imports and saved filters without Celery, for a timer beside `tick`. Either may die."""

from django.core.management import BaseCommand

from common.database import ensure_runtime_role
from reports.imports.working import work_all
from reports.sweeping import sweep


class Command(BaseCommand):
    help = "生成等待中的导出文件，删除到期的，提醒常用条件的新增，处理等待中的台账导入；可与 Celery beat 同时定时运行"
    requires_system_checks = []  # runs every minute, and must run even where a page is broken

    def handle(self, *args, **options):
        ensure_runtime_role()
        self.stdout.write(f"已处理 {sweep()} 个导出、{work_all()} 个导入。")
