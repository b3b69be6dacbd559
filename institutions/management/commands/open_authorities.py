"""`manage.py open_authorities`: a civil-affairs authority for every region that has none; safe to repeat."""

from django.core.management import BaseCommand

from institutions.actions.founding import open_civil_affairs


class Command(BaseCommand):
    help = "为每个省、市、县、乡镇建立民政部门（已有的不动）"

    def handle(self, **options):
        self.stdout.write(f"新建 {open_civil_affairs()} 个民政部门。")
