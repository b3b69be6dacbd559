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


def find_chromium() -> str | None:
    """Path of an installed Chromium or Chrome; None when there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path), None)
