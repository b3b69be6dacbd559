"""Who knocks: a token becomes an actor, or nobody; and every token has only so many requests.

The count stands in the token's own row, not in Redis: a request needs the database anyway, so that there is no case in
which the count is gone and the API would have to decide between serving everybody and serving nobody.
"""

import math
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection
from ninja.errors import AuthenticationError, AuthorizationError
from ninja.security import HttpBearer

from api.enums import Scope
from api.tokens import PREFIX, digest_of
from institutions.actor import Actor
from institutions.enums import Role
from institutions.models import Authority, Membership, User

LONGEST_TOKEN = 100

# Each request moves `busy_until` on by one share of a minute; it may run ahead of the clock by a burst and no more
# (GCRA). One statement: checked, counted and noted, or not there. The clock is the database's.
_ADMIT = """
WITH found AS (
    SELECT a.id, greatest(a.busy_until, statement_timestamp()) AS busy_from
    FROM api_access a
    JOIN institutions_membership m ON m.id = a.issued_as_id AND m.is_active
    JOIN institutions_user u ON u.id = m.user_id AND u.is_active
    WHERE a.digest = %(digest)s AND a.revoked_at IS NULL AND a.expires_at > statement_timestamp()
    FOR NO KEY UPDATE OF a
), judged AS (
    SELECT id, busy_from, extract(epoch FROM busy_from + %(share)s - statement_timestamp() - %(burst)s) AS wait FROM found
)
UPDATE api_access a
SET last_used_at = statement_timestamp(),
    busy_until = CASE WHEN wait <= 0 THEN busy_from + %(share)s ELSE a.busy_until END
FROM judged WHERE a.id = judged.id
RETURNING a.id, a.name, a.scopes, a.authority_id, judged.wait
"""


class TooMany(Exception):
    """The token has used up its requests; it may come again after so many `seconds`."""

    def __init__(self, seconds: int):
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True)
class Guest:
    """Another system, admitted: what it may read, as whom."""

    access_id: int
    scopes: frozenset[str]
    actor: Actor


def admit(token: str) -> Guest | None:
    """The guest behind a token; None for a token that is not in force. Counts as a request.

    Reads whatever an auditor (审计员) of the token's authority would see: the role that reads and never acts.
    Raises TooMany.
    """
    if not token.startswith(PREFIX) or len(token) > LONGEST_TOKEN:
        return None
    share = timedelta(minutes=1) / settings.API_REQUESTS_PER_MINUTE
    parameters = {"digest": digest_of(token), "share": share, "burst": settings.API_BURST * share}
    with connection.cursor() as cursor:
        cursor.execute(_ADMIT, parameters)
        row = cursor.fetchone()
    if row is None:
        return None
    pk, name, scopes, authority_id, wait = row
    if wait > 0:
        raise TooMany(math.ceil(wait))
    authority = Authority.objects.select_related("region").get(pk=authority_id)
    return Guest(pk, frozenset(scopes), actor_of(name, authority))


def actor_of(name: str, authority: Authority) -> Actor:
    """Somebody who is nobody: no row of users or posts stands behind it, so that it can do nothing but read."""
    user = User(name=name)
    return Actor(user, Membership(user=user, role=Role.AUDITOR, authority=authority))


class Token(HttpBearer):
    """`Authorization: Bearer …` and nothing else: a session's cookie admits nobody here."""

    def __init__(self, scope: Scope | None = None):
        super().__init__()
        self.scope = scope

    def authenticate(self, request, token):
        """The guest; sets `request.actor` for the log. Raises TooMany, or 403 where the token lacks the scope."""
        guest = admit(token)
        if guest is None:
            raise AuthenticationError(message="令牌无效、已到期或已吊销。")
        request.actor = guest.actor
        if self.scope and self.scope not in guest.scopes:
            raise AuthorizationError(
                message=f"令牌没有“{self.scope.label}”（{self.scope.value}）的读取范围。"
            )
        return guest
