"""Decodes a HEIC photo of a phone. A program of its own, because loading its library costs every other photo time."""

import pillow_heif

from files.decode.cage import run
from files.decode.photo import decode


def decode_heic(source: str, full: str, thumb: str) -> dict:
    """As `files.decode.photo.decode`; the library has already turned the picture upright."""
    pillow_heif.register_heif_opener(thumbnails=False, decode_threads=2)
    return decode(source, full, thumb, formats=("HEIF",))


if __name__ == "__main__":
    run(decode_heic)
