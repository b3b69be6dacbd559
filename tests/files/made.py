"""Photos and PDFs made in code: honest ones and hostile ones."""

import io
import random
import struct
import zlib

import pikepdf
import pillow_heif
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from files.intake import receive


def scene(seed: int = 1, size: tuple[int, int] = (800, 600)) -> Image.Image:
    """A picture with features of every size, the same for the same seed."""
    chance = random.Random(seed)
    image = Image.new("RGB", (16, 12))
    image.putdata([(chance.randrange(256),) * 3 for _ in range(16 * 12)])
    image = image.resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(40):
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        w, h = chance.randrange(size[0] // 8) + 1, chance.randrange(size[1] // 8) + 1
        draw.rectangle((x, y, x + w, y + h), fill=tuple(chance.randrange(256) for _ in range(3)))
    return image


def encoded(image: Image.Image, kind: str = "JPEG", **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def jpeg(seed: int = 1, size: tuple[int, int] = (800, 600), **options) -> bytes:
    return encoded(scene(seed, size), **{"quality": 88, **options})


def heic(seed: int = 1) -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(scene(seed)).save(out, quality=80)
    return out.getvalue()


def png_of_nothing(width: int, height: int, colour_type: int = 0, channels: int = 1) -> bytes:
    """A valid 8-bit PNG of zeros: a few KB that unpack to width × height × channels bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packer, packed, line = zlib.compressobj(9), [], bytes(1 + width * channels)
    for _ in range(height):
        packed.append(packer.compress(line))
    packed.append(packer.flush())
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"".join(packed)) + chunk(b"IEND", b"")
    )


def pdf(change=None, pages: int = 1, **options) -> bytes:
    """A PDF of empty pages, changed by `change(pdf)` before it is saved."""
    out = io.BytesIO()
    with pikepdf.new() as document:
        for _ in range(pages):
            document.add_blank_page()
        if change:
            change(document)
        # The same bytes each time; an encrypted file needs a random id.
        document.save(out, deterministic_id="encryption" not in options, **options)
    return out.getvalue()


def upload(content: bytes, name: str = "photo.jpg", content_type: str = "image/jpeg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type)


def stored(content: bytes, by, *, is_attached: bool = False, **options):
    """`content` taken in for `by`, as used evidence when `is_attached`."""
    file = receive(upload(content), by=by, **options)
    if is_attached:
        file.is_attached = True
        file.save(update_fields=["is_attached"])
    return file
