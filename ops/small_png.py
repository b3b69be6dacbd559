"""PNG files small enough for a repository."""

import io

from PIL import Image, ImageChops

_EXACT = 32  # colours of the page itself, kept as they are


def small_png(image: Image.Image, most_bytes: int) -> bytes:
    """A palette PNG of at most `most_bytes`: with fewer colours, then smaller, where it must be.

    The commonest colours stay exact, so that a page keeps its ground and its badges beside a photo's shades.
    Raises ValueError when even the smallest is too large.
    """
    image = image.convert("RGB")
    for factor in (1, 0.8, 0.65):
        smaller = image if factor == 1 else image.resize([int(side * factor) for side in image.size])
        for colours in (256, 160, 96):
            out = io.BytesIO()
            _with_palette(smaller, colours).save(out, "PNG", optimize=True)
            if out.tell() <= most_bytes:
                return out.getvalue()
    raise ValueError(f"more than {most_bytes} bytes even at 65 %")


def _with_palette(image: Image.Image, colours: int) -> Image.Image:
    counts = sorted(image.getcolors(image.width * image.height), reverse=True)
    exact = [colour for _, colour in counts[:_EXACT]]
    shades = image.quantize(colours - len(exact), dither=Image.Dither.NONE).getpalette()
    palette = Image.new("P", (1, 1))
    palette.putpalette([*(channel for colour in exact for channel in colour), *shades][: 3 * colours])
    reduced = image.quantize(palette=palette, dither=Image.Dither.NONE)
    for index, colour in enumerate(exact):  # Pillow looks the nearest colour up coarsely
        reduced.paste(index, mask=_where(image, colour))
    return reduced


def _where(image: Image.Image, colour: tuple[int, int, int]) -> Image.Image:
    red, green, blue = ImageChops.difference(image, Image.new("RGB", image.size, colour)).split()
    largest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return largest.point(lambda difference: 0 if difference else 255)
