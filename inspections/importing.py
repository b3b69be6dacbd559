"""导入离线检查: what a zip holds goes the same way as what a phone sends, once everything about it was checked.

What can be taken in is, and stays; what can't is told with its words and all its text.
"""

import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404
from django.utils import timezone

from common.http import Conflict
from files.claims import Unclaimable
from files.refusals import Refused
from inspections import receiving, visit_queries
from inspections.actions import finishing
from inspections.actions.packets import bring_back
from inspections.enums import AnswerValue, VisitAct
from inspections.forms.records import RecordForm, SignForm
from inspections.imported import Imported, Left, Waiting, said, tell_what_is_missing
from inspections.models import ChecklistItem, Packet, Visit
from inspections.packet_zip import Packed, Unusable, changed, opened
from inspections.receiving import Bad
from institutions.actor import Actor
from institutions.models import Institution

_OPTIONAL = ("campaigns", "other_participants")


def bring_in(actor: Actor, file: IO[bytes], size: int) -> Imported:
    """Take in the zip; raises Unusable, with nothing written, when it isn't whole, ours, this person's and in time.

    A zip that was taken in before brings only the photos that wait since (Waiting), and changes nothing else.
    Decodes every new photo: do not call it inside a transaction.
    """
    with opened(file, size) as packed:
        packet = _packet(actor, packed)
        packed.check_photos()
        done = Imported(packet)
        if packet.last_sha256 == packed.sha256:
            done.is_repeated = True
            done.visit = visit_queries.page(actor).filter(uid=packet.visit_uid).first()
            if (waiting := Waiting.of(packet)).photos:
                _Bringing(actor, packed, done).rest(waiting)
            tell_what_is_missing(done, packed.body)
            return done
        _refuse_late(packet, packed.body)
        _Bringing(actor, packed, done).all()
        return done


# --- before anything is written ---------------------------------------------------------------------------------


def _packet(actor: Actor, packed: Packed) -> Packet:
    """The row of the kit this was made with, if it is this person's and nothing was changed since it was sealed."""
    found = Packet.objects.select_related("institution", "made_by").filter(uid=packed.body["packet"]).first()
    if found is None or not Institution.objects.visible_to(actor).filter(pk=found.institution_id).exists():
        raise Unusable("这不是本系统的检查包，或者不在您的辖区内。")
    if found.made_by_id != actor.user.pk:
        raise Unusable(f"这个检查包是{found.made_by.name}的，请由本人登录后上传。")
    seal = hmac.new(bytes(found.key), packed.raw, "sha256").hexdigest()
    is_whole = hmac.compare_digest(seal, packed.mac) and packed.body.get("digest") == found.digest
    if not is_whole or packed.body["visit"] != str(found.visit_uid):
        raise changed()
    return found


def _refuse_late(packet: Packet, body: dict) -> None:
    if packet.last_saved is not None and body["saved"] < packet.last_saved:
        raise Unusable("已上传过更新的一份，这一份没有登记。")
    if timezone.now() > packet.send_until:
        day = timezone.localdate(packet.send_until)
        raise Unusable(
            f"这个检查包只能上传到{day.year}年{day.month}月{day.day}日，已经过期。请到系统中重新开展检查。"
        )


# --- taking in --------------------------------------------------------------------------------------------------


