"""The bench measures what it says it does: every job runs, the numbers agree, the record holds every line. No times."""

import json
import os
import subprocess
import sys
from dataclasses import asdict

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from hazards.models import Hazard
from ops import servers
from ops.bench import __main__ as bench
from ops.bench.effort import LEAST
from ops.bench.jobs import GENERATING, GROWTH_JOBS, JOBS
from ops.bench.provinces import Made, Measurer, open_among, product_environment
from ops.bench.rows import Row, equal, growth_shown, shown
from reports import summary

HAZARDS = 300
# Every line of the table, by what stands in the bench's own.
PROMISED = {
    ("台账", "裸页"), ("台账", "p50"), ("台账", "第 1 页"), ("统计", "裸页"), ("统计", "GROUP BY"), ("查找", "台账第 1 页"),
    ("巡查", "INSERT … SELECT"), ("登记", "裸事务"), ("照片", "裸 Pillow"), ("导出", "COPY"), ("导出", "xlsxwriter"),
    ("五人同时", "一人时的中位数"),
}  # fmt: skip
NUMBERS_AGREE = ("不等的", "再来一次，新记的", "级数不同的日子", "行多行少相差")


def environment(folder) -> dict[str, str]:
    """What a process of the bench needs to work on this test's database."""
    name = connection.settings_dict["NAME"]
    addresses = {
        variable: os.environ[variable].rpartition("/")[0] + f"/{name}"
        for variable in ("DATABASE_URL", "DATABASE_OWNER_URL")
    }
    inherited = product_environment(addresses, folder)
    return {name: value for name, value in inherited.items() if not name.startswith("PYTEST")}


@pytest.fixture
def province(transactional_db, tmp_path):
    """A small generated province, and a process that measures it."""
    command = [sys.executable, "-W", "ignore", "manage.py", "generate", "--institutions", "120"]
    facts = environment(tmp_path)
    made = subprocess.run(
        [*command, "--hazards", str(HAZARDS), "--open", str(open_among(HAZARDS))], cwd=settings.BASE_DIR,
        env=facts | {"DATABASE_ROLE": "owner", "DJANGO_SETTINGS_MODULE": "config.settings"}, capture_output=True,
        text=True, check=False, timeout=120,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    measurer = Measurer(facts, tmp_path / "measuring.log")
    yield measurer
    measurer.end()


@pytest.mark.processes
def test_every_job_is_measured_and_the_province_is_left_as_it_was(province, tmp_path, capsys):
    before = set(Hazard.objects.values_list("pk", "event_head"))
    rows, failed = bench.measure_bars(province, list(JOBS), LEAST)
    assert failed == []
    growth, failed = bench.measure_growth({HAZARDS: province}, LEAST)
    assert failed == []
    assert {row.job: row for row in rows}.keys() == {
        "语句数",
        "台账",
        "统计",
        "查找",
        "巡查",
        "登记",
        "照片",
        "导出",
        "五人同时",
        "五人不停地点",
    }
    assert {(row.job, row.against) for row in rows if row.limit is not None} >= PROMISED
    agreeing = [row for row in rows if row.what.endswith(NUMBERS_AGREE)]
    assert [(row.what, row.value) for row in agreeing] == [(row.what, 0) for row in agreeing]
    assert len(agreeing) == 3 * 2 + 3 + 2
    assert list(growth) == list(GROWTH_JOBS)
    assert all(by_size.keys() == {HAZARDS} for by_size in growth.values())
    made = {HAZARDS: Made(HAZARDS, open_among(HAZARDS), 1.0, 0.0, "", "")}
    rows += bench.growth_rows(growth | {GENERATING: {HAZARDS: 1000.0}}, made)
    found = {
        "at": "2026-11-22T00:00:00", "seconds": 1.0, "load": [0.0, 0.0], "machine": bench.machine(),
        "provinces": {HAZARDS: asdict(made[HAZARDS])}, "rows": [row.as_json() for row in rows], "growth_ms": growth,
        "failed": [],
    }  # fmt: skip
    bench.report(found)
    said, kept = capsys.readouterr().out, json.loads(bench.keep(found, tmp_path).read_text())
    assert [row["what"] for row in kept["rows"]] == [row.what for row in rows]
    assert all(row.what in said for row in rows)
    province.end()
    assert set(Hazard.objects.values_list("pk", "event_head")) == before
    assert summary.differences() == 0
    call_command("verify_audit")
    assert "核验通过" in capsys.readouterr().out


def test_a_line_says_whether_it_keeps_its_bar():
    assert Row("台账", "页", 15.0, base=10.0, limit=2).is_met is True
    assert Row("台账", "页", 25.0, base=10.0, limit=2).is_met is False
    assert Row("统计", "页", 10.0, base=150.0, limit=15, is_least=True).is_met is True
    assert Row("统计", "页", 10.0, base=149.0, limit=15, is_least=True).is_met is False
    assert Row("语句数", "页", 8, "", limit=8).is_met is True
    assert Row("台账", "页", 15.0, base=10.0).is_met is None
    assert [equal("统计", "不等的", is_equal).is_met for is_equal in (True, False)] == [True, False]
    assert "✗ 未达到" in shown([Row("台账", "页", 25.0, base=10.0, against="裸页", limit=2)])


def test_only_history_grows_between_the_larger_sizes_and_there_alone_growth_has_a_bar():
    assert [open_among(size) for size in (10_000, 100_000, 1_000_000)] == [6_000, 60_000, 60_000]
    growth = {
        "台账 全省": {10_000: 40.0, 100_000: 42.0, 1_000_000: 63.0},
        "导出 全县": {100_000: 1.0, 1_000_000: 9.0},
    }
    made = {size: Made(size, open_among(size), 300.0, 0.0, "", "") for size in (10_000, 100_000, 1_000_000)}
    rows = bench.growth_rows(growth, made)
    assert [(row.what, row.ratio, row.is_met) for row in rows[1:]] == [("台账 全省", 1.5, False)]
    small = bench.growth_rows(growth, {size: made[size] for size in (10_000, 100_000)})
    assert [row.is_met for row in small] == [None, None]
    assert "1.50 ×" in growth_shown(growth, [10_000, 100_000, 1_000_000])


def test_the_bench_works_as_the_runtime_role():
    assert servers.RUNTIME in os.environ["DATABASE_URL"]
    assert product_environment({}, settings.BASE_DIR)["DATABASE_ROLE"] == "runtime"
