"""Stories as lines of COPY: the hazard, its chained events, plan and rounds."""

import json
from collections import defaultdict
from datetime import date, datetime

from config.generate import visits
from config.generate.cast import Person, World
from config.generate.lives import Act, Life, Ticket, live
from hazards import audit
from hazards.deadlines import REPORT_EVERY_DAYS
from hazards.enums import ExtensionOutcome
from hazards.enums import HazardAction as A
from hazards.enums import HazardStatus as S

HAZARD = (
    "id", "uid", "institution_id", "province_id", "city_id", "county_id", "township_id", "supervising_authority_id",
    "description", "location", "domain", "severity", "source", "basis", "found_on", "no_photo_reason",
    "is_fixed_on_the_spot", "is_self_reported", "recurrence_of_id", "status", "round", "due_on", "responsible_person",
    "interim_measures", "supervising_officer_id", "closing_region_id", "registered_at", "registered_by_id", "issued_at",
    "issued_by_id", "submitted_at", "submitted_by_id", "verified_at", "verified_by_id", "closed_at", "closed_by_id",
    "void_requested_at", "void_requested_by_id", "voided_at", "voided_by_id", "void_reason", "status_changed_at",
    "event_count", "event_head", "extension_region_id", "supervised_region_id", "awaits_department",
)  # fmt: skip
COLUMNS = {
    "hazards_hazard": HAZARD,
    "hazards_hazardevent": (
        "hazard_id", "seq", "action", "from_status", "to_status", "at", "by_id", "by_name", "by_role", "by_place",
        "comment", "data", "algorithm", "previous_hash", "hash",
    ),
    "hazards_rectificationplan": (
        "hazard_id", "measures", "responsible_person", "funds", "finish_on", "contingency", "saved_at", "saved_by_id",
    ),
    "hazards_rectificationsubmission": (
        "id", "hazard_id", "round", "measures", "submitted_at", "submitted_by_id",
    ),
    "hazards_verification": (
        "id", "submission_id", "outcome", "opinion", "is_cause_found", "is_rectified", "is_satisfactory", "new_due_on",
        "submitted_by_id", "verified_at", "verified_by_id",
    ),
    "hazards_closure": (
        "verification_id", "outcome", "opinion", "new_due_on", "verified_by_id", "decided_at", "decided_by_id",
    ),
    "hazards_extensionrequest": (
        "id", "hazard_id", "round", "case", "reason", "interim_measures", "old_due_on", "proposed_due_on", "requested_at",
        "requested_by_id", "decide_by", "outcome", "opinion", "new_due_on", "decided_at", "decided_by_id",
    ),
    "hazards_supervisionorder": (
        "id", "hazard_id", "authority_id", "level", "supervising_unit", "document_number", "requirements", "due_on",
        "plan_due_on", "report_every_days", "next_report_on", "is_public", "placed_at", "placed_by_id", "state",
        "end_opinion", "ended_at", "ended_by_id",
    ),
    "hazards_progressreport": (
        "order_id", "progress", "next_steps", "was_due_on", "reported_at", "reported_by_id",
    ),
    "hazards_transfer": (
        "id", "hazard_id", "department", "recipient", "from_authority_id", "document_number", "letter", "due_on",
        "sent_at", "sent_by_id", "state", "outcome", "receipt_number", "answer", "end_reason", "ended_at", "ended_by_id",
    ),
    **visits.COLUMNS,
}  # fmt: skip
_ROUNDS = 10  # room for the keys of one hazard's rounds
_NOTHING = r"\N"


def _text(value) -> str:
    if value is None:
        return _NOTHING
    if value is True or value is False:
        return "t" if value else "f"
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value).replace("\\", "\\\\")


def _pair(act: Act | None) -> tuple[datetime | None, int | None]:
    return (act.at, act.by.pk) if act else (None, None)


