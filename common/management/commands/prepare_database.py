"""`manage.py prepare_database`: migrate as the owner, give the runtime role its rights, load reference data.

Safe to repeat.
"""

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command

from common.database import grant_runtime


class Command(BaseCommand):
    help = "以所有者角色迁移数据库，授予运行角色所需的最小权限，并载入基础数据"

    def handle(self, *args, **options):
        if settings.DATABASE_ROLE != "owner":
            raise CommandError("请设置 DATABASE_OWNER_URL，并以 DATABASE_ROLE=owner 运行。")
        if not settings.RUNTIME_DATABASE_USER:
            raise CommandError("DATABASE_URL 中没有运行角色的用户名。")
        call_command("migrate", interactive=False, verbosity=options["verbosity"])
        grant_runtime(settings.RUNTIME_DATABASE_USER)
        for command in settings.REFERENCE_DATA_COMMANDS:
            call_command(command, stdout=self.stdout)
        self.stdout.write("数据库已就绪。")
