"""Runs a decoding program (files.decode) in a caged process of its own."""

import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

from django.conf import settings

from files import limits
from files.refusals import SENTENCES, Refused

logger = logging.getLogger(__name__)

# One large photo can take a gigabyte while it is opened: as many at a time as there are processors.
_slots = threading.BoundedSemaphore(max(2, os.cpu_count() or 2))


def decode(program: str, source: Path, *outputs: Path) -> dict:
    """The facts that `files.decode.<program>` found in `source`, whose clean copies are then in `outputs`.

    Safe to call from many threads. Raises Refused when the program refuses the file, dies, or takes too long.
    """
    if not _slots.acquire(timeout=limits.SLOT_WAIT_SECONDS):
        raise Refused("busy")
    try:
        done = subprocess.run(
            [sys.executable, "-E", "-s", "-m", f"files.decode.{program}", source, *outputs],
            cwd=settings.BASE_DIR,
            # No secrets of ours inside; one malloc arena, so that the memory limit counts memory really used.
            env={"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C on the server lets a photo be finished
            capture_output=True,
            timeout=limits.DECODE_WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Refused("too_heavy") from None
    finally:
        _slots.release()
    return _answer(program, done)


def _answer(program: str, done: subprocess.CompletedProcess) -> dict:
    unreadable = "damaged_pdf" if program == "pdf" else "damaged"
    if done.returncode != 0:  # killed by a limit, or crashed by the file
        logger.warning("decode %s ended with %s: %s", program, done.returncode, _tail(done))
        raise Refused("too_heavy" if done.returncode in (-9, -24, -25) else unreadable)
    try:
        facts = json.loads(done.stdout)
        refused = facts.get("refused")
    except (ValueError, AttributeError):
        logger.warning("decode %s answered nonsense: %s", program, _tail(done))
        raise Refused(unreadable) from None
    if refused == "damaged":
        logger.info("decode %s could not read a file: %s", program, _tail(done))
        refused = unreadable
    if refused:
        raise Refused(refused if refused in SENTENCES else unreadable)
    return facts


def _tail(done: subprocess.CompletedProcess) -> str:
    return done.stderr[-500:].decode("utf-8", "replace").strip()
