"""What decides about exports without the database."""

from datetime import timedelta

MOST_ROWS = 200_000
MOST_PENDING = 3  # files of one person that wait or are being made
# Renewed with every STEP of rows, so it need only cover the slowest of them; a dead worker's file is begun anew after it.
LEASE = timedelta(seconds=45)
STEP = 4000
KEPT = timedelta(days=7)
ORPHANED_AFTER = timedelta(days=1)


class Refused(Exception):
    """An export that can't be; `words` are for the person."""

    def __init__(self, words: str):
        super().__init__(words)
        self.words = words


def neutral(text: str) -> str:
    """`text` as a spreadsheet takes it for text: what could begin a formula gets an apostrophe in front."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠") else text
