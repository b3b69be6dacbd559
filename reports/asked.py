"""The rows somebody asked the ledger for, and the conditions in words: the same for screen, file and saved filter."""

from datetime import date

from hazards.models import Hazard
from institutions.actor import Actor
from reports.filters import LedgerFilter
from reports.paging import SORTS, Sort
from reports.states import ALL, STATES, State


class Asked:
    """One question to the ledger, within the actor's scope. `is_valid` first; then rows, state, sort and words."""

    def __init__(self, query: dict, actor: Actor, today: date):
        self.filters = LedgerFilter(query, Hazard.objects.visible_to(actor), actor=actor, today=today)
        self.actor, self.today = actor, today

    @property
    def is_valid(self) -> bool:
        return self.filters.is_valid()

    @property
    def state(self) -> State:
        return STATES[self.filters.form.cleaned_data["state"] or ""]

    @property
    def sort(self) -> Sort:
        return SORTS[self.filters.form.cleaned_data["sort"] or ""]

    @property
    def rows(self):
        """The hazards of the tab the person is on."""
        return self.state.narrow(self.filters.qs, self.today)

    @property
    def query(self) -> dict[str, str]:
        """What was asked, and nothing else: asking it again gives the same rows."""
        state = {"state": self.state.value} if self.state is not ALL else {}
        return state | self.filters.values

    @property
    def words(self) -> str:
        """The conditions as a person reads them; 全部 for none."""
        chosen = [words for _, words in filter_words(self.filters)]
        if self.state is not ALL:
            chosen.insert(0, f"状态：{self.state.label}")
        return "；".join(chosen)[:400] or "全部"


def filter_words(filters: LedgerFilter) -> list[tuple[str, str]]:
    """Name and words of each condition that narrows the rows; the sort does not."""
    said = []
    for name, value in filters.values.items():
        field = filters.form[name]
        choices = dict(getattr(field.field, "choices", ()))
        if name in ("q", "overdue"):
            said.append((name, f"查找：{value}" if name == "q" else field.label))
        elif name != "sort":
            said.append((name, f"{field.label}：{choices.get(value, value)}"))
    return said
