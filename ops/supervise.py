"""Children of the demo: start them, notice when one dies, start it again, stop them all in time."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

LONGEST_PAUSE = 30.0  # seconds between two attempts to restart a child that keeps dying
SETTLED_AFTER = 60.0  # seconds up, after which earlier deaths are forgotten


class StopFlag:
    """Raised by Ctrl-C, `kill` or a closed terminal; read between the steps of whatever is going on.

    Handlers only note the wish: nothing is ever torn out of the middle of a start.
    """

    def __init__(self):
        self.is_raised = False

    def listen(self) -> None:
        """From now on signals that ask to stop raise the flag (a SIGHUP that nohup ignores stays ignored)."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._raise)

    def _raise(self, number, frame):
        self.is_raised = True


def spawn(command: list[str], *, environment: Mapping[str, str], log: Path, cwd: Path) -> subprocess.Popen:
    """Start `command` as the leader of a process group of its own, its output appended to `log`.

    A group of its own: Ctrl-C in the terminal reaches only the supervisor, which stops children in order,
    and killing the group leaves no grandchild behind. Where Linux allows, the child is told to stop even
    when the supervisor itself is killed with SIGKILL.
    """
    if sys.platform == "linux" and (setpriv := shutil.which("setpriv")):
        command = [setpriv, "--pdeathsig", "TERM", *command]
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            env=dict(environment),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def end_group(process: subprocess.Popen, grace: float) -> bool:
    """SIGTERM to the leader, at most `grace` seconds of patience, then SIGKILL to what is left of its group.

    True when the leader went by itself.
    """
    process.terminate()
    try:
        process.wait(grace)
        return True
    except subprocess.TimeoutExpired:
        return False
    finally:
        with suppress(ProcessLookupError, PermissionError):  # nobody left (macOS says: not permitted)
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@dataclass(frozen=True)
class Program:
    """What to run and how long it may take to stop (seconds)."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    grace: float = 2.0


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen
    started: float
    deaths: int = 0
    restart_at: float | None = None


@dataclass
class Supervisor:
    """Keeps programs running. `say` gets a sentence whenever one died or did not stop by itself."""

    cwd: Path
    say: Callable[[str], None]
    first_pause: float = 1.0
    _children: list[_Child] = field(default_factory=list)

    def start(self, program: Program) -> subprocess.Popen:
        """Start `program`; from now on `look_after` restarts it when it dies."""
        process = self._spawn(program)
        self._children.append(_Child(program, process, time.monotonic()))
        return process

    def look_after(self) -> None:
        """Call often: notes deaths, and restarts after 1, 2, 4 … 30 seconds, without ever blocking."""
        now = time.monotonic()
        for child in self._children:
            if child.restart_at is None:
                code = child.process.poll()
                if code is not None:
                    self._note_death(child, code, now)
            elif now >= child.restart_at:
                child.process, child.started, child.restart_at = self._spawn(child.program), now, None

    def running(self) -> list[subprocess.Popen]:
        """The processes alive now, first started first."""
        return [child.process for child in self._children if child.process.poll() is None]

    def stop(self) -> None:
        """Stop everything, last started first; each gets its grace, then SIGKILL. May be called twice."""
        while self._children:
            child = self._children[-1]
            if not end_group(child.process, child.program.grace):
                self.say(f"{child.program.name} 没有按时停止，已强制结束")
            self._children.pop()

    def _spawn(self, program: Program) -> subprocess.Popen:
        return spawn(program.command, environment=program.environment, log=program.log, cwd=self.cwd)

    def _note_death(self, child: _Child, code: int, now: float) -> None:
        end_group(child.process, 0)  # its own children must not hold the port against the next one
        child.deaths = 1 if now - child.started > SETTLED_AFTER else child.deaths + 1
        pause = min(self.first_pause * 2 ** (child.deaths - 1), LONGEST_PAUSE)
        child.restart_at = now + pause
        how = f"被信号 {-code} 终止" if code < 0 else f"已退出（退出码 {code}）"
        self.say(f"{child.program.name} {how}，{pause:g} 秒后重启；日志：{child.program.log}")
