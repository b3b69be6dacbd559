"""What a person's pages of notices show. Everything starts from the user."""

from typing import NamedTuple

from common.database import Columns, ask
from common.prepared import prepared_sql
from institutions.models import User
from notifications.models import Notice

PAGE_SIZE = 20
COUNT_CAP = 100


class Page(NamedTuple):
    """One page of notices, newest first; `next` is the notice to continue after, None at the end."""

    notices: list[Notice]
    next: Notice | None


# Every page asks for it.
_UNREAD = prepared_sql(
    lambda user_id: Notice.objects.of(User(pk=user_id)).unread().order_by().values("pk")[:COUNT_CAP]
)


def unread_columns(user: User) -> Columns:
    """unread_count, to be asked together with other things."""
    sql, parameters = _UNREAD(user.pk)
    return Columns(f"(SELECT count(*) FROM ({sql}) AS unread)", parameters)


def unread_count(user: User) -> int:
    """How many notices wait for `user`, counted up to COUNT_CAP (which then means "99+")."""
    ((count,),) = ask(unread_columns(user))
    return count


def page_of_notices(user: User, *, unread_only: bool, after: Notice | None) -> Page:
    """The page of `user`'s notices that follows `after` (None: the first). One statement."""
    notices = Notice.objects.of(user)
    if unread_only:
        notices = notices.unread()
    if after:
        notices = notices.older_than(after)
    rows = list(notices[: PAGE_SIZE + 1])
    return Page(rows[:PAGE_SIZE], rows[PAGE_SIZE - 1] if len(rows) > PAGE_SIZE else None)


def notice_of(user: User, pk: str | int | None) -> Notice | None:
    """`user`'s notice `pk`; None when there is none such, or `pk` is not even a number."""
    try:
        return Notice.objects.of(user).filter(pk=int(pk)).first()
    except (TypeError, ValueError):
        return None
