"""`manage.py fold_summary`: what the worker does every minute, without Celery; for a systemd timer beside beat."""

from django.core.management import BaseCommand

from common.database import ensure_runtime_role
from reports import summary


class Command(BaseCommand):
    help = "把待并入的变动并入统计汇总；可与 Celery beat 同时定时运行"
    requires_system_checks = []  # runs every minute, and must run even where a page is broken

    def handle(self, *args, **options):
        ensure_runtime_role()
        self.stdout.write(f"已并入 {summary.fold_all()} 条变动。")