class Writer:
    """Collects the lines of some stories, by table."""

    def __init__(self, world: World, now: datetime, algorithm: str):
        self._world, self._now, self._algorithm = world, now, algorithm
        self._lines = defaultdict(list)

    def write(self, ticket: Ticket) -> None:
        """The whole of one hazard."""
        life = live(self._world, ticket, self._now)
        if not life.acts:  # found today, after now
            return
        recurrence_of = self._came_back(life)
        self._hazard(life, self._events(life), recurrence_of)
        self._plan(life)
        for row in life.rounds:
            self._round(life, *row)
        self._extension(life)
        self._order(life)
        self._transfer(life)
        for table, values in visits.rows_of(life, recurrence_of):
            self._line(table, *values)

    def text(self) -> dict[str, str]:
        """What COPY reads, by table."""
        return {table: "".join(lines) for table, lines in self._lines.items()}

    def _line(self, table: str, *values) -> None:
        self._lines[table].append("\t".join(map(_text, values)) + "\n")

    def _events(self, life: Life) -> str:
        """Writes the chain; returns its head."""
        head, before = "", ""
        for seq, act in enumerate(life.acts, start=1):
            by: Person = act.by
            facts = {
                "seq": seq, "action": act.action.value, "from_status": before, "to_status": act.status.value,
                "at": act.at, "by": by.pk, "by_name": by.name, "by_role": by.role, "by_place": by.place,
                "comment": act.comment, "data": act.data,
            }  # fmt: skip
            previous, head = head, audit.event_hash(self._algorithm, head, life.uid, facts)
            self._line(
                "hazards_hazardevent", life.ticket.pk, seq, act.action.value, before, act.status.value, act.at,
                by.pk, by.name, by.role, by.place, act.comment, json.dumps(act.data, ensure_ascii=False),
                self._algorithm, previous, head,
            )  # fmt: skip
            before = act.status.value
        return head

    def _hazard(self, life: Life, head: str, recurrence_of: int | None) -> None:
        house, finding, ticket, first = life.house, life.finding, life.ticket, life.acts[0]
        # A round that began after a rejection has nothing of its own yet: only the last round's facts stand.
        current = life.rounds[-1] if life.rounds and life.rounds[-1].number == life.round else None
        submitted = current and current.submitted
        accepted = current.verified if current and life.status in (S.VERIFIED, S.CLOSED) else None
        issued = life.last(A.ISSUE, A.FIX_ON_THE_SPOT)
        voided, requested = life.last(A.VOID), life.last(A.REQUEST_VOID)
        closed = life.last(A.CLOSE)
        officer = issued.by.pk if issued and not (life.is_on_the_spot and life.is_self_reported) else None
        moved = next(
            act for act, before in zip(reversed(life.acts), [*reversed(life.acts[:-1]), None], strict=True)
            if before is None or before.status != act.status
        )  # fmt: skip
        self._line(
            "hazards_hazard", ticket.pk, life.uid, house.pk, house.province, house.city, house.county, house.township,
            house.authority, finding.what, life.where, finding.domain.value, life.severity.value, life.source.value,
            life.basis, ticket.day, life.no_photo, life.is_on_the_spot, life.is_self_reported,
            recurrence_of, life.status.value, life.round, life.due_on, house.head if issued else "", "",
            officer, life.closing_region if accepted else None, *_pair(first), *_pair(issued), *_pair(submitted),
            *_pair(accepted), *_pair(closed), *_pair(requested), *_pair(voided), voided.comment if voided else
            (requested.comment if requested else ""), moved.at, len(life.acts), head,
            life.extension.region if life.extension and not life.extension.outcome else None,
            life.order.region if life.order and not life.order.ended else None,
            life.sent is not None and life.sent.ended is None,
        )  # fmt: skip

    def _came_back(self, life: Life) -> int | None:
        """The earlier hazard this one is the return of, where that one was closed before."""
        earlier = life.ticket.earlier
        if earlier is None:
            return None
        before = live(self._world, earlier, self._now)
        is_over = before.acts and before.status == S.CLOSED and before.acts[-1].at < life.acts[0].at
        return earlier.pk if is_over else None

    def _plan(self, life: Life) -> None:
        if plan := life.plan:
            finish_on = date.fromisoformat(plan.data["finish_on"])
            self._line(
                "hazards_rectificationplan", life.ticket.pk, life.finding.plan, life.house.head, life.funds, finish_on,
                life.finding.contingency, plan.at, plan.by.pk,
            )  # fmt: skip

    def _round(
        self, life: Life, number: int, submitted: Act, verified: Act | None, decided: Act | None
    ) -> None:
        key = life.ticket.pk * _ROUNDS + number
        self._line(
            "hazards_rectificationsubmission", key, life.ticket.pk, number, submitted.comment, submitted.at,
            submitted.by.pk,
        )  # fmt: skip
        if verified is None:
            return
        is_good = verified.action == A.ACCEPT
        self._line(
            "hazards_verification", key, key, "accepted" if is_good else "rejected", verified.comment, is_good,
            is_good, is_good, verified.data.get("due_on"), submitted.by.pk, verified.at, verified.by.pk,
        )  # fmt: skip
        if decided is None:
            return
        is_closed = decided.action == A.CLOSE
        self._line(
            "hazards_closure", key, "closed" if is_closed else "returned", decided.comment,
            decided.data.get("due_on"), verified.by.pk, decided.at, decided.by.pk,
        )  # fmt: skip

    def _extension(self, life: Life) -> None:
        if (request := life.extension) is None:
            return
        is_granted = request.outcome == ExtensionOutcome.APPROVED
        is_said = request.outcome in (ExtensionOutcome.APPROVED, ExtensionOutcome.REFUSED)
        asked = request.asked
        self._line(
            "hazards_extensionrequest", life.ticket.pk, life.ticket.pk, 1, request.case.value, asked.comment,
            asked.data["interim_measures"], request.old_due_on, request.proposed, asked.at, asked.by.pk,
            request.decide_by, request.outcome, request.decided.comment if is_said else "",
            request.proposed if is_granted else None, *_pair(request.decided),
        )  # fmt: skip

    def _order(self, life: Life) -> None:
        if (order := life.order) is None:
            return
        placed = order.placed
        self._line(
            "hazards_supervisionorder", life.ticket.pk, life.ticket.pk, self._world.authorities[order.region],
            order.level.value, placed.by.place, order.number, placed.comment, order.due_on, order.plan_due_on,
            REPORT_EVERY_DAYS, order.next_report_on, False, placed.at, placed.by.pk, order.state.value,
            order.ended.comment if order.ended else "", *_pair(order.ended),
        )  # fmt: skip
        for act, was_due_on in order.reports:
            self._line(
                "hazards_progressreport", life.ticket.pk, act.comment, act.data["next_steps"], was_due_on, act.at,
                act.by.pk,
            )  # fmt: skip

    def _transfer(self, life: Life) -> None:
        if (sent := life.sent) is None:
            return
        answer, act = sent.answer, sent.act
        self._line(
            "hazards_transfer", life.ticket.pk, life.ticket.pk, sent.department.value, sent.recipient,
            life.house.authority, sent.number, sent.letter, sent.due_on, act.at, act.by.pk, sent.state.value,
            answer.get("outcome", ""), answer.get("receipt_number", ""), answer.get("answer", ""),
            "隐患已销号。" if sent.ended and not answer else "", *_pair(sent.ended),
        )  # fmt: skip
