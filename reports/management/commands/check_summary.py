"""`manage.py check_summary [--rebuild]`: the summary behind the dashboards against the hazards themselves."""

from django.core.management import BaseCommand, CommandError

from reports import summary


class Command(BaseCommand):
    help = "核对统计汇总与隐患记录是否一致；--rebuild 先从记录重建；不一致时以非零退出"

    def add_arguments(self, parser):
        parser.add_argument("--rebuild", action="store_true", help="从隐患记录重建汇总")

    def handle(self, *args, **options):
        if options["rebuild"]:
            self.stdout.write(f"已从隐患记录重建：{summary.rebuild()} 格。")
        if found := summary.differences():
            raise CommandError(
                f"汇总与隐患记录不一致：{found} 格。请运行 check_summary --rebuild 并报告此事。"
            )
        self.stdout.write("核对一致。")
