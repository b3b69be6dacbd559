#!/usr/bin/env bash
# Make .venv with the pinned requirements (skipped when unchanged), then become the command given, inside it.
#   ops/bootstrap.sh python -m ops.demo
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PYTHONUTF8=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
log=.data/bootstrap.log

fail() {
    echo "✗ $*" >&2
    exit 1
}

# Runs a command with its output in the log, showing that time passes; on failure shows the end of the log.
step() {
    local words=$1 started=$SECONDS child
    shift
    "$@" >>"$log" 2>&1 &
    child=$!
    trap 'kill "$child" 2>/dev/null; exit 130' INT TERM HUP
    if [ -t 1 ]; then
        while kill -0 "$child" 2>/dev/null; do
            printf '\r… %s %ss ' "$words" $((SECONDS - started))
            sleep 0.5
        done
        printf '\r'
    else
        echo "… $words"
    fi
    if ! wait "$child"; then
        tail -n 20 "$log" >&2
        fail "$words：失败。完整记录见 $log"
    fi
    trap - INT TERM HUP
    echo "✓ $words $((SECONDS - started)) s "
}

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14 python; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    fail "需要 Python 3.11 或更高版本（含 venv）。Debian/Ubuntu：sudo apt-get install python3 python3-venv；也可用 PYTHON=/路径/python3 指定。"
}

fingerprint() {
    { pwd && cat requirements.txt requirements-dev.txt constraints.txt; } | cksum
}

mkdir -p .data
stamp=.venv/.stamp
if [ "$(cat "$stamp" 2>/dev/null)" != "$(fingerprint)" ]; then
    # Two commands started at once on a fresh clone take turns.
    if command -v flock >/dev/null; then
        exec 9>.data/bootstrap.lock
        flock 9
    fi
    if [ "$(cat "$stamp" 2>/dev/null)" != "$(fingerprint)" ]; then
        python=$(find_python)
        : >"$log"
        rm -f "$stamp"
        if ! .venv/bin/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            step "创建 Python 环境 .venv（$("$python" --version)）" "$python" -m venv --clear .venv
        fi
        step "安装 Python 依赖（首次约 1 分钟）" \
            .venv/bin/python -m pip install --progress-bar off -r requirements-dev.txt -c constraints.txt
        fingerprint >"$stamp"
    fi
    exec 9>&-
fi
export PATH="$PWD/.venv/bin:$PATH" VIRTUAL_ENV="$PWD/.venv"
exec "$@"
