"""`manage.py tick`: one sweep without Celery, for a systemd timer beside beat. Either ticker may die."""

from django.core.management import BaseCommand

from clocks.sweep import sweep as sweep_clocks
from common.database import ensure_runtime_role
from notifications.delivery import sweep as sweep_deliveries


class Command(BaseCommand):
    help = "记录到期的提醒和升级，发送到期的消息，并记录心跳；可与 Celery beat 同时定时运行"
    requires_system_checks = []  # runs every minute, and must run even where a page is broken

    def handle(self, *args, **options):
        ensure_runtime_role()
        try:
            self.stdout.write(f"已记录 {sweep_clocks()} 条提醒。")
        finally:  # what was told before goes out, whatever keeps the clocks from being read
            self.stdout.write(f"已处理 {sweep_deliveries()} 条消息。")
