"""Real processes that sweep at the same moment, each as a ticker does."""

import os
import subprocess
import sys
import time
from datetime import datetime
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from ops import servers

_PROGRAM = """
import sys, time, django
from datetime import datetime
django.setup()
from clocks.sweep import sweep
print("ready", flush=True)
for line in sys.stdin:
    moment = datetime.fromisoformat(line.strip())
    began = time.monotonic()
    sweep(moment)
    print(time.monotonic() - began, flush=True)
"""


def environment() -> dict[str, str]:
    """What a process needs to work on this test's database as the runtime role."""
    database = connection.settings_dict
    url = f"postgres://{servers.RUNTIME}:local@{quote(database['HOST'], safe='')}/{database['NAME']}"
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    return inherited | {
        "DATABASE_URL": url, "DATABASE_ROLE": "runtime", "DJANGO_SETTINGS_MODULE": "config.settings",
    }  # fmt: skip


def in_processes(count: int, moments: list[datetime], before_each=lambda number: None) -> list[float]:
    """Let `count` processes sweep each of `moments` at once; how long each round took, in seconds."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _PROGRAM], env=environment(), cwd=settings.BASE_DIR, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(count)
    ]  # fmt: skip
    try:
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        rounds = []
        for number, moment in enumerate(moments):
            before_each(number)
            began = time.monotonic()
            for process in processes:
                process.stdin.write(f"{moment.isoformat()}\n")
                process.stdin.flush()
            for process in processes:
                answer = process.stdout.readline()
                assert answer, process.stderr.read()[-2000:]
            rounds.append(time.monotonic() - began)
        return rounds
    finally:
        for process in processes:
            process.stdin.close()
            process.wait(timeout=30)
            process.stdout.close()
            process.stderr.close()
