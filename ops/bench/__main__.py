"""`python -m ops.bench`: every bar of speed on generated provinces, against baselines of the same run. Nothing fails by time.

Bars are measured on the largest province, the growth of each job on all of them in turn. Prints tables; everything is
kept as JSON in .data/bench/.
"""

import argparse
import json
import signal
import statistics
import sys
import time
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from ops.bench import provinces
from ops.bench.effort import LEAST, Effort
from ops.bench.jobs import GENERATING, GROWTH, GROWTH_JOBS, JOBS, MAY_GROW, PAGE_OF_PROVINCE
from ops.bench.provinces import HOME, Made, Measurer, Province, open_among
from ops.bench.rows import Row, growth_shown, shown
from ops.bench.timing import load, machine
from ops.terminal import Refusal, say, step

_SIZES, _PROVINCE = "10000,100000,1000000", 1_000_000
_GENERATED_WITHIN = 600  # seconds, for a whole province
_ITSELF, _STAYS = (
    1.3,
    1.5,
)  # a page against itself, any job: with ten times the history and the same open work
_ROUNDS, _TIMES = 3, 5  # growth: so often in turn over all sizes, so many each time

Growth = dict[str, dict[int, float]]


def run(sizes: list[int], only: list[str], effort: Effort, home: Path = HOME) -> dict:
    """Measure `only` these jobs; what the JSON keeps."""
    began, loads = time.monotonic(), [load()]
    with ExitStack() as stack:
        environment = stack.enter_context(provinces.running(home))
        made, measurers, there = {}, {}, {}
        for size in sizes:
            province = Province(size, environment, home)
            made[size] = province.ensure()
            measurers[size] = Measurer(province.environment, home / f"{province.name}.log")
            stack.callback(measurers[size].end)
            measurers[size].ask(put_right=size)
            there[size] = measurers[size].ask(count=True)
        rows, failed = measure_bars(measurers[max(sizes)], [job for job in JOBS if job in only], effort)
        growth: Growth = {}
        if GROWTH in only:
            growth, lost = measure_growth(measurers, effort)
            growth[GENERATING] = {size: made[size].seconds * 1000 for size in sizes}
            rows, failed = rows + growth_rows(growth, made), failed + lost
    loads.append(load())
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"), "seconds": time.monotonic() - began, "load": loads,
        "machine": machine(), "provinces": {size: asdict(made[size]) | there[size] for size in sizes},
        "effort": asdict(effort), "rows": [row.as_json() for row in rows], "growth_ms": growth, "failed": failed,
    }  # fmt: skip


def measure_bars(measurer: Measurer, jobs: list[str], effort: Effort) -> tuple[list[Row], list[str]]:
    """The rows of each job, and what could not be measured."""
    rows, failed = [], []
    for job in jobs:
        with step(f"{job}（负载 {load():.1f}）"):
            answer = measurer.ask(do=job, effort=asdict(effort))
        if error := answer.get("error"):
            failed.append(f"{job}：{error}")
        for row in answer.get("rows", ()):
            rows.append(Row(**{k: v for k, v in row.items() if k not in ("ratio", "is_met")}))
    return rows, failed


def measure_growth(measurers: dict[int, Measurer], effort: Effort) -> tuple[Growth, list[str]]:
    """The median of each job at each size; the sizes take turns, so that the hour of the day falls on all of them."""
    rounds, times = (_ROUNDS, _TIMES) if effort.rounds > 1 else (1, 1)
    growth: Growth = {}
    failed = []
    for job in GROWTH_JOBS:
        spent: dict[int, list[float]] = {size: [] for size in measurers}
        with step(f"{GROWTH} {job}（负载 {load():.1f}）"):
            for n in range(rounds):
                for size in list(measurers)[:: -1 if n % 2 else 1]:
                    answer = measurers[size].ask(grow=job, times=times)
                    spent[size] += answer.get("ms", [])
                    if error := answer.get("error"):
                        failed.append(f"{job} {size:,}：{error}")
        growth[job] = {size: statistics.median(taken) for size, taken in spent.items() if taken}
    return growth, failed


