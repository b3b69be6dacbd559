"""Supervision, with real child processes."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from ops.supervise import Program, Supervisor, end_group, spawn

pytestmark = pytest.mark.processes

SLEEP = "import time; print('up', flush=True); time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
PARENT = f"""
import subprocess, sys, time
print(subprocess.Popen([sys.executable, "-c", {DEAF!r}]).pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def said():
    return []


@pytest.fixture
def supervisor(tmp_path, said):
    supervisor = Supervisor(tmp_path, said.append, first_pause=0.1)
    yield supervisor
    supervisor.stop()


@pytest.fixture
def program(tmp_path):
    def make(code, grace=2.0, name="child"):
        return Program(name, [sys.executable, "-c", code], os.environ, tmp_path / f"{name}.log", grace)

    return make


def wait_until(condition, seconds=10):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


def is_alive(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_a_child_that_was_killed_is_started_again_and_that_is_said(supervisor, program, said, tmp_path):
    first = supervisor.start(program(SLEEP))
    first.kill()
    first.wait()
    supervisor.look_after()
    assert said == [f"child 被信号 9 终止，0.1 秒后重启；日志：{tmp_path / 'child.log'}"]
    wait_until(lambda: supervisor.look_after() or supervisor.running() != [])
    (second,) = supervisor.running()
    assert second.pid != first.pid
    assert is_alive(second.pid)


def test_a_child_that_keeps_dying_is_restarted_after_longer_and_longer_pauses(supervisor, program, said):
    supervisor.start(program("raise SystemExit(3)"))
    wait_until(lambda: supervisor.look_after() or len(said) == 3)
    assert [words.split("；")[0] for words in said] == [
        "child 已退出（退出码 3），0.1 秒后重启",
        "child 已退出（退出码 3），0.2 秒后重启",
        "child 已退出（退出码 3），0.4 秒后重启",
    ]


def test_a_child_that_runs_is_left_alone(supervisor, program, said):
    child = supervisor.start(program(SLEEP))
    for _ in range(5):
        supervisor.look_after()
    assert supervisor.running() == [child]
    assert said == []


def test_stopping_goes_from_the_last_started_to_the_first(supervisor, program, tmp_path):
    ends = tmp_path / "ends"
    code = (
        "import signal, sys, time\n"
        f"signal.signal(signal.SIGTERM, lambda *a: (open({str(ends)!r}, 'a').write('NAME '), sys.exit()))\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)"
    )
    for name in ("broker", "worker", "web"):
        supervisor.start(program(code.replace("NAME", name), name=name))
        wait_until(lambda name=name: (tmp_path / f"{name}.log").read_text() == "ready\n")
    supervisor.stop()
    assert ends.read_text() == "web worker broker "
    assert supervisor.running() == []


def test_a_child_that_ignores_sigterm_is_killed_after_its_grace(supervisor, program, said, tmp_path):
    child = supervisor.start(program(DEAF, grace=0.3))
    wait_until(lambda: (tmp_path / "child.log").read_text() == "deaf\n")
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 2
    assert child.returncode == -signal.SIGKILL
    assert said == ["child 没有按时停止，已强制结束"]


def test_stopping_leaves_no_grandchild_behind(supervisor, program, tmp_path):
    supervisor.start(program(PARENT))
    log = tmp_path / "child.log"
    wait_until(lambda: "deaf" in log.read_text())
    grandchild = int(log.read_text().split()[0])
    assert is_alive(grandchild)
    supervisor.stop()
    wait_until(lambda: not is_alive(grandchild))


def test_what_a_dead_child_left_running_is_ended_before_the_next_one_starts(supervisor, program, tmp_path):
    child = supervisor.start(program(PARENT))
    log = tmp_path / "child.log"
    wait_until(lambda: "deaf" in log.read_text())
    grandchild = int(log.read_text().split()[0])
    child.kill()
    child.wait()
    supervisor.look_after()
    wait_until(lambda: not is_alive(grandchild))


def test_stopping_while_a_child_waits_for_its_restart_starts_nothing(supervisor, program):
    supervisor.start(program("raise SystemExit(1)"))
    wait_until(lambda: supervisor.look_after() or supervisor.running() == [])
    supervisor.stop()
    supervisor.look_after()
    assert supervisor.running() == []


def test_stopping_twice_is_harmless(supervisor, program):
    supervisor.start(program(SLEEP))
    supervisor.stop()
    supervisor.stop()
    assert supervisor.running() == []


def test_ending_a_group_says_whether_it_went_by_itself(tmp_path):
    log = tmp_path / "log"
    mild = spawn([sys.executable, "-c", SLEEP], environment=os.environ, log=log, cwd=tmp_path)
    assert end_group(mild, 5) is True
    deaf = spawn([sys.executable, "-c", DEAF], environment=os.environ, log=log, cwd=tmp_path)
    wait_until(lambda: log.read_text().endswith("deaf\n"))
    assert end_group(deaf, 0.2) is False


SUPERVISING = """
import os, pathlib, signal, sys, time
from ops.supervise import Program, StopFlag, Supervisor
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whatever the tests themselves were started under
folder = pathlib.Path(sys.argv[1])
stop = StopFlag()
stop.listen()
supervisor = Supervisor(folder, print)
child = supervisor.start(Program("child", [sys.executable, "-c", sys.argv[2]], os.environ, folder / "log"))
print(child.pid, flush=True)
while not stop.is_raised:
    time.sleep(0.05)
supervisor.stop()
print("stopped")
"""


@pytest.fixture
def supervising(tmp_path):
    command = [sys.executable, "-c", SUPERVISING, str(tmp_path), SLEEP]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_child_and_then_the_supervisor(supervising, number):
    child = int(supervising.stdout.readline())
    supervising.send_signal(number)
    assert supervising.communicate(timeout=60)[0] == "stopped\n"
    assert supervising.returncode == 0
    assert not is_alive(child)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_a_child_stops_even_when_its_supervisor_is_killed(supervising, tmp_path):
    child = int(supervising.stdout.readline())
    wait_until(lambda: (tmp_path / "log").read_text() == "up\n")
    supervising.kill()
    wait_until(lambda: not is_alive(child))
