"""Real pictures for tests, made in memory."""

import io

from PIL import Image, ImageDraw


def jpeg(color: str = "gray", size=(640, 480), seed: int = 0) -> bytes:
    """A JPEG with enough structure to have a fingerprint; another `color` or `seed` is another picture."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for i in range(12):
        x = (i * 97 + seed * 61 + len(color) * 31) % size[0]
        y = (i * 53 + seed * 89) % size[1]
        draw.rectangle([x, y, x + 90, y + 60], fill=color, outline="black")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88)
    return out.getvalue()
