"""Exports, in a process of their own as a worker makes them: against COPY, against xlsxwriter, and how much it grows."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import xlsxwriter
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from hazards.models import Hazard
from institutions.actor import Actor
from institutions.enums import Role
from ops.bench.cast import actor_of
from ops.bench.effort import Effort
from ops.bench.rows import Row
from reports.asked import Asked
from reports.columns import Reader
from reports.exports.asking import ask
from reports.exports.making import make_all
from reports.exports.rules import STEP
from reports.layouts import LAYOUTS

_TO_COPY, _FASTER, _GROWS = 6, 4, 64
_LAYOUT = "ledger"


def exports(effort: Effort) -> list[Row]:
    """What a process of its own found."""
    measure = [
        sys.executable,
        "-m",
        "ops.bench.process",
        "exporting",
        str(effort.export_rows),
        str(effort.rounds),
    ]
    done = subprocess.run(measure, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found = json.loads(done.stdout.splitlines()[-1])
    excel, copy, slow = found["xlsx_s"], found["copy_s"], found["xlsxwriter_s"]
    what = f"{found['rows']:,} 行 Excel"
    return [
        Row("导出", what, excel, "s", copy, "COPY", _TO_COPY),
        Row("导出", what, excel, "s", slow, "xlsxwriter", _FASTER, is_least=True),
        Row("导出", f"{found['rows']:,} 行 CSV", found["csv_s"], "s", copy, "COPY"),
        Row("导出", "后台任务增长", found["grew_mb"], "MB", limit=_GROWS),
    ]


class Export:
    """The ledger's file of about `count` hazards found last, made by the product and in other ways."""

    def __init__(self, actor: Actor, count: int):
        self.actor, self.query, self._layout = actor, _found_last(actor, count), LAYOUTS[_LAYOUT]
        asked = self._asked(self.query)
        self._rows = self._layout.rows(asked)
        self.count = self._rows.order_by().count()

    def make(self, format: str, query: dict | None = None) -> None:
        """Ask for it and make it, as a worker does; the file goes again."""
        asked = self._asked(self.query if query is None else query)
        job = ask(asked, by=self.actor, key=uuid.uuid4(), layout=_LAYOUT, format=format)
        make_all()
        job.refresh_from_db()
        if not job.made_at:
            raise RuntimeError(f"no export: {job.failure}")
        default_storage.delete(job.name)

    def _asked(self, query: dict) -> Asked:
        asked = Asked(query, self.actor, timezone.localdate())
        if not asked.is_valid:
            raise ValueError(str(asked.filters.errors))
        return asked

    def copy(self) -> None:
        """The same statement, straight to a file by COPY."""
        with connection.cursor() as cursor, tempfile.TemporaryFile() as file:
            cursor.execute("SET statement_timeout = 0")
            sql = cursor.mogrify(*self._rows.query.sql_with_params()).decode()
            cursor.copy_expert(f"COPY ({sql}) TO STDOUT WITH CSV", file)

    def by_xlsxwriter(self) -> None:
        """The same lines, read the same way, written by xlsxwriter in constant memory."""
        reader = Reader(self.actor, timezone.localdate())
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "slow.xlsx")
            with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
                sheet = book.add_worksheet()
                day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left", "valign": "top"})
                wrapped = book.add_format({"text_wrap": True, "valign": "top"})
                for number, row in enumerate(self._rows.iterator(chunk_size=STEP)):
                    for column, value in enumerate(self._layout.line(number, row, reader)):
                        sheet.write(number, column, value, day if isinstance(value, date) else wrapped)


def _found_last(actor: Actor, count: int) -> dict[str, str]:
    rows = Hazard.objects.visible_to(actor).order_by("-found_on", "-id")
    rest = rows.values_list("found_on", flat=True)[count : count + 1]
    return {"found_from": (rest[0] + timedelta(days=1)).isoformat()} if rest else {}


def main(count: str, rounds: str) -> None:
    """Measure in this process, memory first, before anything else has grown it; prints one line of JSON."""
    export = Export(actor_of(Role.PROVINCE_OFFICIAL), int(count))
    today = timezone.localdate().isoformat()
    export.make("xlsx", {"found_from": today})  # what is loaded once
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the highest mark begins anew
    export.make("xlsx")
    grew = _memory("VmHWM") - before
    works: dict[str, Callable] = {
        "copy": export.copy,
        "xlsx": lambda: export.make("xlsx"),
        "csv": lambda: export.make("csv"),
    }
    spent = {name: [_seconds(work) for _ in range(int(rounds))] for name, work in works.items()}
    facts = {f"{name}_s": statistics.median(values) for name, values in spent.items()}
    facts |= {"xlsxwriter_s": _seconds(export.by_xlsxwriter), "grew_mb": grew, "rows": export.count}
    print(json.dumps(facts))


def _seconds(work: Callable) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _memory(name: str) -> float:
    """Megabytes this process holds (VmRSS), or held at most (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024
