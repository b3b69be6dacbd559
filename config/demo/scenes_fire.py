"""Ways out and what keeps a fire small: with the fault (`ok` false) and mended."""

from config.demo.sheet import (
    DARK,
    DARK_RED,
    DARK_WOOD,
    GREEN,
    LIT,
    PAPER,
    RED,
    STEEL,
    WOOD,
    YELLOW,
    H,
    Sheet,
    W,
)


def corridor(s: Sheet, ok: bool) -> None:
    s.hall()
    s.box(182, 98, 36, 8, LIT)
    if ok:
        s.poly([(176, 154), (180, 154), (116, H), (104, H)], YELLOW)
        s.poly([(218, 154), (222, 154), (296, H), (284, H)], YELLOW)
        return
    x = s.rng.randrange(205, 235)
    s.box(x + 38, 130, 52, 70, "#b7a98e", DARK)
    s.box(x + 30, 158, 40, 44, DARK_RED, DARK)
    s.box(x, 178, 52, 42, "#465a80", DARK)
    s.box(x + 12, 200, 44, 30, "#5a5650", DARK)
    for dx, dy in ((4, 232), (28, 236), (56, 232), (80, 214)):
        s.disc(x + dx, dy, 10, None, DARK, 2)


def door(s: Sheet, ok: bool) -> None:
    s.room()
    s.box(110, 36, 176, 190, STEEL)
    s.box(120, 46, 156, 180, "#5f6d70")
    for x in (123, 200):
        s.box(x, 48, 74, 176, "#a4523c" if ok else "#8b4a38", DARK)
        s.box(x + 24, 70, 26, 62, "#bcd3d6", DARK)
    if ok:
        s.box(148, 146, 24, 26, GREEN)
        s.box(226, 146, 24, 26, GREEN)
        s.box(180, 40, 38, 5, DARK)
    else:
        s.poly([(200, 48), (258, 60), (258, 254), (200, 224)], "#743c2d")
        s.poly([(236, 252), (272, 252), (272, 240)], "#d9a662")
        s.box(120, 48, 80, 176, "#2e3538")


def extinguisher(s: Sheet, ok: bool) -> None:
    s.room("#d8d6c8")
    s.box(130, 120, 140, 104, "#d0d4d6", DARK)
    for x in (165, 215):
        s.box(x, 140, 30, 76, RED if ok else "#94463c", DARK_RED, 8)
        s.box(x + 8, 128, 14, 14, DARK)
        s.disc(x + 15, 134, 6, PAPER, DARK)
        s.box(x + 12, 131, 6, 4, GREEN if ok else RED)
        s.box(x + 5, 164, 20, 24, PAPER)
    if ok:
        s.box(160, 62, 80, 40, RED)
        s.box(170, 72, 60, 6, PAPER)
        s.box(170, 84, 42, 6, PAPER)
        s.box(276, 140, 26, 36, PAPER, DARK)
    else:
        x = s.rng.randrange(96, 120)
        s.box(x, 176, 90, 84, "#b98d55", DARK)
        s.box(x + 70, 204, 86, 62, "#a37a48", DARK)
        s.line([(x, 190), (x + 90, 190)], "#d8b98a", 6)


def ebike(s: Sheet, ok: bool) -> None:
    s.hall()
    s.box(182, 98, 36, 8, LIT)
    if ok:
        s.box(268, 84, 74, 74, PAPER, RED)
        s.disc(305, 121, 28, None, RED, 5)
        s.line([(286, 102), (324, 140)], RED, 5)
        s.poly([(120, 250), (280, 250), (310, 292), (88, 292)], "#b6afa6")
        return
    x = s.rng.randrange(70, 110)
    for wheel in (x + 20, x + 130):
        s.disc(wheel, 240, 28, None, DARK, 6)
        s.disc(wheel, 240, 5, STEEL)
    s.line([(x + 20, 240), (x + 62, 226), (x + 100, 226), (x + 130, 240), (x + 112, 160)], "#2f62a8", 8)
    s.box(x + 46, 186, 56, 14, DARK, None, 6)
    s.line([(x + 100, 160), (x + 132, 156)], DARK, 5)
    s.line([(x + 74, 226), (x + 40, 282), (x + 170, 270), (x + 260, 236), (x + 272, 150)], "#d06a2a", 3)


