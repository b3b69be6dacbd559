"""Addresses of the ledger, so that every number leads to the rows behind it."""

from functools import cache
from urllib.parse import urlencode

from django.urls import reverse

from common.addresses import address


def ledger_url(**parameters: str) -> str:
    """The ledger with these parameters; empty ones are left out."""
    query = urlencode({name: value for name, value in parameters.items() if value})
    return f"{address('reports:ledger')}{'?' + query if query else ''}"


def figure_url(figure: str, **parameters: str) -> str:
    """The page that lists exactly the rows of a figure the ledger has no filter for; empty parameters are left out."""
    query = urlencode({"figure": figure} | {name: value for name, value in parameters.items() if value})
    return f"{address('reports:figure_rows')}?{query}"


def hazard_url(pk: int) -> str:
    """The page of a hazard; a list has thirty or more."""
    before, after = _around_number()
    return f"{before}{pk}{after}"


@cache
def _around_number() -> tuple[str, str]:
    before, _, after = reverse("hazards:detail", args=[0]).rpartition("0")
    return before, after
