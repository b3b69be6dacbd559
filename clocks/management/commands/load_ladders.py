"""`manage.py load_ladders`: the ladders a new installation begins with; safe to repeat. Part of prepare_database."""

from django.core.management import BaseCommand

from clocks.actions.ladders import load_ladders


class Command(BaseCommand):
    help = "载入默认的升级阶梯；已有的不动，可重复执行"

    def handle(self, **options):
        loaded = load_ladders()
        self.stdout.write(f"升级阶梯：新载入 {len(loaded)} 种。")
