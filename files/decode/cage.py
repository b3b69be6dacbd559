"""What every decoding program does around its work: limits first, one JSON object last."""

import json
import os
import resource
import sys
from collections.abc import Callable

from files import limits


class Refusal(Exception):
    """The file is not acceptable; `code` is a key of `files.refusals.SENTENCES`."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


def _limit_resources() -> None:
    for what, value in (
        (resource.RLIMIT_AS, limits.DECODE_MEMORY_BYTES),
        (resource.RLIMIT_CPU, limits.DECODE_CPU_SECONDS),
        (resource.RLIMIT_FSIZE, limits.DECODE_OUTPUT_BYTES),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (value, value))


def run(work: Callable[..., dict]) -> None:
    """Call `work(*command line arguments)` under limits; print its facts or why it refused. Any error refuses."""
    _limit_resources()
    try:
        answer = work(*sys.argv[1:])
    except Refusal as refusal:
        answer = {"refused": refusal.code}
    except MemoryError:
        answer = {"refused": "too_heavy"}
    except Exception as error:  # whatever a decoder raises on hostile bytes: the file is unreadable
        print(f"{type(error).__name__}: {error}"[:300], file=sys.stderr)  # noqa: T201  (stderr is the parent's log)
        answer = {"refused": "damaged"}
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()
    # Nothing is worth tidying here, and freeing a picture of 200 MB takes time.
    os._exit(0)
