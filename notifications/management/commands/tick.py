"""`manage.py tick`: one sweep without Celery, for a systemd timer beside beat. Either ticker may die."""

from django.core.management import BaseCommand

from common.database import ensure_runtime_role
from notifications.delivery import sweep


class Command(BaseCommand):
    help = "发送到期的消息并记录心跳；可与 Celery beat 同时定时运行"
    requires_system_checks = []  # runs every minute, and must run even where a page is broken

    def handle(self, *args, **options):
        ensure_runtime_role()
        self.stdout.write(f"已处理 {sweep()} 条消息。")
