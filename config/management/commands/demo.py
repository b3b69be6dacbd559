"""`manage.py demo`: the made-up province, once. A second call finds it and does nothing."""

import time

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from institutions.demo_accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
from institutions.models import User

try:
    from config.demo.build import make_demo
    from config.demo.photos import PHOTOGRAPHER
except ModuleNotFoundError as error:
    if error.name != "time_machine":
        raise
    make_demo, PHOTOGRAPHER = None, ""


class Command(BaseCommand):
    help = "制作演示省份（虚构的机构、人员和隐患）；已有时什么也不做"

    def handle(self, **options):
        if not settings.IS_DEMO:
            raise CommandError(
                "这里不是演示环境，不能写入虚构数据。要制作演示，请设置 IS_DEMO=1（make demo 会自动设置）。"
            )
        if User.objects.filter(username=DEMO_ACCOUNTS[0].username).exists():
            self.stdout.write("演示省份已经存在。")
            return
        if User.objects.exclude(username=PHOTOGRAPHER).exists():
            raise CommandError("数据库里已有用户，不再写入虚构数据。请换一个空的数据库。")
        if make_demo is None:
            raise CommandError(
                "缺少 time-machine，做不出过去的办理记录。请先 pip install -r requirements-dev.txt"
            )
        began = time.monotonic()
        made = make_demo(DEMO_PASSWORD, say=self.stdout.write)
        self.stdout.write(f"演示省份已做好：{made}，用时 {time.monotonic() - began:.0f} 秒。")
