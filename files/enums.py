"""The fixed vocabularies of stored files."""

from django.db import models


class FileKind(models.TextChoices):
    IMAGE = "image", "照片"
    PDF = "pdf", "PDF 文件"


class TakenFrom(models.TextChoices):
    """Whom we believe about when a photo was taken."""

    EXIF = "exif", "照片自带"
    CLIENT = "client", "上传时申报"
    NONE = "none", "未知"


class Variant(models.TextChoices):
    """Which copy of a stored file is served."""

    FULL = "full", "原图"
    THUMB = "thumb", "缩略图"
