"""What decides about imports without the database."""

from datetime import timedelta

from institutions.actor import Actor
from institutions.enums import Capability

MOST_PENDING = 3  # imports of one person that a worker has yet to do
# Renewed with every lot of rows; the longest without are the parts of marking a large file, some 5 s of a processor.
LEASE = timedelta(seconds=120)
KEPT = timedelta(days=30)


class Refused(Exception):
    """An import that can't be; `words` are for the person."""

    def __init__(self, words: str):
        super().__init__(words)
        self.words = words


def refusal(by: Actor) -> str:
    """Why `by` may not import ledgers, in Chinese; '' when they may: officials who register and issue, in their scope."""
    if by.authority is None or by.scope.column is None:
        return "台账由民政部门导入。"
    if not (by.can(Capability.REGISTER) and by.can(Capability.ISSUE)):
        return "您的角色不能导入台账。"
    return ""
