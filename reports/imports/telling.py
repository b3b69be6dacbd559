"""Who hears of an import: the one who asked for it of each end, those concerned of theirs, once for a whole ledger."""

from collections import defaultdict

from django.db.models import Count, Q
from django.urls import reverse

from hazards.notices import roles_with
from institutions.enums import Capability
from institutions.models import Membership
from notifications import outbox
from notifications.outbox import Message
from reports.models import ImportedRow, ImportWithdrawal, LedgerImport


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


def _tell_places(
    request: LedgerImport, rows, place: str, capability: Capability, subject: str,
    body: str = "来自原台账《{}》，期限和责任人沿用原台账。", key: str = "",
) -> None:  # fmt: skip
    """One notice for each person at each place, with how many concern it."""
    counts = dict(
        rows.order_by()
        .values_list(f"hazard__{place}")
        .annotate(n=Count("pk"))
        .values_list(f"hazard__{place}", "n")
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
            body=body.format(request.filename),
            url=reverse("reports:ledger"),
            topic=f"import:{request.pk}",
            dedupe_key=f"import:{request.pk}:{column}{key}",
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


def topic_of(withdrawal: ImportWithdrawal) -> str:
    """The key under which what is said of a withdrawal is settled."""
    return f"withdrawal:{withdrawal.pk}"


def url_of(withdrawal: ImportWithdrawal) -> str:
    return reverse("reports:withdrawal", args=[withdrawal.pk])


def tell_deciders(withdrawal: ImportWithdrawal) -> None:
    """Officials of the authority that decides."""
    able = set(roles_with(Capability.REGISTER)) & set(roles_with(Capability.ISSUE))
    posts = Membership.objects.active().filter(authority=withdrawal.decider_id, role__in=able)
    users = set(posts.exclude(user=withdrawal.asked_by_id).values_list("user_id", flat=True))
    asker = f"{withdrawal.asked_by.name}（{withdrawal.asked_as.place.name}）"
    _say(withdrawal, users, "申请撤回导入，等待确认", f"{asker}：{withdrawal.reason}")


def tell_asker(withdrawal: ImportWithdrawal, subject: str, body: str) -> None:
    """Who asked, of how it was decided or ended."""
    _say(withdrawal, {withdrawal.asked_by_id}, subject, body)


def tell_withdrawn(withdrawal: ImportWithdrawal, counts: dict[str, int]) -> None:
    """Who asked; the houses and offices that had been told of hazards. What the import said before is settled."""
    outbox.settle(f"import:{withdrawal.of_id}")
    stay = f"，{counts['stay']} 条已有人办理，没有撤回" if counts["stay"] else ""
    tell_asker(
        withdrawal,
        f"导入已撤回：{counts['hazards']} 条隐患作废，{counts['past']} 条历史台账撤下{stay}",
        "同一份台账改正后可以重新导入。",
    )
    rows = ImportedRow.objects.filter(hazard__withdrawn_row__of=withdrawal)
    for place, capability, told in (
        ("institution", Capability.RECTIFY, rows.filter(hazard__issued_at__isnull=False)),
        ("supervising_authority", Capability.VERIFY, rows.filter(hazard__issued_at=None)),
    ):
        _tell_places(
            withdrawal.of, told, place, capability, "导入有误已撤回：{} 条隐患作废，不用再办",
            "来自原台账《{}》，导入有误。", f":{withdrawal.pk}",
        )  # fmt: skip


def _say(withdrawal: ImportWithdrawal, users: set[int], subject: str, body: str) -> None:
    outbox.notify(
        recipients=sorted(users),
        subject=subject,
        body=f"{body}\n文件：{withdrawal.of.filename}".strip(),
        url=url_of(withdrawal),
        topic=topic_of(withdrawal),
        dedupe_key=f"{topic_of(withdrawal)}:{withdrawal.stage}",
    )
