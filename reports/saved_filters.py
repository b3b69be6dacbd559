"""Saved filters: kept, shared, forgotten; and telling people of rows that match anew."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from clocks import riders
from hazards.models import Hazard
from hazards.numbers import number_of
from institutions.actor import Actor, actor_in
from institutions.models import Membership
from notifications import outbox
from notifications.reading import mark_topic_read
from reports.asked import Asked
from reports.filters import LedgerFilter
from reports.models import FilterAlert, SavedFilter

MOST_KEPT = 50
MOST_MATCHES = 10_000  # an alert over more would tell of something every time
NAMED = 5
TOPIC = "filter-alert:"  # how the topics of alerts begin: they ride in the day's digest (reports.apps)
LOOK_EVERY = timedelta(minutes=10)

# One statement however many rows match: those not seen before are remembered, and only they come back.
_SEE = """
INSERT INTO reports_filtermatch (alert_id, hazard_id)
SELECT %s, matching.id FROM ({matching}) AS matching (id)
WHERE NOT EXISTS (
    SELECT FROM reports_filtermatch seen WHERE seen.alert_id = %s AND seen.hazard_id = matching.id
)
ON CONFLICT DO NOTHING
RETURNING hazard_id
"""


@transaction.atomic
def keep(
    asked: Asked, *, by: Actor, name: str, is_shared: bool = False, is_alerting: bool = False
) -> SavedFilter:
    """Keep what was `asked` (valid) under a name, in the actor's post.

    Raises ValidationError (by field) for a name used twice, too many, nothing to share with or too much to tell of.
    """
    if is_shared and not by.authority:
        raise ValidationError({"is_shared": "机构岗位保存的条件只供本人使用。"})
    if SavedFilter.objects.filter(kept_as=by.membership).count() >= MOST_KEPT:
        raise ValidationError(f"最多保存 {MOST_KEPT} 个常用条件，请先删除不用的。")
    shared_with = by.authority if is_shared else None
    try:
        with transaction.atomic():
            kept = SavedFilter.objects.create(
                name=name, query=asked.query, kept_as=by.membership, shared_with=shared_with
            )
    except IntegrityError as error:
        raise ValidationError({"name": "您已有同名的常用条件，请换一个名称。"}) from error
    if is_alerting:
        alert(kept, by=by)
    return kept


def _own(kept: SavedFilter, by: Actor) -> SavedFilter:
    if kept.kept_as_id != by.membership.pk:
        raise PermissionDenied("只有保存的人可以共享或删除这个条件。")
    return kept


def share(kept: SavedFilter, *, by: Actor) -> None:
    """Everybody of the keeper's authority sees it. Raises PermissionDenied for anybody else, and at institutions."""
    if not by.authority:
        raise PermissionDenied("机构岗位保存的条件只供本人使用。")
    SavedFilter.objects.filter(pk=_own(kept, by).pk).update(shared_with=by.authority)


@transaction.atomic
def unshare(kept: SavedFilter, *, by: Actor) -> None:
    """Only the keeper sees it; alerts of others end. Raises PermissionDenied for anybody else."""
    SavedFilter.objects.filter(pk=_own(kept, by).pk).update(shared_with=None)
    _end(FilterAlert.objects.filter(filter=kept).exclude(told_as=by.membership))


@transaction.atomic
def forget(kept: SavedFilter, *, by: Actor) -> None:
    """Delete it with its alerts. Raises PermissionDenied for anybody but the keeper."""
    _end(FilterAlert.objects.filter(filter=_own(kept, by)))
    kept.delete()


def _end(alerts) -> None:
    """No more notices, and those not read yet stop counting: what they lead to may be gone."""
    ids = list(alerts.order_by("pk").select_for_update().values_list("pk", flat=True))
    outbox.settle(*(said(pk) for pk in ids for said in (topic, fault_topic)))
    FilterAlert.objects.filter(pk__in=ids).delete()


def topic(alert_id: int) -> str:
    """The key under which the notices of one alert are settled."""
    return f"{TOPIC}{alert_id}"


def fault_topic(alert_id: int) -> str:
    """The key under which it is said that an alert has gone quiet."""
    return f"filter-fault:{alert_id}"


@transaction.atomic
def seen(kept: SavedFilter, *, by: Actor) -> None:
    """The person looks at the rows now, on whatever way they came: what they were told of them is read."""
    for pk in FilterAlert.objects.filter(filter=kept, told_as=by.membership).values_list("pk", flat=True):
        mark_topic_read(by.user, topic(pk))


