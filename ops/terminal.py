"""What the demo says in the terminal: steps with their seconds, and tables that line up in Chinese."""

import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from ops.supervise import StopFlag, end_group, spawn

TAIL_LINES = 20


class Refusal(Exception):
    """Why it can't go on, in one sentence that says what to do."""


class Stopped(Exception):
    """Somebody asked to stop while a step was under way."""


def say(words: str = "") -> None:
    """Print at once; a terminal that has gone away is no reason to fail."""
    with suppress(OSError):
        print(words, flush=True)


def tail(log: Path) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-TAIL_LINES:]) if log.exists() else ""


@contextmanager
def step(words: str) -> Iterator[None]:
    """Says what begins, and how long it took once it is done."""
    started = time.monotonic()
    if sys.stdout.isatty():
        print(f"… {words}", end="", flush=True)
    else:
        say(f"… {words}")
    yield
    begin = "\r" if sys.stdout.isatty() else ""
    say(f"{begin}✓ {words} {time.monotonic() - started:.1f} s ")


def run(
    words: str, command: list[str], *, environment: Mapping[str, str], log: Path, cwd: Path, stop: StopFlag
) -> None:
    """Run one command as a step, its output in `log`, with the seconds ticking in a terminal.

    Raises Refusal with the end of the log when it fails, Stopped when asked to stop meanwhile.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    with step(words):
        started = time.monotonic()
        process = spawn(command, environment=environment, log=log, cwd=cwd)
        try:
            while (code := _wait(process)) is None and not stop.is_raised:
                if sys.stdout.isatty():
                    print(f"\r… {words} {time.monotonic() - started:.0f} s ", end="", flush=True)
        finally:
            end_group(process, 2)
        if code is None:
            raise Stopped
        if code:
            raise Refusal(f"{words}：失败（退出码 {code}）。完整记录见 {log}\n{tail(log)}")


def _wait(process: subprocess.Popen) -> int | None:
    with suppress(subprocess.TimeoutExpired):
        return process.wait(0.2)
    return None


def table(rows: list[tuple[str, ...]]) -> str:
    """Rows as columns that line up when a Chinese character is two cells wide."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(f"  {line.rstrip()}" for line in lines)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
