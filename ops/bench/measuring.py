"""In a process of its own for each province: does what it is told line by line, and answers in JSON.

`{"do": "ledger", "effort": {…}}` answers {"rows": […]}; `{"grow": "登记并下发", "times": 5}` answers {"ms": […]};
`{"put_right": 10000}` takes away what a broken run left after the hazard of that key; `{"count": true}` says how many
hazards there are; `{"end": true}` tidies up and ends. What cannot be done answers {"error": "…"}.
"""

import json
import sys
import traceback
from collections.abc import Callable
from contextlib import redirect_stdout

from django.db import connection

from hazards.enums import OPEN_STATUSES
from hazards.models import Hazard
from ops.bench.acts import acts, upkeep
from ops.bench.crowd import crowd
from ops.bench.effort import Effort
from ops.bench.exporting import exports
from ops.bench.figures import dashboards
from ops.bench.growth import Growth
from ops.bench.owner import put_right
from ops.bench.pages import ledger, search, statements
from ops.bench.photos import photos
from ops.bench.rows import Row
from ops.bench.sweeping import sweeps
from ops.bench.timing import watch

JOBS: dict[str, Callable[[Effort], list[Row]]] = {
    "ledger": ledger,
    "dashboards": dashboards,
    "search": search,
    "sweep": sweeps,
    "register": acts,
    "upkeep": upkeep,
    "photo": photos,
    "export": exports,
    "crowd": crowd,
    "statements": statements,
}


def main() -> None:
    """Until told to end, or nobody is there any more."""
    answers, growth = sys.stdout, Growth()
    connection.ensure_connection()
    watch(connection.connection.info.backend_pid)
    for line in sys.stdin:
        asked = json.loads(line)
        with redirect_stdout(sys.stderr):  # nothing but answers goes to our reader
            answer = _answer(asked, growth)
        print(json.dumps(answer, ensure_ascii=False), file=answers, flush=True)
        if "end" in asked:
            break


def _answer(asked: dict, growth: Growth) -> dict:
    try:
        if job := asked.get("do"):
            return {"rows": [row.as_json() for row in JOBS[job](Effort(**asked["effort"]))]}
        if job := asked.get("grow"):
            return {"ms": growth.measure(job, asked["times"])}
        if "put_right" in asked:
            put_right(asked["put_right"])
            return {}
        if "end" in asked:
            growth.tidy()
            return {}
        return {
            "hazards": Hazard.objects.count(),
            "open": Hazard.objects.filter(status__in=OPEN_STATUSES).count(),
        }
    except Exception as error:  # the others are measured all the same; the reader says so
        traceback.print_exc(file=sys.stderr)
        return {"error": f"{type(error).__name__}: {error}"[:500]}
