"""`manage.py tick`: one round of everything without Celery, for a systemd timer beside beat. Either ticker may die."""

from django.core.management import BaseCommand, CommandError

from common.database import ensure_runtime_role
from config.ticking import tick


class Command(BaseCommand):
    help = "记录到期的提醒和升级，发送消息，并入统计变动，生成导出文件，处理台账导入，各自记录心跳；可与 Celery beat 同时定时运行"
    requires_system_checks = []  # runs every minute, and must run even where a page is broken

    def handle(self, *args, **options):
        ensure_runtime_role()
        done, failed = tick()
        self.stdout.write("已处理：" + "，".join(f"{label} {count}" for label, count in done.items()) + "。")
        if failed:
            raise CommandError(f"没有做完：{'、'.join(failed)}，原因见日志。")
