"""A signature drawn on screen: a small PNG, checked to the last byte and written anew without anything else in it."""

import struct
import zlib

MAX_BYTES = 100 * 1024
MAX_SIDE = 2000  # px
SIGNATURE = b"\x89PNG\r\n\x1a\n"
# How many lines of pixels must differ before a drawing counts as one: a blank sheet has one or two.
_LEAST_LINES = 4
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}


class BadDrawing(ValueError):
    """The picture is not a drawing as the signing pad makes it; the message is for the person."""


def clean(image: bytes) -> bytes:
    """The same drawing with its header, pixels and end alone; raises BadDrawing for anything that is not one."""
    if not image:
        raise BadDrawing("请先签名。")
    if len(image) > MAX_BYTES:
        raise BadDrawing("签名图片过大，请清除后重新签。")
    header, pixels = _read(image)
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(">IIBBBBB", header)
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE) or depth != 8 or colour not in _CHANNELS:
        raise BadDrawing("签名图片的格式不对，请重新签。")
    if compression or filtering or interlace:
        raise BadDrawing("签名图片的格式不对，请重新签。")
    line = 1 + width * _CHANNELS[colour]
    raw = _inflate(pixels, line * height)
    lines = [raw[n : n + line] for n in range(0, len(raw), line)]
    if any(one[0] > 4 for one in lines):
        raise BadDrawing("签名图片已损坏，请重新签。")
    if len(set(lines)) < _LEAST_LINES:
        raise BadDrawing("请先签名。")
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(raw, 9)) + _chunk(b"IEND", b"")


def _read(image: bytes) -> tuple[bytes, bytes]:
    """Header and compressed pixels; every length and checksum must be right and nothing may follow the end."""
    if not image.startswith(SIGNATURE):
        raise BadDrawing("签名图片的格式不对，请重新签。")
    at, header, pixels = len(SIGNATURE), b"", []
    while at + 12 <= len(image):
        size, kind = struct.unpack(">I4s", image[at : at + 8])
        data, end = image[at + 8 : at + 8 + size], at + 12 + size
        if end > len(image) or struct.unpack(">I", image[end - 4 : end])[0] != zlib.crc32(kind + data):
            break
        if (kind == b"IHDR") != (at == len(SIGNATURE)):
            break
        if kind == b"IHDR":
            header = data
        elif kind == b"IDAT":
            pixels.append(data)
        elif kind == b"IEND":
            if end == len(image) and len(header) == 13 and not size:
                return header, b"".join(pixels)
            break
        elif not kind[0] & 0x20:  # a critical chunk the signing pad never writes
            break
        at = end
    raise BadDrawing("签名图片已损坏，请重新签。")


def _inflate(data: bytes, size: int) -> bytes:
    """Exactly `size` bytes, or BadDrawing; never more are unpacked."""
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(data, size + 1)
    except zlib.error:
        raise BadDrawing("签名图片已损坏，请重新签。") from None
    if len(raw) != size or not unpacker.eof or unpacker.unused_data:
        raise BadDrawing("签名图片已损坏，请重新签。")
    return raw


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
