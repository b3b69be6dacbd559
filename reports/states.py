"""The states the ledger is cut by: the six statuses, and the facts beside them people ask for by name."""

from dataclasses import dataclass
from datetime import date

from hazards.enums import OPEN_STATUSES, HazardStatus
from hazards.models.hazard import HazardQuerySet


@dataclass(frozen=True)
class State:
    """One tab of the ledger: the value of `state` in the address, its word, and the status it stands for."""

    value: str
    label: str
    status: str = ""

    def narrow(self, hazards: HazardQuerySet, today: date) -> HazardQuerySet:
        """The hazards of this state on `today`."""
        if self.status:
            return hazards.filter(status=self.status)
        if self.value == "open":
            return hazards.open()
        if self.value == "overdue":
            return hazards.overdue(today)
        if self.value == "valid":
            return hazards.exclude(status=HazardStatus.VOIDED)
        return hazards

    def count(self, counts: dict[str, int]) -> int:
        """How many are in this state, of the numbers of each status and of overdue ones."""
        if self.value in counts:
            return counts[self.value]
        statuses = set(HazardStatus.values)
        if self.value == "open":
            statuses = OPEN_STATUSES
        elif self.value == "valid":
            statuses -= {HazardStatus.VOIDED}
        return sum(counts[status] for status in statuses)


S = HazardStatus
ALL = State("", "全部")
OPEN = State("open", "在办")
OVERDUE = State("overdue", "已逾期")
# Not a tab: what the denominators of the dashboard are clicked down to.
VALID = State("valid", "未作废")


def _of(status: HazardStatus) -> State:
    return State(status.value, status.label, status.value)


TABS = (
    ALL, OPEN, _of(S.REGISTERED), _of(S.RECTIFYING), _of(S.AWAITING_VERIFICATION), _of(S.VERIFIED), OVERDUE,
    _of(S.CLOSED), _of(S.VOIDED),
)  # fmt: skip
STATES = {state.value: state for state in (*TABS, VALID)}
