"""The sheet that scenes are drawn on: 400 × 300 whatever the size of the picture, and the colours in use."""

from PIL import ImageDraw

W, H, SCALE = 400, 300, 4

RED, DARK_RED, GREEN, LIT = "#b3372f", "#7a2b23", "#1d7a45", "#43d17c"
WOOD, DARK_WOOD, STEEL, DARK, PAPER, YELLOW = "#a9794a", "#6b4a2b", "#8d969c", "#2c3034", "#f3efe4", "#e5bb28"


class Sheet:
    """A drawing on 400 × 300, scaled up."""

    def __init__(self, image, rng):
        self._draw, self.rng = ImageDraw.Draw(image), rng

    def poly(self, points, fill):
        self._draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=fill)

    def box(self, x, y, width, height, fill, line=None, radius=0):
        corners = [x * SCALE, y * SCALE, (x + width) * SCALE, (y + height) * SCALE]
        self._draw.rounded_rectangle(corners, radius * SCALE, fill=fill, outline=line, width=SCALE)

    def line(self, points, fill, width=1.0):
        self._draw.line(
            [(x * SCALE, y * SCALE) for x, y in points], fill=fill, width=int(width * SCALE), joint="curve"
        )

    def disc(self, x, y, r, fill, line=None, width=1.0):
        corners = [(x - r) * SCALE, (y - r) * SCALE, (x + r) * SCALE, (y + r) * SCALE]
        self._draw.ellipse(corners, fill=fill, outline=line, width=int(width * SCALE))

    def room(self, wall="#cfd8d2", floor="#a39a8e", skirting="#8fa3a0"):
        self.box(0, 0, W, H, wall)
        self.poly([(0, 228), (W, 228), (W, H), (0, H)], floor)
        self.box(0, 220, W, 8, skirting)

    def hall(self):
        """A corridor towards a door with an exit sign."""
        self.box(0, 0, W, H, "#c6d2cb")
        self.poly([(0, 0), (W, 0), (232, 96), (166, 96)], "#ecece6")
        self.poly([(0, H), (W, H), (232, 152), (166, 152)], "#a59c92")
        self.poly([(0, 0), (166, 96), (166, 152), (0, H)], "#d5ddd7")
        self.box(166, 96, 66, 56, "#9aa8ad")
        self.box(190, 110, 20, 42, "#57756a")
        for left, right, top, bottom, low in ((50, 80, 82, 92, 36), (108, 130, 92, 102, 16)):
            self.poly([(left, top), (right, bottom), (right, 216 - low), (left, 256 - low)], WOOD)
