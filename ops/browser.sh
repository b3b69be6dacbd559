#!/usr/bin/env bash
# What the browser tests need from Debian: installed when we are root, else said in one line.
#   ops/browser.sh required   stops when something is missing and cannot be installed
#   ops/browser.sh optional   only says so
set -euo pipefail
need=${1:-required}

missing=()
command -v chromium >/dev/null || missing+=(chromium)
[ -e /usr/lib/chromium/locales/zh-CN.pak ] || missing+=(chromium-l10n)
[ -n "$(fc-list :lang=zh 2>/dev/null)" ] || missing+=(fonts-noto-cjk)
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "… 安装浏览器测试所需的系统软件：${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    mkdir -p .data
    if apt-get update >.data/apt.log 2>&1 &&
        apt-get install -y --no-install-recommends "${missing[@]}" fontconfig >>.data/apt.log 2>&1; then
        echo "✓ 已安装 ${missing[*]}"
        exit 0
    fi
    tail -n 5 .data/apt.log >&2
fi
echo "✗ 浏览器测试还需要系统软件，请先安装：sudo apt-get install ${missing[*]}" >&2
[ "$need" = optional ]
