"""`manage.py generate --hazards N`: made-up hazards of any number, with whole histories, for measuring."""

import time

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from config.generate.build import generate
from hazards.models import Hazard
from institutions.models import Institution, User


class Command(BaseCommand):
    help = "批量制作虚构的隐患及其全部办理记录，用于测速；以所有者角色运行，只用于空的数据库"

    def add_arguments(self, parser):
        parser.add_argument("--hazards", type=int, required=True, help="多少条隐患")
        parser.add_argument("--institutions", type=int, default=3000, help="多少家机构")
        parser.add_argument("--open", type=int, help="其中大约多少条还在办；不写则自然形成")
        parser.add_argument("--seed", type=int, default=20260204)
        parser.add_argument("--force", action="store_true", help="数据库里已有数据也照做")

    def handle(self, *args, **options):
        if settings.DATABASE_ROLE != "owner":
            raise CommandError("请设置 DATABASE_OWNER_URL，并以 DATABASE_ROLE=owner 运行。")
        if options["hazards"] < 1 or options["institutions"] < 1:
            raise CommandError("隐患和机构都至少要有一个。")
        there = [model for model in (User, Institution, Hazard) if model.objects.exists()]
        if there and not options["force"]:
            raise CommandError(
                "数据库里已有数据，不能写入虚构的隐患。请换一个空的数据库；确实要写入，加 --force。"
            )
        began = time.monotonic()
        generate(
            options["hazards"], options["institutions"], options["seed"], options["open"], self.stdout.write
        )
        self.stdout.write(f"已做好 {options['hazards']} 条隐患，用时 {time.monotonic() - began:.0f} 秒。")
