"""The rest of a house, its kitchen, its papers and its grounds: with the fault (`ok` false) and mended."""

from config.demo.sheet import DARK, DARK_WOOD, GREEN, PAPER, RED, STEEL, WOOD, YELLOW, H, Sheet, W


def board(s: Sheet, ok: bool) -> None:
    s.room("#d3d4cf")
    s.box(110, 40, 180, 176, "#b9c0c4", DARK)
    s.box(122, 52, 156, 152, "#e6e8e6" if ok else "#6f777b", DARK)
    for row in range(2):
        for i in range(7):
            s.box(132 + i * 20, 72 + row * 62, 16, 34, PAPER if ok else "#3d4347", DARK)
            s.box(137 + i * 20, 82 + row * 62, 6, 12, DARK if (i + row) % 3 else RED)
            if ok:
                s.box(132 + i * 20, 110 + row * 62, 16, 8, YELLOW)
    if ok:
        s.poly([(200, 8), (222, 36), (178, 36)], YELLOW)
        s.line([(200, 14), (195, 24), (205, 25), (199, 33)], DARK, 2)
    else:
        for i, colour in enumerate((RED, GREEN, "#2f62a8", YELLOW, RED, "#2f62a8")):
            x = 138 + i * 22
            s.line([(x, 106), (x + 14, 132), (x - 16, 168), (x + 8, 216), (x + 30, 236)], colour, 2)
        s.poly([(60, 150), (108, 130), (108, 232), (60, 250)], "#a9b0b4")


def kitchen(s: Sheet, ok: bool) -> None:
    s.room("#dfe3df", "#8c8f8c")
    for x in range(0, W, 40):
        s.line([(x, 0), (x, 140)], "#c2c9c5")
    s.poly([(110, 20), (290, 20), (330, 76), (70, 76)], "#b7bec2" if ok else "#857c66")
    s.box(70, 76, 260, 12, "#9aa2a6" if ok else "#5f563f")
    s.box(60, 160, 290, 96, "#c4cacd" if ok else "#a59f8d", DARK)
    for x in (120, 205, 290):
        s.disc(x, 160, 26, DARK)
        s.disc(x, 157, 18, STEEL if ok else "#4c4436")
    if ok:
        s.box(350, 34, 30, 36, PAPER, DARK)
        s.disc(365, 48, 5, GREEN)
        s.line([(340, 214), (366, 214), (366, 70)], YELLOW, 3)
    else:
        for x in (118, 160, 214, 262):
            s.line([(x, 88), (x + 2, 88 + s.rng.randrange(12, 44))], "#4a3f22", 3)
        s.line([(330, 220), (356, 262), (300, 276), (372, 292)], "#c2682c", 4)


def fridge(s: Sheet, ok: bool) -> None:
    s.room("#d7dad6")
    s.box(80, 16, 160, 250, "#f0f2f2", DARK)
    s.poly([(240, 16), (338, 2), (338, 284), (240, 266)], "#dde2e4")
    s.box(92, 28, 136, 226, "#c8dbe2")
    for row in range(4):
        s.box(92, 76 + row * 52, 136, 4, STEEL)
        for i in range(4):
            colours = ("#7ba05b", "#c7574d", "#d8b46a", "#8a6bb0", "#b0653a", "#e2dccb")
            if ok:
                s.box(97 + i * 33, 44 + row * 52, 28, 32, colours[row], DARK, 2)
                s.box(102 + i * 33, 52 + row * 52, 18, 10, PAPER)
            else:
                height = s.rng.randrange(14, 40)
                s.box(
                    94 + i * 33,
                    76 + row * 52 - height,
                    s.rng.randrange(24, 40),
                    height,
                    s.rng.choice(colours),
                )


def sockets(s: Sheet, ok: bool) -> None:
    s.room("#e0ddd0", "#9c8b76")
    s.box(20, 150, 170, 76, "#e9ecef", DARK, 6)
    s.box(20, 134, 46, 30, "#f7f7f2", DARK, 8)
    s.box(12, 110, 10, 130, DARK_WOOD)
    if ok:
        s.line([(210, 60), (380, 60)], PAPER, 7)
        for x in (230, 290, 350):
            s.line([(x, 60), (x, 120)], PAPER, 6)
            s.box(x - 15, 118, 30, 34, "#fafafa", DARK, 3)
            s.box(x - 6, 128, 3, 8, DARK)
            s.box(x + 4, 128, 3, 8, DARK)
    else:
        s.box(210, 120, 26, 30, "#fafafa", DARK, 3)
        s.line([(222, 140), (240, 210), (190, 246), (230, 262)], DARK, 3)
        for i, (x, y) in enumerate(((226, 252), (300, 236), (318, 274))):
            s.box(x, y, 66, 15, PAPER, DARK, 3)
            for plug in range(3):
                s.box(x + 6 + plug * 20, y + 3, 12, 8, DARK if (i + plug) % 2 else RED)
        s.line([(290, 260), (310, 246)], DARK, 3)
        s.line([(362, 244), (380, 262), (340, 280)], DARK, 3)
        s.line([(250, 252), (258, 190), (196, 176)], DARK, 2)


