"""A photo of two megabytes: opened and made anew in its cage, against the same work by bare Pillow in this process."""

import random
import tempfile
from pathlib import Path

from PIL import Image

from files import limits, sandbox
from ops.bench.effort import Effort
from ops.bench.rows import Row, compared
from ops.bench.timing import medians

_TO_BARE, _BITS = 2, 1.33  # bits a pixel: 2 MB for 12 megapixels


def photo(path: Path, side: int) -> str:
    """Write a photo of `side` pixels and the size a phone gives it to `path`; what it is, in words."""
    width, height = side, side * 3 // 4
    small = Image.frombytes(
        "RGB", (side // 8, height // 8), random.Random(1).randbytes(side // 8 * (height // 8) * 3)
    )
    image = small.resize((width, height), Image.Resampling.BICUBIC)
    low, high = 20, 95
    while high - low > 1:  # the quality that comes nearest
        quality = (low + high) // 2
        image.save(path, "JPEG", quality=quality)
        is_large = path.stat().st_size > width * height * _BITS / 8
        low, high = (low, quality) if is_large else (quality, high)
    return f"{path.stat().st_size / 1e6:.1f} MB，{width}×{height}"


def bare(source: Path, full: Path, thumb: Path) -> None:
    """The same copies with draft mode, without cage, checks or fsync."""
    with Image.open(source) as image:
        image.draft("RGB", (limits.MAX_SIDE, limits.MAX_SIDE))
        image.thumbnail((limits.MAX_SIDE, limits.MAX_SIDE))
        image.save(full, "JPEG", quality=limits.JPEG_QUALITY)
        image.thumbnail((limits.THUMB_SIDE, limits.THUMB_SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
        image.save(thumb, "JPEG", quality=78)


def photos(effort: Effort) -> list[Row]:
    """One photo, in turn both ways."""
    with tempfile.TemporaryDirectory() as folder:
        source, full, thumb = (Path(folder) / name for name in ("source.jpg", "full.jpg", "thumb.jpg"))
        what = photo(source, effort.photo_side)
        found = medians(
            {
                "caged": lambda: sandbox.decode("photo", source, full, thumb),
                "bare": lambda: bare(source, full, thumb),
            },
            effort.times,
        )
    return [compared("照片", f"{what}，隔离进程", found["caged"], found["bare"], "裸 Pillow", _TO_BARE)]
