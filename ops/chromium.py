"""The system's Chromium, for browser tests and screenshots; no tool's own download."""

import shutil

# Without the background flags Chromium calls home at every start; a closed network answers each call with an error.
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=zh-CN",
]

# Its own words follow the system's language: without this, date fields say mm/dd/yyyy.
ENVIRONMENT = {"LANGUAGE": "zh_CN", "LANG": "zh_CN.UTF-8"}


def find_chromium() -> str | None:
    """Path of an installed Chromium or Chrome; None when there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path), None)