@transaction.atomic
def alert(kept: SavedFilter, *, by: Actor) -> None:
    """Tell this post of rows that match from now on; those that match already are known. May be repeated.

    Raises ValidationError when so many match that a notice would say nothing.
    """
    asked = Asked(kept.query, by, timezone.localdate())
    if not asked.is_valid:
        raise ValidationError("原来的条件已不适用，请重新查询并保存。")
    if asked.rows.order_by()[: MOST_MATCHES + 1].count() > MOST_MATCHES:
        raise ValidationError(f"符合条件的超过 {MOST_MATCHES // 10000} 万条，请加上条件后再开启提醒。")
    made, is_new = FilterAlert.objects.get_or_create(filter=kept, told_as=by.membership)
    if is_new:
        _see(made, asked)
        FilterAlert.objects.filter(pk=made.pk).update(looked_at=Now())


@transaction.atomic
def silence(kept: SavedFilter, *, by: Actor) -> None:
    """No more notices to this post; nothing happens when there were none."""
    _end(FilterAlert.objects.filter(filter=kept, told_as=by.membership))


def look() -> int:
    """Tell of rows that match anew, for every alert not looked at for LOOK_EVERY; how many were looked at.

    Safe to run at any time in any number of copies: what was seen and the notice of it are one transaction.
    """
    count = 0
    while _look_at_one():
        count += 1
    return count


@transaction.atomic
def _look_at_one() -> bool:
    due = Q(looked_at=None) | Q(looked_at__lt=Now() - LOOK_EVERY)
    found = (
        FilterAlert.objects.filter(due)
        .select_related("filter")
        .order_by(F("looked_at").asc(nulls_first=True), "id")
        .select_for_update(skip_locked=True, of=("self",))
        .first()
    )
    if found is None:
        return False
    actor = actor_in(found.told_as_id)
    if actor and actor.may_view_hazards:
        asked = Asked(found.filter.query, actor, timezone.localdate())
        fault = fault_of(asked, found.filter.query)
        _keep_fault(found, actor.membership, fault)
        if not fault and (new := _see(found, asked)):
            _tell(found, actor.membership, new)
    FilterAlert.objects.filter(pk=found.pk).update(looked_at=Now())
    return True


def fault_of(asked: Asked, query: dict[str, str]) -> str:
    """Which conditions can't be asked any more, by name, because their place or campaign is gone; empty when all can.

    Also a place that lies elsewhere now: the ledger leaves it out and says so, an alert would tell of rows nobody meant.
    """
    form, is_valid = asked.filters.form, asked.is_valid
    if is_valid and not asked.filters.places.notices:
        return ""
    gone = [name for name in query if name in form.errors or name not in asked.filters.data]
    labels = [
        str(LedgerFilter.base_filters[name].label) for name in gone if name in LedgerFilter.base_filters
    ]
    return "、".join(labels)[:60] or "条件"


def _keep_fault(alert: FilterAlert, post: Membership, fault: str) -> None:
    """Write down that it has gone quiet, or that it works again; whoever it is for hears of it once. Its row is locked."""
    if bool(fault) == bool(alert.fault):
        return
    FilterAlert.objects.filter(pk=alert.pk).update(fault=fault, fault_at=Now() if fault else None)
    outbox.settle(fault_topic(alert.pk))
    if fault:
        outbox.notify(
            recipients=[post.user_id],
            subject=f"常用条件“{alert.filter.name}”已失效，不再提醒",
            body=f"条件里的“{fault}”已经找不到：地区可能已撤并，行动可能已取消。\n"
            "请在隐患台账重新查好条件，另存为常用条件并开启提醒，再删除或关闭失效的这个。",
            url=reverse("reports:filters"),
            topic=fault_topic(alert.pk),
        )


def _see(alert: FilterAlert, asked: Asked) -> list[int]:
    """Ids of the matching hazards this alert had not seen, which it has now."""
    matching, parameters = asked.rows.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_SEE.format(matching=matching), [alert.pk, *parameters, alert.pk])
        return sorted(row[0] for row in cursor.fetchall())


def _tell(alert: FilterAlert, post: Membership, new: list[int]) -> None:
    rows = Hazard.objects.filter(pk__in=new).order_by("-id").values_list("found_on", "id", "description")
    lines = [f"{number_of(found_on, pk)} {description}" for found_on, pk, description in rows[:NAMED]]
    if len(new) > NAMED:
        lines.append(f"……共 {len(new)} 条")
    now = timezone.localtime()
    outbox.notify(
        recipients=[post.user_id],
        at=now,
        not_sent_before=riders.own_mail_at(now),
        subject=f"“{alert.filter.name}”新增 {len(new)} 条隐患",
        body="\n".join(lines),
        url=reverse("reports:open_filter", args=[alert.filter_id]),
        topic=topic(alert.pk),
        dedupe_key=f"{topic(alert.pk)}:{new[-1]}:{len(new)}",
    )
