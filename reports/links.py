"""Addresses of the ledger, so that every number leads to the rows behind it."""

from functools import cache, lru_cache
from urllib.parse import quote_plus

from django.urls import reverse

from common.addresses import address

_quoted = lru_cache(maxsize=4096)(
    quote_plus
)  # a dashboard names the same few places, days and states by the hundred


def _query(parameters: dict[str, str]) -> str:
    """As urlencode, without the empty ones. The names are our own and need no quoting."""
    return "&".join(f"{name}={_quoted(str(value))}" for name, value in parameters.items() if value)


def ledger_url(**parameters: str) -> str:
    """The ledger with these parameters; empty ones are left out."""
    query = _query(parameters)
    return f"{address('reports:ledger')}{'?' + query if query else ''}"


def figure_url(figure: str, **parameters: str) -> str:
    """The page that lists exactly the rows of a figure the ledger has no filter for; empty parameters are left out."""
    return f"{address('reports:figure_rows')}?{_query({'figure': figure} | parameters)}"


def hazard_url(pk: int) -> str:
    """The page of a hazard; a list has thirty or more."""
    before, after = _around_number()
    return f"{before}{pk}{after}"


@cache
def _around_number() -> tuple[str, str]:
    before, _, after = reverse("hazards:detail", args=[0]).rpartition("0")
    return before, after
