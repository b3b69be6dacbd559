"""Everything that must happen every minute, in one place for `manage.py tick`. Beat calls the same functions one by one,
so that a long export keeps no reminder waiting. Each leaves its own heartbeat; any number of copies may run.
"""

import logging
from collections.abc import Callable

from api import endings
from clocks import sweep as clocks
from notifications import delivery
from reports import summary, sweeping
from reports.imports import undoing, working

logger = logging.getLogger("house.tick")

# What is urgent first; what may take long last.
ROUND: tuple[tuple[str, Callable[[], int]], ...] = (
    ("提醒", clocks.sweep),
    ("消息", delivery.sweep),
    ("统计变动", summary.sweep),
    ("导出", sweeping.sweep),
    ("导入", working.work_all),
    ("撤回导入", undoing.work_all),
    ("接入到期", endings.tell_of_endings),
)


def tick() -> tuple[dict[str, int], list[str]]:
    """One round of everything: how much of each was handled, and what failed (its reason is in the log).

    What fails keeps nothing else from being done. Must not run inside a transaction.
    """
    done, failed = {}, []
    for label, work in ROUND:
        try:
            done[label] = work()
        except Exception:
            logger.exception("a round of the tick failed")
            failed.append(label)
    return done, failed
