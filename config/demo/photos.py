"""The album: a few dozen drawn pictures, each taken in by the real intake, and the uploads made of them."""

import random
import uuid
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps

from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from config.demo.pictures import SCENES, Camera
from files import claims, intake
from files.enums import TakenFrom
from files.models import StoredFile
from institutions.actor import Actor
from institutions.models import User

PHOTOGRAPHER = "yanshi-photos"  # exists only while pictures are taken in
_SHARED_BEFORE, _SHARED_AFTER = 2, 1
# How long before the act a photo was taken: what was found first, what was mended (perhaps in the same visit) last, and
# before a visit's photos are uploaded, which is four minutes before its end.
_FOUND_MINUTES, _MENDED_MINUTES = range(18, 40), range(5, 12)
# What a stored picture says of its content; who uploaded it and when differs from row to row.
_CONTENT = (
    "kind", "original_sha256", "original_size", "sha256", "size", "width", "height", "dhash", "name", "thumb_name",
)  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """One drawn picture, once it has gone through the intake."""

    content: dict


def take_pictures(unique: Counter, rng: random.Random) -> dict[tuple[str, bool, bool], list[Picture]]:
    """Pictures by (scene, is mended, is unique): some shared ones of every scene, and as many `unique` as asked.

    `unique` counts by (scene, is mended). All are told apart by the fingerprint that finds reused photos. The
    intake works in threads with connections of their own, because it must not run inside the caller's transaction.
    """
    camera = Camera(rng)
    wanted = []
    for scene in SCENES:
        wanted += [(scene, False, False)] * _SHARED_BEFORE + [(scene, True, False)] * _SHARED_AFTER
        wanted += [(scene, ok, True) for ok in (False, True) for _ in range(unique[scene, ok])]
    drawn = [camera.take(scene, is_mended=is_mended) for scene, is_mended, _ in wanted]
    with ThreadPoolExecutor(2) as pool:
        photographer = pool.submit(_photographer).result()
        stored = list(pool.map(lambda jpeg: _take_in(jpeg, photographer), drawn))
        pool.submit(_dismiss, photographer).result()
    album = defaultdict(list)
    for key, picture in zip(wanted, stored, strict=True):
        album[key].append(picture)
    return album


def _on_own_connection(work):
    """`work` in a thread, leaving no connection behind."""

    @wraps(work)
    def run(*args):
        try:
            return work(*args)
        finally:
            connection.close()

    return run


@_on_own_connection
def _photographer() -> User:
    return User.objects.get_or_create(
        username=PHOTOGRAPHER, defaults={"name": "演示照片", "is_active": False}
    )[0]


@_on_own_connection
def _dismiss(photographer: User) -> None:
    photographer.delete()


@_on_own_connection
def _take_in(jpeg: bytes, by: User) -> Picture:
    """Through the real intake; the row goes again, its content stays for the rows made of it."""
    file = intake.receive(ContentFile(jpeg, name="演示.jpg"), by=by)
    claims.discard(file.pk, by=by)
    return Picture({name: getattr(file, name) for name in _CONTENT})


class Album:
    """Gives each act its photos: rows uploaded by the one who acts, shortly before."""

    def __init__(self, pictures: dict[tuple[str, bool, bool], list[Picture]], rng: random.Random):
        self._pictures, self._rng = pictures, rng

    def before(
        self, scene: str, at: datetime, by: Actor, count: int, *, is_unique: bool = False
    ) -> list[uuid.UUID]:
        """Photos of the finding, from the shared ones of the scene; or one that is used nowhere else."""
        if is_unique:
            return [self._upload(self._pictures[scene, False, True].pop(), at, by, _FOUND_MINUTES)]
        chosen = self._rng.sample(self._pictures[scene, False, False], count)
        return [self._upload(picture, at, by, _FOUND_MINUTES) for picture in chosen]

    def after(
        self, scene: str, at: datetime, by: Actor, *, is_unique: bool = False, is_mended: bool = True
    ) -> list[uuid.UUID]:
        """One photo of the repaired state: shared, or one that is used nowhere else.

        A round that was rejected shows it not quite mended, unless nobody may see the same photo twice.
        """
        if is_unique:
            return [self._upload(self._pictures[scene, True, True].pop(), at, by, _MENDED_MINUTES)]
        return [
            self._upload(self._rng.choice(self._pictures[scene, is_mended, False]), at, by, _MENDED_MINUTES)
        ]

    def again(self, hazard, at: datetime, by: Actor) -> list[uuid.UUID]:
        """The photo of the finding once more, as if it showed the repair: what the verifier is warned of."""
        found = hazard.evidence.select_related("file").first().file
        picture = Picture({name: getattr(found, name) for name in _CONTENT})
        return [self._upload(picture, at, by, _MENDED_MINUTES)]

    def _upload(self, picture: Picture, at: datetime, by: Actor, minutes: range) -> uuid.UUID:
        taken_at = at - timedelta(minutes=self._rng.choice(minutes))
        file = StoredFile.objects.create(
            id=self._uuid(),
            client_id=self._uuid(),
            display_name=f"IMG_{timezone.localtime(taken_at):%Y%m%d_%H%M%S}.jpg",
            taken_at=taken_at,
            taken_from=TakenFrom.EXIF,
            uploaded_by=by.user,
            **picture.content,
        )
        return file.pk

    def _uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self._rng.getrandbits(128), version=4)
