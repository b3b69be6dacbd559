"""The visit of a 专项行动 in which a hazard was found, as lines: finished, with its inspectors, finding and trace."""

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta

from config.generate.lives import Life
from hazards.enums import HazardAction
from inspections import visit_rules
from inspections.enums import FindingHandling, VisitAct, VisitStatus

COLUMNS = {
    "inspections_visit": (
        "id", "uid", "institution_id", "province_id", "city_id", "county_id", "township_id", "kind", "is_unannounced",
        "is_own", "is_crossing", "status", "created_at", "created_by_id", "checked_in_at", "checked_in_by_id",
        "finished_at", "finished_by_id", "cancel_reason", "other_participants", "place_note", "content", "problems",
        "handling", "person_in_charge", "refusal_reason", "version",
    ),
    "inspections_visit_campaigns": ("visit_id", "campaign_id"),
    "inspections_visit_inspectors": ("visit_id", "user_id"),
    "inspections_finding": (
        "id", "uid", "visit_id", "description", "location", "domain", "severity", "handling", "responsible_person",
        "interim_measures", "measures", "no_photo_reason", "department", "recurrence_of_id", "hazard_id", "revision",
        "found_at", "found_by_id", "updated_at",
    ),
    "inspections_judgement": (
        "finding_id", "standard", "version", "clause", "text", "situation_status", "needs_finding", "competent_body",
        "document_number", "participants", "opinion", "decided_at", "decided_by_id",
    ),
    "inspections_visitevent": (
        "visit_id", "act", "at", "by_id", "by_name", "by_role", "by_place", "comment", "data",
    ),
}  # fmt: skip
_ON_PAPER = "负责人已在纸质检查记录上签名，原件存档。"
_ANSWERS = hashlib.sha256(b"[[],[]]").hexdigest()  # of no answers and no photos, as the finish writes it down


def rows_of(life: Life, recurrence_of: int | None) -> Iterator[tuple[str, tuple]]:
    """Table and values of each line; nothing for what no campaign found. Keys are those of the hazard."""
    if life.drive is None:
        return
    pk, house, by, registered = life.ticket.pk, life.house, life.finder, life.acts[0].at
    began, found, ended = (registered - timedelta(minutes=n) for n in (70, 40, 0))
    colleague = life.colleague(by)
    handling = FindingHandling.FIXED if life.is_on_the_spot else FindingHandling.REGISTER
    problem = f"1. {life.where}：{life.finding.what}{'（反弹）' if recurrence_of else ''}"
    done = "当场整改 1 条。" if life.is_on_the_spot else "登记待下发 1 条。"
    yield "inspections_visit", (
        pk, life.drawn_uid(), house.pk, house.province, house.city, house.county, house.township, life.source.value,
        False, False, False, VisitStatus.FINISHED.value, began, by.pk, began, by.pk, ended, by.pk, "", "", "",
        visit_rules.content_words(None, (), ()), problem, done, house.head, _ON_PAPER, 3,
    )  # fmt: skip
    yield "inspections_visit_campaigns", (pk, life.drive.pk)
    for inspector in (by, colleague):
        yield "inspections_visit_inspectors", (pk, inspector.pk)
    on_the_spot = life.last(HazardAction.FIX_ON_THE_SPOT)
    yield "inspections_finding", (
        pk, life.uid, pk, life.finding.what, life.where, life.finding.domain.value, life.severity.value, handling.value,
        house.head if on_the_spot else "", "", on_the_spot.comment if on_the_spot else "", life.no_photo, "",
        recurrence_of, pk, 1, found, by.pk, ended,
    )  # fmt: skip
    if life.is_major:
        yield "inspections_judgement", (
            pk, "", "", "", "", "", False, "", "", f"{by.name}、{colleague.name}", "现场会商，一致判定为重大隐患", found,
            by.pk,
        )  # fmt: skip
    finished = {"answers": 0, "findings": [str(life.uid)], "sha256": _ANSWERS}
    for act, at, comment, data in (
        (VisitAct.CHECK_IN, began, "", {}), (VisitAct.FINDING, found, life.finding.what, {}),
        (VisitAct.FINISH, ended, done, finished),
    ):  # fmt: skip
        text = json.dumps(data, ensure_ascii=False)
        yield "inspections_visitevent", (pk, act.value, at, by.pk, by.name, by.role, by.place, comment, text)