def stairs(s: Sheet, ok: bool) -> None:
    s.room("#cdd5d3")
    for i in range(9):
        s.poly([(140 + i * 28, 228 - i * 24), (W, 228 - i * 24), (W, 204 - i * 24), (140 + i * 28, 204 - i * 24)],
               "#b6b1a8" if i % 2 else "#c6c1b8")  # fmt: skip
        if ok:
            s.box(140 + i * 28, 204 - i * 24, 28, 4, YELLOW)
    rail = [(132, 176), (250, 74), (368, -28)] if ok else [(132, 190), (196, 118), (250, 86)]
    s.line(rail, "#4c5a5f", 5)
    for x, y in ((150, 162), (206, 112), (262, 64)):
        s.line([(x, y), (x, y + 50)], "#4c5a5f", 3)
    if ok:
        s.line([(8, 232), (8, 180), (112, 180), (112, 232)], RED, 4)
        s.line([(8, 206), (112, 206)], RED, 3)
    else:
        s.box(6, 168, 104, 22, "#8aa0b8", DARK, 6)
        s.box(0, 190, 112, 24, "#b5a27c", DARK, 6)
        s.box(14, 214, 58, 50, DARK_WOOD, DARK)
        s.box(66, 226, 56, 44, "#b98d55", DARK)


def lamp(s: Sheet, ok: bool) -> None:
    s.room("#cfd6d4" if ok else "#aab2b1", "#958d83")
    s.box(140, 110, 120, 118, "#77868a", DARK)
    s.box(150, 120, 48, 106, "#9aa9ad")
    s.box(202, 120, 48, 106, "#9aa9ad")
    s.box(128, 52, 144, 44, LIT if ok else "#39564a", DARK, 4)
    s.box(144, 64, 50, 20, "#e9fff2" if ok else "#4b6a5c")
    s.poly([(210, 70), (236, 70), (236, 62), (256, 74), (236, 86), (236, 78), (210, 78)],
           "#e9fff2" if ok else "#4b6a5c")  # fmt: skip
    for x in (52, 330):
        s.box(x, 46, 26, 14, PAPER, DARK)
        s.disc(x + 7, 66, 8, "#fff7c9" if ok else "#6a6f70", DARK)
        s.disc(x + 20, 66, 8, "#fff7c9" if ok else "#6a6f70", DARK)
    if not ok:
        s.line([(270, 92), (292, 140), (284, 176)], DARK, 2)


def window(s: Sheet, ok: bool) -> None:
    s.room("#dcd8c9")
    s.box(90, 30, 220, 170, PAPER, DARK)
    s.box(100, 40, 96, 150, "#a9cbe0")
    s.box(204, 40, 96, 150, "#a9cbe0")
    s.poly([(100, 150), (150, 120), (196, 146), (196, 190), (100, 190)], "#7f9b72")
    s.poly([(204, 140), (250, 116), (300, 150), (300, 190), (204, 190)], "#7f9b72")
    for i in range(11):
        if ok and 5 <= i <= 8:
            continue
        s.line([(104 + i * 19, 34), (104 + i * 19, 196)], "#6d7478", 3)
    if ok:
        s.line([(194, 70), (276, 70), (276, 190), (194, 190), (194, 70)], RED, 4)
        s.box(262, 120, 12, 18, YELLOW, DARK)
        s.box(310, 110, 24, 30, GREEN)
    else:
        for y in (78, 122, 164):
            s.line([(100, y), (300, y)], "#6d7478", 3)
        s.box(30, 176, 110, 56, WOOD, DARK)
