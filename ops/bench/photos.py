"""A photo of two megabytes: opened and made anew in its cage, against the same work by bare Pillow in this process."""

import random
import tempfile
from pathlib import Path

from PIL import Image

from files import limits, sandbox
from ops.bench.effort import Effort
from ops.bench.rows import Row
from ops.bench.timing import medians

_TO_BARE, _SIZE, _MEGABYTES = 2, (4000, 3000), 2.0  # what a phone of 12 megapixels makes


def photo(path: Path) -> float:
    """Write a photo of about two megabytes to `path`; its megabytes."""
    rng = random.Random(1)
    small = Image.frombytes("RGB", (500, 375), rng.randbytes(500 * 375 * 3))
    image = small.resize(_SIZE, Image.Resampling.BICUBIC)
    low, high = 20, 95
    while high - low > 1:  # the quality that comes nearest
        quality = (low + high) // 2
        image.save(path, "JPEG", quality=quality)
        low, high = (low, quality) if path.stat().st_size > _MEGABYTES * 1e6 else (quality, high)
    return path.stat().st_size / 1e6


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
        megabytes = photo(source)
        found = medians(
            {
                "caged": lambda: sandbox.decode("photo", source, full, thumb),
                "bare": lambda: bare(source, full, thumb),
            },
            effort.times,
        )
    what = f"{megabytes:.1f} MB，{_SIZE[0]}×{_SIZE[1]}，隔离进程"
    return [Row("照片", what, found["caged"], base=found["bare"], against="裸 Pillow", limit=_TO_BARE)]
