from django.core.management.base import BaseCommand

from files import janitor


class Command(BaseCommand):
    help = "清理没有使用的上传文件，并检查记录与文件是否一致（发现缺失时退出码为 1）"

    def handle(self, *args, **options):
        done = janitor.tidy()
        self.stdout.write(
            f"过期未使用：{done.expired}；无记录的文件：{done.orphans}；"
            f"中断的上传：{done.leftovers}；文件缺失：{done.missing}"
        )
        if done.missing:
            raise SystemExit(1)
