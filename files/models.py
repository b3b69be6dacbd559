"""Stored files: what was sent, the clean copy that is served, and who sent it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from files import limits, names

from .enums import FileKind, TakenFrom

_SHA256 = r"^[0-9a-f]{64}$"
# "Not null" is said each time: a CHECK that comes out as NULL passes.
_IMAGE_FACTS = (
    Q(kind=FileKind.IMAGE, pages=None)
    & Q(width__isnull=False, width__gt=0, width__lte=limits.MAX_SIDE)
    & Q(height__isnull=False, height__gt=0, height__lte=limits.MAX_SIDE)
    & ~Q(thumb_name="")
)
_PDF_FACTS = Q(kind=FileKind.PDF, width=None, height=None, dhash=None, thumb_name="") & Q(
    pages__isnull=False, pages__gt=0, pages__lte=limits.MAX_PDF_PAGES
)


class StoredFileQuerySet(models.QuerySet):
    def unattached(self):
        """Uploaded, but no evidence refers to it yet."""
        return self.filter(is_attached=False)

    def unattached_of(self, user):
        """What `user` uploaded and may still use or remove."""
        return self.unattached().filter(uploaded_by=user)


class StoredFile(models.Model):
    """One upload of one person. Rows may share content: `name` and `thumb_name` are addressed by content.

    The place where a photo was taken is not stored at all: nothing in the product needs it yet, and a province
    would have to allow it first.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField("类型", max_length=10, choices=FileKind)
    original_sha256 = models.CharField("上传内容的 SHA-256", max_length=64, db_collation="C")
    original_size = models.PositiveIntegerField("上传字节数")
    sha256 = models.CharField("保存内容的 SHA-256", max_length=64, db_collation="C")
    size = models.PositiveIntegerField("保存字节数")
    width = models.PositiveSmallIntegerField("宽", null=True)
    height = models.PositiveSmallIntegerField("高", null=True)
    pages = models.PositiveSmallIntegerField("页数", null=True)
    display_name = models.CharField("文件名", max_length=limits.MAX_NAME_LENGTH)
    name = models.CharField(max_length=100, db_collation="C")
    thumb_name = models.CharField(max_length=100, blank=True, db_collation="C")
    original_name = models.CharField(max_length=100, blank=True, db_collation="C")  # kept, never served
    taken_at = models.DateTimeField("拍摄时间", null=True)
    taken_from = models.CharField("拍摄时间来源", max_length=10, choices=TakenFrom, default=TakenFrom.NONE)
    dhash = models.BigIntegerField("图像指纹", null=True)  # 64 bits, signed; null: no features to compare
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="上传人"
    )
    uploaded_at = models.DateTimeField("上传时间", auto_now_add=True)
    client_id = models.UUIDField(default=uuid.uuid4)  # a retry of the same upload says the same
    is_attached = models.BooleanField("已用作佐证", default=False)

    objects = StoredFileQuerySet.as_manager()

    class Meta:
        verbose_name = "文件"
        ordering = ["uploaded_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["uploaded_by", "client_id"], name="file_once_per_client_id"),
            models.CheckConstraint(name="file_image_or_pdf", condition=_IMAGE_FACTS | _PDF_FACTS),
            models.CheckConstraint(
                name="file_hashes", condition=Q(original_sha256__regex=_SHA256, sha256__regex=_SHA256)
            ),
            models.CheckConstraint(
                name="file_not_empty",
                condition=Q(size__gt=0, original_size__gt=0, original_size__lte=limits.MAX_UPLOAD_BYTES),
            ),
            models.CheckConstraint(name="file_named", condition=~Q(name="") & ~Q(display_name="")),
            models.CheckConstraint(
                name="file_taken_pair",
                condition=Q(taken_at=None, taken_from=TakenFrom.NONE)
                | Q(taken_at__isnull=False, taken_from__in=[TakenFrom.EXIF, TakenFrom.CLIENT]),
            ),
        ]
        indexes = [
            models.Index(fields=["original_sha256"], name="file_original_sha256"),
            # The search for near duplicates reads the latest fingerprints from here alone.
            models.Index(
                F("uploaded_at").desc(),
                name="file_latest_dhash",
                include=["dhash", "id"],
                condition=Q(is_attached=True, dhash__isnull=False),
            ),
            models.Index(fields=["uploaded_at"], name="file_unattached", condition=Q(is_attached=False)),
            # The janitor asks which content is still used.
            models.Index(fields=["name"], name="file_name"),
            models.Index(fields=["thumb_name"], name="file_thumb_name"),
            models.Index(
                fields=["original_name"], name="file_original_name", condition=Q(original_name__gt="")
            ),
        ]

    def __str__(self):
        return self.display_name

    @property
    def is_image(self) -> bool:
        return self.kind == FileKind.IMAGE

    @property
    def download_name(self) -> str:
        return names.download_name(self.display_name, self.kind)
