"""`manage.py fill_search`: search columns of rows older than the search; may be stopped and started again at any time."""

from django.core.management import BaseCommand, CommandError
from django.db import connection

BATCH = 2000

# The triggers make the column; to touch it is enough. A batch is a transaction: what is done stays done.
_FILL = """
WITH batch AS (
    SELECT id FROM {table} WHERE id > %s ORDER BY id LIMIT %s
), filled AS (
    UPDATE {table} SET search = '' WHERE id IN (SELECT id FROM batch) AND ({condition}) RETURNING 1
)
SELECT (SELECT max(id) FROM batch), (SELECT count(*) FROM filled)
"""
_TABLES = {
    "institutions_region": "search_lexemes(name || ' ' || code, true)",
    "institutions_institution": (
        "search_lexemes(name, true) || search_lexemes(address || ' ' || credit_code || ' ' || substr(credit_code, 9), false)"
    ),
    "hazards_hazard": "search_lexemes(description || ' ' || location, false)",
}


class Command(BaseCommand):
    help = "补齐旧数据的检索列（可随时中断，再次执行会接着做）；--all 全部重做，--check 只核对、不改动"

    def add_arguments(self, parser):
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument("--all", action="store_true", help="重做每一行（更换读音表之后）")
        mode.add_argument("--check", action="store_true", help="核对每一行，有不一致时以非零退出")
        parser.add_argument("--after", type=int, default=0, metavar="ID", help="从这个编号之后的隐患开始")

    def handle(self, **options):
        if options["check"]:
            return self._check()
        condition = "true" if options["all"] else "search = ''"
        for table in _TABLES:
            after = options["after"] if table == "hazards_hazard" else 0
            self.stdout.write(f"{table}：补齐 {self._fill(table, condition, after)} 行。")
        return None

    def _fill(self, table: str, condition: str, after: int) -> int:
        total = 0
        with connection.cursor() as cursor:
            while after is not None:
                cursor.execute(_FILL.format(table=table, condition=condition), [after, BATCH])
                done, (after, filled) = after, cursor.fetchone()
                total += filled
                if filled and total // 100_000 > (total - filled) // 100_000:
                    self.stdout.write(f"  {total} 行（中断后可用 --after {done} 接着做）")
        return total

    def _check(self) -> None:
        wrong = 0
        with connection.cursor() as cursor:
            for table, lexemes in _TABLES.items():
                after = 0
                while after is not None:
                    cursor.execute(
                        f"SELECT max(id), count(*) FILTER (WHERE search <> {lexemes})"
                        f" FROM (SELECT * FROM {table} WHERE id > %s ORDER BY id LIMIT %s) AS batch",
                        [after, BATCH],
                    )
                    after, found = cursor.fetchone()
                    wrong += found
        if wrong:
            raise CommandError(f"{wrong} 行的检索列与内容不一致，请执行 manage.py fill_search --all。")
        self.stdout.write("核对通过：检索列与内容一致。")
