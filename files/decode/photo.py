"""Decodes a JPEG, PNG or WebP and writes a clean JPEG and its thumbnail. See the package for the call."""

import io
import os
import warnings

# Only these decoders exist in this process; the JPEG one recognises MPO (two pictures in one) by itself.
from PIL import Image, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin

from files import limits
from files.decode.cage import Refusal, run

FORMATS = {"JPEG": JpegImagePlugin, "PNG": PngImagePlugin, "WEBP": WebPImagePlugin}
STILL_WITH_SEVERAL_FRAMES = {MpoImagePlugin.MpoImageFile.format}

_ORIENTATION, _EXIF_BLOCK, _TAKEN_AT, _TAKEN_AT_OFFSET = 0x0112, 0x8769, 0x9003, 0x9011
_T = Image.Transpose
_TURNS = {
    2: _T.FLIP_LEFT_RIGHT,
    3: _T.ROTATE_180,
    4: _T.FLIP_TOP_BOTTOM,
    5: _T.TRANSPOSE,
    6: _T.ROTATE_270,
    7: _T.TRANSVERSE,
    8: _T.ROTATE_90,
}
_FLAT = 6  # grey levels: below this a picture has no features to be recognised by


def decode(source: str, full: str, thumb: str, formats: tuple[str, ...] = tuple(FORMATS)) -> dict:
    """Write `full` (≤ 4096 px) and `thumb` (≤ 480 px, ≤ 25 KB) from `source`; return size, capture time, dHash."""
    Image.MAX_IMAGE_PIXELS = limits.MAX_PIXELS
    warnings.simplefilter("ignore")  # the pixel limit is enforced below, by us
    try:
        image = Image.open(source, formats=formats)
    except Image.DecompressionBombError:
        raise Refusal("too_many_pixels") from None
    _check_shape(image)
    exif = _exif(image)
    image = _small_and_upright(image, exif.get("orientation", 1))
    width, height = image.size
    _write(full, _jpeg(image, limits.JPEG_QUALITY))
    image.thumbnail((limits.THUMB_SIDE, limits.THUMB_SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
    _write(thumb, _thumbnail(image))
    return {
        "width": width,
        "height": height,
        "dhash": _dhash(image),
        "taken_at": exif.get("taken_at"),
        "taken_at_offset": exif.get("taken_at_offset"),
    }


def _check_shape(image: Image.Image) -> None:
    width, height = image.size
    if width * height > limits.MAX_PIXELS:
        raise Refusal("too_many_pixels")
    if max(width, height) > limits.MAX_SOURCE_SIDE:
        raise Refusal("side_too_long")
    if getattr(image, "n_frames", 1) != 1 and image.format not in STILL_WITH_SEVERAL_FRAMES:
        raise Refusal("animated")


def _exif(image: Image.Image) -> dict:
    """Orientation and capture time; anything else (place, camera, owner) is not even read. Bad EXIF is no EXIF."""
    try:
        tags = image.getexif()
        block = tags.get_ifd(_EXIF_BLOCK)
        return {
            "orientation": tags.get(_ORIENTATION, 1),
            "taken_at": _text(block.get(_TAKEN_AT)),
            "taken_at_offset": _text(block.get(_TAKEN_AT_OFFSET)),
        }
    except Exception:
        return {}


def _text(value) -> str | None:
    return value[:32] if isinstance(value, str) else None


def _small_and_upright(image: Image.Image, orientation: int) -> Image.Image:
    """RGB on white, at most 4096 px, turned as the camera was held. Decodes; raises OSError when cut short."""
    if image.mode.startswith("I"):  # 16-bit grey, which a plain conversion would clip to white
        image = image.convert("I").point(lambda level: level * (1 / 256)).convert("L")
    elif image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.new("RGB", layer.size, "white")
        image.paste(layer, mask=layer.getchannel("A"))
    elif image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("RGB")
    # JPEG: the decoder itself shrinks by 2, 4 or 8 where the picture is that much too large (draft mode).
    image.thumbnail((limits.MAX_SIDE, limits.MAX_SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
    image.load()
    if image.mode != "RGB":
        image = image.convert("RGB")
    if orientation in _TURNS:
        image = image.transpose(_TURNS[orientation])
    return image


def _jpeg(image: Image.Image, quality: int) -> bytes:
    image.info.clear()  # comments, profiles and XMP would otherwise be written again
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _thumbnail(image: Image.Image) -> bytes:
    """JPEG bytes of at most 25 KB: lower quality first, then a smaller picture."""
    for side in (limits.THUMB_SIDE, 360, 240, 120):
        smaller = image.copy()
        smaller.thumbnail((side, side))
        for quality in (78, 65, 50, 35):
            data = _jpeg(smaller, quality)
            if len(data) <= limits.THUMB_BYTES:
                return data
    raise Refusal("damaged")


def _dhash(image: Image.Image) -> int | None:
    """64-bit difference hash as a signed integer; None for a picture without features (a wall, darkness)."""
    grey = image.convert("L").resize((9, 8), Image.Resampling.BOX)
    low, high = grey.getextrema()
    if high - low < _FLAT:
        return None
    pixels, bits = grey.tobytes(), 0
    for row in range(8):
        for column in range(8):
            at = row * 9 + column
            bits = bits << 1 | (pixels[at] < pixels[at + 1])
    return bits - (1 << 64) if bits >> 63 else bits


def _write(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    run(decode)