def growth_rows(growth: Growth, made: dict[int, Made]) -> list[Row]:
    """The last step as lines with bars: where the same is open, nothing may grow that does not by its nature."""
    rows, sizes = [], sorted(made)
    seconds = made[sizes[-1]].seconds
    limit = _GENERATED_WITHIN if sizes[-1] == _PROVINCE else None
    rows.append(Row(GENERATING, f"{sizes[-1]:,} 条隐患", seconds, "s", limit=limit))
    for before, after in pairwise(sizes[-2:]):
        is_only_history = open_among(before) == open_among(after)
        for job, by_size in growth.items():
            if job not in MAY_GROW and {before, after} <= by_size.keys():
                bar = _ITSELF if job == PAGE_OF_PROVINCE else _STAYS
                rows.append(
                    Row(
                        "增长", job, by_size[after], base=by_size[before], against=f"{before:,} 条时",
                        limit=bar if is_only_history else None,
                    )
                )  # fmt: skip
    return rows


def report(found: dict) -> None:
    """Print the tables."""
    facts, sizes = found["machine"], sorted(found["provinces"])
    for size in sizes:
        province = found["provinces"][size]
        say(
            f"{province['hazards']:,} 条隐患，在办 {province['open']:,}；{province['at']} 制作，用时 {province['seconds']:.0f} 秒"
        )
    rows = [Row(**{k: v for k, v in row.items() if k not in ("ratio", "is_met")}) for row in found["rows"]]
    say(f"\n{shown(rows)}\n")
    if found["growth_ms"]:
        say("增长：在办条数相同的两档之间，只有已办结的变多")
        say(growth_shown(found["growth_ms"], sizes) + "\n")
    for words in found["failed"]:
        say(f"✗ 没有测成：{words}")
    missed = [row for row in rows if row.is_met is False]
    met = sum(row.is_met is True for row in rows)
    say(f"达到 {met} 项，未达到 {len(missed)} 项；用时 {found['seconds'] / 60:.1f} 分钟")
    began, ended = found["load"]
    say(
        f"{facts['processors']} 核 {facts['processor']}，内存 {facts['memory_gb']} GB，负载 {began:.1f} → {ended:.1f}"
    )


def keep(found: dict, home: Path = HOME) -> Path:
    """Write the JSON; where."""
    path = home / f"bench-{found['at'].replace(':', '')}.json"
    path.write_text(json.dumps(found, ensure_ascii=False, indent=1))
    return path


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - {*JOBS, GROWTH}:
        raise argparse.ArgumentTypeError(
            f"没有这项：{'、'.join(sorted(unknown))}；有：{', '.join((*JOBS, GROWTH))}"
        )
    return names


def _numbers(text: str) -> list[int]:
    return sorted({int(number) for number in text.split(",")})


def main() -> None:
    """Read the arguments, measure, print, keep. Raises Refusal with a sentence when it cannot."""
    parser = argparse.ArgumentParser(prog="make bench", description="测速，与同一次运行的基准相比")
    parser.add_argument("--sizes", type=_numbers, default=_numbers(_SIZES), help=f"几档数据；默认 {_SIZES}")
    parser.add_argument(
        "--only", type=_names, default=[*JOBS, GROWTH], help=f"只测：{', '.join((*JOBS, GROWTH))}"
    )
    parser.add_argument("--times", type=int, default=Effort.times, help="每对测几次，取中位数")
    parser.add_argument("--least", action="store_true", help="每项只测一次，看能不能测，不看快慢")
    parser.add_argument("--drop", action="store_true", help="删除制作的数据，结束")
    arguments = parser.parse_args()
    if arguments.drop:
        provinces.drop()
        return
    effort = LEAST if arguments.least else Effort(times=arguments.times)
    found = run(arguments.sizes, arguments.only, effort)
    report(found)
    say(f"记录在 {keep(found)}")


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):  # a run told to stop still stops its servers
        signal.signal(number, signal.default_int_handler)
    try:
        main()
    except Refusal as refusal:
        say(f"✗ {refusal}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("\n… 已停止；没有记录结果")
        sys.exit(130)
