"""The quick search: the first hazards and institutions that answer, each list with a way to all of it."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django import forms
from django.urls import reverse, reverse_lazy

from hazards.models import Hazard
from hazards.numbers import read_number
from hazards.search import hazards_saying
from institutions.actor import Actor
from institutions.enums import InstitutionKind
from institutions.models import Institution
from institutions.regions import place_seen_from
from institutions.search import answering
from reports.hits import mark_institutions, mark_rows
from reports.ledger import COLUMNS, NAMES, row_shown
from reports.links import ledger_url

SHOWN = 8
SUGGESTED = 5


class SearchForm(forms.Form):
    """One box; nothing typed is nothing asked."""

    q = forms.CharField(
        label="隐患编号、问题、机构、地区或代码，可用拼音",
        max_length=60,
        required=False,
        error_messages={"max_length": "最多 60 个字。"},
        widget=forms.TextInput(
            attrs={
                "type": "search", "enterkeyhint": "search", "autocomplete": "off", "data-quiet": True,
                "hx-get": reverse_lazy("reports:suggest"), "hx-trigger": "input changed delay:300ms",
                "hx-target": "next .suggest", "hx-swap": "innerHTML",
            }
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class Found:
    """The first rows of one kind; `all_url` leads to the rest, empty when these are all."""

    rows: list[dict]
    all_url: str


def hazard_numbered(typed: str, actor: Actor) -> int | None:
    """Key of the hazard whose whole number (YH-2026-000123) was typed, when the actor may see it."""
    year, pk = read_number(typed) or (None, None)
    here = Hazard.objects.visible_to(actor).filter(pk=pk, found_on__year=year) if year else None
    return pk if here is not None and here.exists() else None


def hazards_found(typed: str, actor: Actor, today: date, most: int = SHOWN) -> Found:
    """The latest hazards in scope that answer `typed`, marked; at most three statements."""
    rows = Hazard.objects.visible_to(actor).filter(hazards_saying(typed, actor)).order_by("-found_on", "-id")
    found = [row_shown(row, actor, today) for row in rows.values(*COLUMNS, **NAMES)[: most + 1]]
    return Found(mark_rows(found[:most], typed), ledger_url(q=typed) if len(found) > most else "")


def institutions_found(typed: str, actor: Actor, most: int = SHOWN) -> Found:
    """The first institutions in scope that answer `typed`, those in use before others; at most two statements."""
    rows = answering(Institution.objects.visible_to(actor), typed)
    columns = ("id", "name", "kind", "address", "is_active", "city__name", "county__name", "township__name")
    found = list(rows.order_by("-is_active", "county__path", "name", "id").values(*columns)[: most + 1])
    url = f"{reverse('institutions:list')}?{urlencode({'q': typed})}" if len(found) > most else ""
    return Found(mark_institutions([_institution(row, actor) for row in found[:most]], typed), url)


def _institution(row: dict, actor: Actor) -> dict:
    return {
        "url": reverse("institutions:detail", args=[row["id"]]),
        "name": row["name"],
        "kind": InstitutionKind(row["kind"]).label,
        "place": place_seen_from(actor.level, row["city__name"], row["county__name"], row["township__name"]),
        "address": row["address"],
        "is_active": row["is_active"],
    }
