"""Was this photo, or nearly this photo, used before? Advice for the verifier, never a verdict."""

import uuid
from collections.abc import Iterable

from django.db import connection

from files.models import StoredFile

MAX_FOUND = 10
MAX_DISTANCE = 6  # of 64 bits
# Near duplicates are looked for among the latest photos only: the search reads every fingerprint in the window.
# Exact ones are found by index, however old.
NEAR_WINDOW = 50_000

_SQL = """
WITH wanted AS (
    SELECT id, original_sha256, dhash FROM files_storedfile WHERE id = ANY(%(ids)s)
), latest AS MATERIALIZED (
    SELECT id, dhash FROM files_storedfile
    WHERE is_attached AND dhash IS NOT NULL ORDER BY uploaded_at DESC LIMIT %(window)s
), alike AS (
    SELECT wanted.id AS of, other.id AS id, -1 AS distance
    FROM wanted JOIN files_storedfile other USING (original_sha256)
    WHERE other.is_attached
  UNION ALL
    SELECT wanted.id, latest.id, bit_count(latest.dhash::bit(64) # wanted.dhash::bit(64))
    FROM wanted JOIN latest ON bit_count(latest.dhash::bit(64) # wanted.dhash::bit(64)) <= %(distance)s
)
SELECT of, id FROM (
    SELECT of, id, min(distance) AS distance, row_number() OVER (PARTITION BY of ORDER BY min(distance), id) AS place
    FROM alike WHERE of <> id GROUP BY of, id
) AS ranked WHERE place <= %(most)s ORDER BY of, place
"""


def same_or_near(file: StoredFile) -> list[StoredFile]:
    """At most 10 other files used as evidence with the same content or nearly the same picture, the closest first.

    Same: equal bytes were sent, at any time. Near: fingerprints at most 6 of 64 bits apart, among the 50,000 latest
    photos. Scope is the caller's business: the hazards these belong to may be out of the reader's sight.
    """
    return same_or_near_many([file])[file.pk]


def same_or_near_many(files: Iterable[StoredFile]) -> dict[uuid.UUID, list[StoredFile]]:
    """`same_or_near` of each file, by its id, in two statements however many there are."""
    found = {file.pk: [] for file in files}
    if not found:
        return found
    parameters = {
        "ids": list(found),
        "window": NEAR_WINDOW,
        "distance": MAX_DISTANCE,
        "most": MAX_FOUND,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SQL, parameters)
        pairs = cursor.fetchall()
    others = StoredFile.objects.in_bulk({other for _, other in pairs})
    for of, other in pairs:
        if other in others:
            found[of].append(others[other])
    return found
