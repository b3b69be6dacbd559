"""The camera: draws a scene as somebody might have photographed it, so that no two are taken for the same photo."""

import base64
import io
import random
import zlib

from PIL import Image, ImageChops

from config.demo.scenes import SCENES
from config.demo.sheet import SCALE, H, Sheet, W

__all__ = ["SCENES", "Camera"]

_SIZE = (960, 720)
_QUALITY = 80
_APART = 9  # bits of 64 between any two pictures; the product warns of 6 and fewer
_ATTEMPTS = 200
# 演示图片, as a bitmap: a fresh machine has no Chinese font.
_CAPTION = (
    (108, 28),
    (
        "c-mFaK}y6h6b9fIg2aVb-MJ9!5nL85^eP@9WrTJ$O=m!tb0HUzS<E#OdV$Jp1k3!smrfD02_G-{dHkdtEvKX#y-0<UO6?U8I-qCC^{4!wE&%yxpR`"
        "DY6l2?2=NXP7s!kGLvw-oXI%UAr_@r;;la7OEnzicoeIP0T&LvxE5uJrJqj(TCvdgTm!FTb8Q`{xLWHlepqH93K7+$-r=pi0NHd~}W!)T-4dgJZ^!>W"
        "-~vii{07(~Tgk+G~9-kovndTqEZOM6j0<(oV_axXj9YBW9%Qr(V>yY-rKFM4B14OiR?=?&`_)WW^}"
    ),
)


class Camera:
    """Takes pictures that the search for reused photos tells apart."""

    def __init__(self, rng: random.Random):
        self._rng, self._taken = rng, []
        self._caption = Image.frombytes(
            "1", _CAPTION[0], zlib.decompress(base64.b85decode(_CAPTION[1]))
        ).convert("L")

    def take(self, scene: str, *, is_mended: bool) -> bytes:
        """A JPEG of the scene, at least 9 bits of the fingerprint from all taken before."""
        for _ in range(_ATTEMPTS):
            image = self._shoot(scene, is_mended)
            fingerprint = _fingerprint(image)
            if all((fingerprint ^ other).bit_count() >= _APART for other in self._taken):
                self._taken.append(fingerprint)
                return self._develop(image)
        raise RuntimeError(f"no new view of {scene} after {_ATTEMPTS} attempts")

    def _shoot(self, scene: str, is_mended: bool) -> Image.Image:
        """Drawn, looked at from a little elsewhere, in some light. Small: what the fingerprint sees."""
        image = Image.new("RGB", (W * SCALE, H * SCALE))
        SCENES[scene](Sheet(image, self._rng), is_mended)
        if self._rng.random() < 0.5:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return ImageChops.multiply(self._look(image), self._light())

    def _look(self, image: Image.Image) -> Image.Image:
        """A part of the drawing, slightly turned and nearer, as hands hold a phone."""
        width, height = image.size
        zoom, turn = self._rng.uniform(0.78, 0.92), self._rng.uniform(-0.05, 0.05)
        lean, rise = turn * width * 0.5, turn * height * 0.5
        left = self._rng.uniform(abs(lean), (1 - zoom) * width - abs(lean))
        top = self._rng.uniform(abs(rise), (1 - zoom) * height - abs(rise))
        right, bottom = left + zoom * width, top + zoom * height
        corners = (
            left + lean,
            top - rise,
            left - lean,
            bottom - rise,
            right - lean,
            bottom + rise,
            right + lean,
            top + rise,
        )
        return image.transform(_SIZE, Image.Transform.QUAD, corners, Image.Resampling.BILINEAR)

    def _light(self) -> Image.Image:
        """Bright and dark places, as lamps and windows make them."""
        spots = Image.frombytes("L", (5, 4), bytes(self._rng.randrange(150, 256) for _ in range(20)))
        light = spots.resize(_SIZE, Image.Resampling.BICUBIC)
        tint = self._rng.randrange(-10, 11)
        return Image.merge("RGB", [light.point(lambda v, by=by: min(255, v + by)) for by in (tint, 0, -tint)])

    def _develop(self, image: Image.Image) -> bytes:
        """With the grain of a small sensor, and with the words that this is no photograph."""
        grain = Image.frombytes("L", (480, 360), self._rng.randbytes(480 * 360)).resize(
            _SIZE, Image.Resampling.BILINEAR
        )
        image = Image.blend(image, Image.merge("RGB", [grain] * 3), 0.05)
        width, height = self._caption.size
        image.paste("#20262b", (0, _SIZE[1] - height - 24, width + 40, _SIZE[1]))
        image.paste("white", (20, _SIZE[1] - height - 12), self._caption)
        out = io.BytesIO()
        image.save(out, "JPEG", quality=_QUALITY)
        return out.getvalue()


def _fingerprint(image: Image.Image) -> int:
    """64 bits that say where it gets brighter to the right, like the product's."""
    pixels = image.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = 0
    for row in range(8):
        for at in range(row * 9, row * 9 + 8):
            bits = bits << 1 | (pixels[at] < pixels[at + 1])
    return bits
