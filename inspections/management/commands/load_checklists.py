"""`manage.py load_checklists`: checklists and listed situations from the data files; safe to repeat."""

from pathlib import Path

from django.core.management import BaseCommand, CommandError
from django.db import transaction

from inspections import data_files
from inspections.actions.loading import load_checklists, load_situations

_WORDS = {
    "published": "发布新版",
    "unchanged": "未变",
    "drafted": "已作为草稿载入（现行版本由省级修改过，请省级核对后发布）",
    "waiting": "未载入（有草稿正在修改，请先发布或弃用草稿）",
}


class Command(BaseCommand):
    help = "载入检查表和重大事故隐患情形；内容没有变化的不产生新版本，可重复执行"

    def add_arguments(self, parser):
        folder = data_files.FOLDER
        parser.add_argument("--checklists", type=Path, default=folder / "checklists.yaml")
        parser.add_argument("--phrases", type=Path, default=folder / "phrases.yaml")
        parser.add_argument("--situations", type=Path, default=folder / "major_situations.yaml")

    def handle(self, *, checklists: Path, phrases: Path, situations: Path, **options):
        try:
            lists = data_files.read_checklists(checklists, phrases)
            rows = data_files.read_situations(situations)
            with transaction.atomic():
                loaded, listed = load_checklists(lists), load_situations(rows)
        except data_files.DataError as error:
            raise CommandError(str(error)) from error
        for name, words in _WORDS.items():
            if codes := getattr(loaded, name):
                self.stdout.write(f"检查表{words}：{'、'.join(codes)}")
        self.stdout.write(
            f"重大事故隐患情形：新增或修订 {len(listed.published)} 条，未变 {len(listed.unchanged)} 条。"
        )
