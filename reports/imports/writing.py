"""Writes judged rows: open ones become hazards of this system, ended ones 历史隐患. The caller's transaction."""

from hazards.actions.taking_over import Entry, take_over
from hazards.enums import Domain, Severity, Source
from institutions.actor import Actor
from reports.imports.fields import BY_NAME
from reports.imports.judging import Row
from reports.imports.values import Standing
from reports.models import ImportedRow, LedgerImport, PastHazard

_TOLD = ("status", "measures", "rectified_as", "submitted_on", "spent", "verified_by", "verified_on", "verdict",
         "closed_by", "closed_on", "remark")  # fmt: skip
_LONGEST_TOLD = 500


def write(lots: list[list[Row]], request: LedgerImport, *, by: Actor) -> None:
    """Write the rows of each lot. Raises what take_over() raises."""
    open_rows = [[row for row in lot if not row.is_past] for lot in lots]
    made = take_over(([_entry(row, request) for row in lot] for lot in open_rows), by=by)
    for rows, hazards in zip(open_rows, made, strict=True):
        ImportedRow.objects.bulk_create(
            ImportedRow(hazard=hazard, of=request, row=row.number, number=row.identity.number)
            for row, hazard in zip(rows, hazards, strict=True)
        )
    past = [_past(row, request, by) for lot in lots for row in lot if row.is_past]
    PastHazard.objects.bulk_create(past, batch_size=500)


def written(request: LedgerImport) -> dict[str, int]:
    """How many rows of this import are in the system, whichever attempt wrote them."""
    rows = ImportedRow.objects.filter(of=request)
    return {
        "issued": rows.filter(hazard__issued_at__isnull=False).count(),
        "good": rows.filter(hazard__issued_at=None).count(),
        "past": PastHazard.objects.filter(of=request).count(),
    }


def _entry(row: Row, request: LedgerImport) -> Entry:
    said = row.said
    issued = {}
    if row.is_issued:
        issued = {
            "due_on": row.days["due_on"],
            "responsible_person": said["responsible_person"],
            "interim_measures": said.get("interim_measures", ""),
            "officer_id": row.officer,
        }
    return Entry(
        uid=row.identity.uid,
        institution=row.institution,
        description=said["description"],
        location=said["location"],
        basis=said.get("basis", ""),
        found_on=row.days["found_on"],
        domain=Domain(row.meant["domain"]),
        severity=Severity(row.meant["severity"]),
        source=Source(row.meant["source"]),
        told=_told(row),
        data={"ledger": _kept(row, request)},
        **issued,
    )


def _told(row: Row) -> str:
    """What the first event says: from where, and how far it was there."""
    number = f"，原编号 {row.identity.number}" if row.identity.number else ""
    past = [f"{BY_NAME[name].label}：{row.said[name]}" for name in _TOLD if row.said.get(name)]
    told = f"由台账导入：第 {row.number} 行{number}。"
    if past:
        told += "原台账写明——" + "；".join(past) + "。以上由原台账记载，未经本系统办理。"
    return told if len(told) <= _LONGEST_TOLD else f"{told[: _LONGEST_TOLD - 1]}…"


def _kept(row: Row, request: LedgerImport) -> dict:
    """The row word for word, and which file it stood in."""
    return {
        "import": str(request.pk),
        "file": request.filename,
        "sha256": request.digest,
        "row": row.number,
        "cells": row.cells,
    }


def _past(row: Row, request: LedgerImport, by: Actor) -> PastHazard:
    ended_on = row.days.get("closed_on") or row.days.get("verified_on") or row.days.get("submitted_on")
    return PastHazard(
        uid=row.identity.uid,
        institution=row.institution,
        of=request,
        row=row.number,
        number=row.identity.number,
        description=row.said["description"],
        location=row.said["location"],
        domain=row.meant["domain"],
        severity=row.meant["severity"],
        found_on=row.days["found_on"],
        standing=Standing(row.standing).value,
        ended_on=ended_on,
        cells=row.cells,
        brought_by=by.authority,
    )
