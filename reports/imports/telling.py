"""Who hears of an import: the one who asked for it of each end, those concerned of theirs, once for a whole ledger."""

from collections import defaultdict

from django.db.models import Count, Q
from django.urls import reverse

from hazards.notices import roles_with
from institutions.enums import Capability
from institutions.models import Membership
from notifications import outbox
from notifications.outbox import Message
from reports.models import ImportedRow, LedgerImport


def count_words(counts: dict[str, int]) -> str:
    """What became of the rows, in words; kinds without any are left out."""
    said = (
        (counts.get("issued", 0), "{} 条进入整改"),
        (counts.get("good", 0), "{} 条待下发"),
        (counts.get("past", 0), "{} 条进历史台账"),
        (counts.get("here", 0), "{} 行已在库"),
        (counts.get("wrong", 0), "{} 行不正确"),
    )
    return "，".join(words.format(n) for n, words in said if n) or "没有行"


def tell_checked(request: LedgerImport, counts: dict[str, int]) -> None:
    _tell(request, "checked", f"台账已核对：{count_words(counts)}", "请确认是否导入。")


def tell_failed(request: LedgerImport, words: str) -> None:
    _tell(request, "failed", "台账没有导入", words)


def tell_done(request: LedgerImport, written: dict[str, int]) -> None:
    """The importer, the houses whose hazards are to be rectified, the offices that have some to issue."""
    _tell(request, "done", f"台账导入完成：{count_words(written)}", "")
    rows = ImportedRow.objects.filter(of=request)
    _tell_places(
        request, rows.filter(hazard__issued_at__isnull=False), "institution", Capability.RECTIFY,
        "台账导入：本机构有 {} 条隐患须整改",
    )  # fmt: skip
    _tell_places(
        request, rows.filter(hazard__issued_at=None), "supervising_authority", Capability.VERIFY,
        "台账导入：有 {} 条隐患待下发",
    )  # fmt: skip


def _tell_places(request: LedgerImport, rows, place: str, capability: Capability, subject: str) -> None:
    """One notice for each person at each place, with how many concern it."""
    counts = dict(
        rows.values_list(f"hazard__{place}").annotate(n=Count("pk")).values_list(f"hazard__{place}", "n")
    )
    column = "institution" if place == "institution" else "authority"
    posts = Membership.objects.active().filter(
        Q(**{f"{column}__in": counts}), role__in=roles_with(capability)
    )
    concerned = defaultdict(set)
    for user, at in posts.exclude(user=request.asked_by_id).values_list("user", column):
        concerned[user].add(at)
    outbox.notify_each(
        Message(
            recipient=user,
            subject=subject.format(sum(counts[at] for at in places)),
            body=f"来自原台账《{request.filename}》，期限和责任人沿用原台账。",
            url=reverse("reports:ledger"),
            topic=f"import:{request.pk}",
            dedupe_key=f"import:{request.pk}:{column}",
        )
        for user, places in sorted(concerned.items())
    )


def _tell(request: LedgerImport, what: str, subject: str, body: str) -> None:
    outbox.notify(
        recipients=[request.asked_by_id],
        subject=subject,
        body=f"{body}\n文件：{request.filename}".strip(),
        url=reverse("reports:import", args=[request.pk]),
        topic=f"import:{request.pk}",
        dedupe_key=f"import:{request.pk}:{what}:{request.changed_at.isoformat()}",
    )
