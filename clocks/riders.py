"""What apps above tell a person that can wait for the day's digest: in the app at once, by mail as a line of it.

Such a notice has an e-mail of its own that goes shortly after the digests would (`own_mail_at`). Where a digest takes the
notice along, that e-mail is dropped; whoever gets no digest that day is told by it. So nobody is told twice, or never.
"""

from datetime import date, datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone

from clocks.models import Digest
from clocks.schedule import is_workday, workday_from
from notifications.enums import Channel
from notifications.models import Delivery, Notice
from notifications.models.delivery import PENDING

DIGEST_AT = time(7, 30)  # Beijing; when the quiet hours of the night end
GRACE = timedelta(minutes=15)
SHOWN = 5
# What is said under these topics, by the beginning of the topic; apps above add theirs when they are loaded.
KINDS: dict[str, str] = {}


def ride(topic: str, label: str) -> None:
    """From now on notices whose topic begins so stand in digests, under this heading. They begin by `own_mail_at`."""
    KINDS[topic] = label


def own_mail_at(now: datetime) -> datetime:
    """When a notice of `now` (local) is mailed by itself, unless a digest took it along before."""
    today = now.date()
    is_still_to_come = now.time() < DIGEST_AT and is_workday(today)
    return _moment(today if is_still_to_come else workday_from(today, 1)) + GRACE


def _moment(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, DIGEST_AT))


def taken_along(user_ids: list[int], composed_at: datetime) -> dict[int, list[Notice]]:
    """What a digest composed at that moment has to say besides, by person, oldest first. One statement.

    What was told since the workday before, stands in no earlier digest, and is neither read nor settled by now.
    """
    since = _moment(workday_from(timezone.localdate(composed_at), -1))
    earlier = Digest.objects.filter(
        recipient=OuterRef("recipient"), composed_at__gte=OuterRef("created_at"), composed_at__lt=composed_at
    )
    rides = Q(pk__in=[])
    for beginning in KINDS:
        rides |= Q(topic__startswith=beginning)
    told = Notice.objects.filter(
        rides, recipient__in=user_ids, created_at__gt=since, created_at__lte=composed_at
    )
    found: dict[int, list[Notice]] = {}
    for notice in told.filter(~Exists(earlier), read_at=None, settled_at=None).order_by("created_at", "id"):
        found.setdefault(notice.recipient_id, []).append(notice)
    return found


def mail_no_more(notices: list[Notice]) -> None:
    """They stand in a digest that is mailed: their own e-mails are dropped, as far as nobody is sending them."""
    own = Delivery.objects.filter(PENDING, notice__in=notices, channel=Channel.EMAIL, leased_until=None)
    own.update(dropped_at=Now())


def words(notices: list[Notice]) -> str:
    """A paragraph of a digest; empty without any."""
    said = []
    for beginning, label in KINDS.items():
        subjects = [notice.subject for notice in notices if notice.topic.startswith(beginning)]
        if subjects:
            more = [f"另有 {len(subjects) - SHOWN} 项，请看站内消息。"] if len(subjects) > SHOWN else []
            said.append("\n　　".join([f"{label}：", *subjects[:SHOWN], *more]))
    return "\n\n".join(said)


def summary(notices: list[Notice]) -> str:
    """How many of each kind, for a subject; empty without any."""
    counts = {label: sum(n.topic.startswith(start) for n in notices) for start, label in KINDS.items()}
    return "、".join(f"{label} {count} 项" for label, count in counts.items() if count)
