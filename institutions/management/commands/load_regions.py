"""`manage.py load_regions FILE.csv`: load or update the regions of a province; all or nothing, safe to repeat."""

from pathlib import Path

from django.core.management import BaseCommand, CommandError

from institutions import region_csv
from institutions.actions.regions import RowErrors, load_regions

SHOWN = 50


class Command(BaseCommand):
    help = "从 CSV（代码,名称,上级代码,启用日期,停用日期）载入行政区划；有错则一行也不载入，可重复执行"

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, metavar="FILE.csv")

    def handle(self, *, file: Path, **options):
        try:
            content = file.read_bytes()
        except OSError as error:
            raise CommandError(f"读不了文件 {file}：{error.strerror}") from error
        try:
            loaded = load_regions(region_csv.read(content))
        except RowErrors as wrong:
            lines = [
                f"第 {number} 行：{words}" if number else words for number, words in wrong.errors[:SHOWN]
            ]
            if len(wrong.errors) > SHOWN:
                lines.append(f"……另有 {len(wrong.errors) - SHOWN} 处")
            raise CommandError("\n".join(["没有载入任何区划，请先改正：", *lines])) from wrong
        self.stdout.write(
            f"新增 {loaded.created} 个，更新 {loaded.changed} 个，未变 {loaded.unchanged} 个区划；"
            f"{loaded.institutions_moved} 家机构随区划调整。"
        )
