"""`manage.py appoint_administrator CODE USERNAME NAME`: the first security administrator of a region."""

from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError

from institutions.actions.founding import appoint_first_administrator
from institutions.models import Region


class Command(BaseCommand):
    help = "设立一个地区的首任安全管理员，显示一次性初始密码；其余账号由其在“成员管理”中建立"

    def add_arguments(self, parser):
        parser.add_argument("code", help="行政区划代码，如 360000")
        parser.add_argument("username", help="登录名")
        parser.add_argument("name", help="姓名")

    def handle(self, *, code: str, username: str, name: str, **options):
        region = Region.objects.filter(code=code).first()
        if region is None:
            raise CommandError(f"没有代码为 {code} 的行政区划，请先用 load_regions 载入。")
        try:
            password = appoint_first_administrator(region=region, username=username, name=name)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"已设立 {name}（{username}）。初始密码：{password}，首次登录须修改。")