class _Bringing:
    """One zip on its way in."""

    def __init__(self, actor: Actor, packed: Packed, done: Imported):
        self.actor, self.packed, self.body, self.done = actor, packed, packed.body, done
        self.record = {"checked_in_at": self.body.get("saved_at")} | self.body["record"]

    def all(self) -> None:
        self._people()
        arrival = self._arrival()
        if arrival is None:
            tell_what_is_missing(self.done, self.body)
            return
        self.visit = arrival.visit
        self._record(arrival)
        self._answers()
        self._each("findings", self._finding)
        self._each("photos", self._photo)
        self._each("signatures", self._signature)
        self._end(may_finish=True)

    def rest(self, waiting: Waiting) -> None:
        """The photos that wait since this zip was taken in, and the finish if they alone kept it."""
        with self._or_leave("照片", [("照片", f"{len(waiting.photos)} 张")]):
            self.visit = receiving.inspected(self.actor, self.done.packet.visit_uid)
            for row in self.body["photos"]:
                if row["id"] in waiting.photos:
                    self._photo(row)
            if set(self.done.waiting_photos) != waiting.photos:
                self._end(may_finish=waiting.may_finish, is_rest=True)

    def _end(self, *, may_finish: bool, is_rest: bool = False) -> None:
        may_finish = may_finish and self.done.is_only_waiting
        waiting = Waiting(frozenset(self.done.waiting_photos), may_finish)
        if may_finish or not is_rest:
            self._finish()
        bring_back(
            self.done.packet, by=self.actor, visit=self.visit, saved=self.body["saved"],
            sha256=self.packed.sha256, arrived=dict(self.done.arrived), left=len(self.done.left),
            waiting=waiting.as_data(), is_rest=is_rest,
        )  # fmt: skip
        self.done.visit = receiving.inspected(self.actor, self.visit.uid)

    def _arrival(self) -> receiving.Arrival | None:
        """The visit to write to. What it was opened with and can't be any more does not keep it from opening."""
        packet, given = self.done.packet, self.record | {"institution": self.done.packet.institution_id}
        for _ in range(2):
            try:
                return receiving.arrive(self.actor, packet.visit_uid, given)
            except Bad as bad:
                unusable = [name for name in bad.body.get("fields") or {} if name in _OPTIONAL]
                if not unusable or set(bad.body["fields"]) - set(unusable):
                    self.done.left.append(Left("开始检查", bad.sentences))
                    return None
                for name in unusable:
                    given.pop(name)
                    self._leave("开始检查时的内容", bad.body["fields"][name])
            except (Http404, PermissionDenied, Conflict) as error:
                self.done.left.append(Left("开始检查", [_words(error)]))
                return None
        return None

    def _people(self) -> None:
        """Who went along but can't be named as an inspector any more keeps nobody else from being named."""
        there = Visit.objects.visible_to(self.actor).filter(uid=self.done.packet.visit_uid).first()
        may_come = {user.pk for user in visit_queries.colleagues(self.actor, there)}
        named = self.record.get("inspectors")
        named = named if isinstance(named, list) else []
        self.record["inspectors"] = [pk for pk in map(receiving.key_of, named) if pk in may_come]
        if gone := len(named) - len(self.record["inspectors"]):
            words = f"有 {gone} 位同行人员现在不能列为检查人员，请在检查记录中核对。"
            self._leave("检查人员", [words])

    def _leave(self, what: str, why: list[str], texts=()) -> None:
        self.done.left.append(Left(what, list(why), list(texts)))

    @contextmanager
    def _or_leave(self, what: str, texts=(), *, photo: str = "") -> Iterator[None]:
        """Whatever refuses it: it is told, and the rest goes on."""
        try:
            yield
        except Bad as bad:
            self._leave(what, bad.sentences, texts)
        except (Http404, PermissionDenied, Conflict, Refused, Unclaimable) as error:
            waits = photo if isinstance(error, Refused) and error.is_passing else ""
            self.done.left.append(Left(what, [_words(error)], list(texts), waits))

    def _each(self, kind: str, take: Callable[[dict], None]) -> None:
        for row in self.body[kind]:
            take(row)

    def _record(self, arrival: receiving.Arrival) -> None:
        """Field by field; texts another person wrote meanwhile stay, and what was written on the phone is told."""
        record, labels = dict(self.record), RecordForm.base_fields
        others = self.visit.events.filter(act=VisitAct.EDIT).exclude(by=self.actor.user).exists()
        seen = "" if others else str(arrival.version)

        def told(names) -> list[tuple[str, str]]:
            return [(labels[n].label, receiving.text_of(record[n])) for n in names if n != "inspectors"]

        both = {}
        try:
            both = receiving.record(self.actor, arrival, record, seen=seen)
        except Bad as bad:
            for name, why in (bad.body.get("fields") or {}).items():
                self._leave("检查记录", why, told([name]))
                del record[name]
            with self._or_leave("检查记录", told(n for n in labels if record.get(n))):
                both = receiving.record(self.actor, arrival, record, seen=seen)
        except (PermissionDenied, Conflict) as error:
            self._leave("检查记录", [_words(error)], told(n for n in labels if record.get(n)))
        if both:
            self._leave("检查记录", ["另一位检查人员改过检查记录，以系统中的为准。"], told(both))

    def _answers(self) -> None:
        """Answers without a revision replace what stands, unless somebody else gave it."""
        others = self.visit.answers.exclude(updated_by=self.actor.user)
        theirs, rows = set(others.values_list("item", flat=True)), self.body["answers"]
        before = dict(self.visit.answers.values_list("item", "revision"))
        sent = [
            row | {"revision": 0} if row.get("revision") is None and _item(row) in theirs else row
            for row in rows
        ]
        why = {}
        with self._or_leave("答案", [("内容", f"{len(rows)} 项")]):
            outcome, wrong = receiving.answers(self.actor, self.visit, sent)
            for saved in outcome.saved:
                is_known = before.get(saved.item_id) == saved.revision
                (self.done.known if is_known else self.done.arrived)["answers"] += 1
                why[saved.item_id] = []
            why |= {refusal.given.item_id: [refusal.reason] for refusal in outcome.refused}
            self._leave_answers([row for row in rows if why.get(_item(row)) != []], why, wrong)

    def _leave_answers(self, rows: list[dict], why: dict[int, list[str]], wrong: list[str]) -> None:
        asked = ChecklistItem.objects.in_bulk({_item(row) for row in rows})
        values = dict(AnswerValue.choices)
        for row in rows:
            item, value = asked.get(_item(row)), receiving.text_of(row.get("value"))
            written = [("答案", values.get(value, value)), ("备注", receiving.text_of(row.get("note")))]
            self._leave(item.text if item else "检查项", why.get(_item(row)) or wrong, written)

    def _finding(self, row: dict) -> None:
        uid = receiving.uuid_of(row["uid"])
        with self._or_leave("问题", said(row)):
            before = self.visit.findings.filter(uid=uid).values_list("revision", flat=True).first()
            saved, _ = receiving.finding(self.actor, self.visit, uid, row)
            (self.done.known if saved.revision == before else self.done.arrived)["findings"] += 1

    def _photo(self, row: dict) -> None:
        about = next((f.get("description") for f in self.body["findings"] if f["uid"] == row["finding"]), "")
        name = receiving.text_of(row.get("name")) or "照片.jpg"
        if not self.visit.findings.filter(uid=row["finding"]).exists():
            self._leave(
                "照片", ["它所属的问题没有登记。"], [("文件", name), ("问题", receiving.text_of(about))]
            )
            return
        with (
            self._or_leave("照片", [("文件", name), ("问题", receiving.text_of(about))], photo=row["id"]),
            TemporaryFile() as file,
        ):
            for piece in self.packed.pieces(row["id"]):
                file.write(piece)
            size = file.tell()
            file.seek(0)
            _, is_new = receiving.photo(
                self.actor, self.visit, receiving.uuid_of(row["id"]), UploadedFile(file, name, None, size),
                finding=row["finding"], stage=row.get("stage"), taken_at=row.get("taken_at"), sha256=row["sha256"],
            )  # fmt: skip
            (self.done.arrived if is_new else self.done.known)["photos"] += 1

    def _signature(self, row: dict) -> None:
        uid, labels = receiving.uuid_of(row["id"]), SignForm.base_fields
        written = [
            (labels[n].label, receiving.text_of(row[n])) for n in ("name", "refusal_reason") if row.get(n)
        ]
        with self._or_leave("签名", written):
            is_known = self.visit.signatures.filter(uid=uid).exists()
            receiving.signature(self.actor, receiving.inspected(self.actor, self.visit.uid), uid, row)
            (self.done.known if is_known else self.done.arrived)["signatures"] += 1

    def _finish(self) -> None:
        """Only when nothing was left: what is finished can't be completed any more."""
        if not self.body.get("is_finished"):
            return
        if self.done.left:
            self.done.is_finished_later = self.done.is_only_waiting
            if not self.done.is_only_waiting:
                self._leave("完成检查", ["有内容没有登记。请先在系统中补上，再完成检查。"])
            return
        try:
            finishing.finish(self.visit, by=self.actor)
        except finishing.Incomplete as incomplete:
            self.done.lacks = incomplete.lacks
        except (PermissionDenied, Conflict) as error:
            self._leave("完成检查", [_words(error)])


def _words(error: Exception) -> str:
    if isinstance(error, Http404):
        return "系统中没有对应的内容，或它不在您的辖区内。"
    return getattr(error, "message", "") or str(error) or "您没有权限。"


def _item(row: dict) -> int:
    return receiving.key_of(row.get("item"))