def bathroom(s: Sheet, ok: bool) -> None:
    s.room("#d3e0e4", "#b4c0c2", "#9db2b8")
    for x in range(0, W, 34):
        s.line([(x, 0), (x, 220)], "#bccdd2")
    for y in range(0, 220, 34):
        s.line([(0, y), (W, y)], "#bccdd2")
    s.box(230, 150, 76, 84, "#f5f6f6", DARK, 14)
    s.box(238, 104, 60, 52, "#f5f6f6", DARK, 6)
    s.line([(70, 30), (70, 130)], STEEL, 4)
    s.disc(70, 28, 14, STEEL, DARK)
    if ok:
        s.line([(208, 132), (208, 206)], "#e8e3d2", 7)
        s.line([(326, 140), (372, 140)], "#e8e3d2", 7)
        s.box(24, 238, 130, 44, "#3f7f72", DARK, 4)
        s.box(340, 84, 14, 18, RED)
        s.line([(347, 102), (347, 196)], RED, 1.5)
    else:
        s.line([(208, 132), (190, 176), (200, 208)], "#a39d8c", 6)
        s.poly([(30, 252), (120, 240), (176, 262), (140, 288), (52, 284)], "#8fa9b4")
        s.poly([(150, 240), (196, 236), (210, 250), (172, 256)], "#8fa9b4")


def casement(s: Sheet, ok: bool) -> None:
    s.room("#d9d3c4")
    s.box(110, 24, 190, 176, PAPER, DARK)
    s.box(120, 34, 170, 156, "#b5d3e6")
    s.poly([(120, 150), (180, 112), (290, 156), (290, 190), (120, 190)], "#86a07a")
    s.box(104, 200, 202, 10, STEEL, DARK)
    if ok:
        s.line([(205, 34), (205, 190)], PAPER, 10)
        s.box(120, 34, 170, 156, None, PAPER)
        s.box(186, 104, 40, 12, RED, DARK, 2)
        s.line([(130, 172), (280, 172)], STEEL, 4)
    else:
        s.poly([(110, 24), (48, 2), (48, 222), (110, 200)], "#d8e6ee")
        s.line([(110, 24), (48, 2), (48, 222), (110, 200), (110, 24)], STEEL, 5)
        s.box(250, 176, 96, 56, WOOD, DARK)
        s.line([(298, 176), (298, 232)], DARK_WOOD, 2)


def papers(s: Sheet, ok: bool) -> None:
    s.box(0, 0, W, H, "#8d6a46")
    s.poly([(60, 40), (330, 26), (350, 268), (74, 284)], PAPER)
    for i in range(9):
        y = 84 + i * 21
        s.line([(82, y), (332, y - 12)], "#9a9488")
        if ok or i < 3:
            s.line([(92, y - 7), (150, y - 10)], DARK, 2)
            s.line([(170, y - 10), (170 + s.rng.randrange(30, 80), y - 14)], DARK, 2)
            s.line([(280, y - 16), (294, y - 22), (306, y - 14), (322, y - 20)], "#27458a", 2)
    for x in (160, 268):
        s.line([(x, 60), (x + 8, 276)], "#9a9488")
    s.box(120, 46, 140, 12, DARK)
    if ok:
        s.line([(250, 226), (264, 242), (296, 206)], GREEN, 6)
    else:
        s.disc(30, 60, 20, "#e8e8e8", DARK)
        s.disc(30, 60, 14, "#5b3a22")


def slope(s: Sheet, ok: bool) -> None:
    s.box(0, 0, W, H, "#b9cedb")
    s.poly([(0, 70), (90, 40), (210, 66), (320, 30), (W, 60), (W, 150), (0, 150)], "#6f8a5c")
    s.poly([(0, 120), (W, 96), (W, 232), (0, 244)], "#a8a196" if ok else "#98907f")
    for row in range(4):
        for i in range(9):
            x, y = i * 48 - (row % 2) * 22, 124 + row * 28 - i * 2
            s.line([(x, y), (x + 46, y - 2), (x + 46, y + 26)], "#857d70")
    s.poly([(0, 244), (W, 232), (W, H), (0, H)], "#8f8a80")
    if ok:
        for x in (70, 170, 270, 360):
            s.disc(x, 214, 7, DARK)
        s.line([(150, 126), (176, 160), (166, 196), (190, 234)], "#d0ccc2", 6)
        for x in range(10, W, 44):
            s.line([(x, 262), (x, 226)], PAPER, 4)
        s.line([(0, 238), (W, 226)], PAPER, 4)
    else:
        s.line([(146, 118), (172, 150), (160, 188), (190, 240)], DARK, 4)
        s.line([(172, 150), (206, 172), (212, 206)], DARK, 3)
        for x in (60, 118, 250, 320):
            s.poly([(x, 250), (x + 20, 232), (x + 44, 252), (x + 20, 262)], "#6d675c")
        s.poly([(260, 236), (330, 222), (380, 248), (300, 262)], "#7b6a4a")
