"""The trace every act of this app leaves: names and posts as they were at that moment."""

from django.utils import timezone

from institutions.actor import Actor

COMMAND = "系统命令"


def trace_of(by: Actor | None, **fields) -> dict:
    """Fields of a Trace row for an act by `by`, or by a command (None)."""
    who = {"by": None, "by_name": COMMAND}
    if by is not None:
        who = {
            "by": by.user,
            "by_name": by.user.name,
            "by_role": by.role.value,
            "by_place": by.place_name,
        }
    return {"at": timezone.now()} | who | fields
