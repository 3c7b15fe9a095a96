"""Draw the picture that links to the site are shown with: the mark of `icon.svg`, large, on its ground.

    python tools/draw_card.py src/digestfeed/render/assets/card.png

1200 × 630 is the size that Open Graph's readers ask for.  The mark stands in the middle square, which is all that
some of them show.  There are only upright rectangles, so a PNG of four colours without any library will do.
"""

import struct
import sys
import zlib
from pathlib import Path

WIDTH, HEIGHT = 1200, 630
GROUND, LINE, DOT, BAR = range(4)
COLOURS = ("0b6b53", "0a6049", "9fd3bf", "ffffff")

ROWS = 3
UNIT = 22  # pixels of one of the icon's: its mark is 16 wide and 16 high
LEFT, TOP = (WIDTH - 16 * UNIT) // 2, (HEIGHT - 16 * UNIT) // 2
DOT_WIDTH, GAP, HIGH, STEP = 4 * UNIT, 6 * UNIT, 4 * UNIT, 6 * UNIT
BAR_WIDTHS = (10 * UNIT, 10 * UNIT, 6 * UNIT)


def rectangles() -> list[tuple[int, int, int, int, int]]:
    """Give (left, top, width, height, colour), those in front last: lines to both edges, then the mark."""
    found = [(0, TOP + row * STEP, WIDTH, HIGH, LINE) for row in range(-2, ROWS + 2)]
    for row, width in enumerate(BAR_WIDTHS):
        top = TOP + row * STEP
        found.append((LEFT - UNIT, top, 18 * UNIT, HIGH, GROUND))
        found.append((LEFT, top, DOT_WIDTH, HIGH, DOT))
        found.append((LEFT + GAP, top, width, HIGH, BAR))
    return found


def pixels() -> list[bytearray]:
    """Give the rows of the picture, a byte a pixel: the number of its colour."""
    rows = [bytearray([GROUND]) * WIDTH for _ in range(HEIGHT)]
    for left, top, width, height, colour in rectangles():
        for row in rows[max(top, 0) : max(top + height, 0)]:
            row[left : left + width] = bytes([colour]) * width
    return rows


def packed(row: bytearray) -> bytes:
    """Give a row with two bits a pixel, behind the byte that says that no filter was used."""
    quads = zip(row[::4], row[1::4], row[2::4], row[3::4], strict=True)
    return b"\0" + bytes(a << 6 | b << 4 | c << 2 | d for a, b, c, d in quads)


def chunk(kind: bytes, data: bytes) -> bytes:
    """Give a chunk of a PNG (ISO/IEC 15948, section 5.3)."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def picture() -> bytes:
    """Give the PNG."""
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 2, 3, 0, 0, 0)  # two bits a pixel, indexed
    palette = b"".join(bytes.fromhex(colour) for colour in COLOURS)
    data = zlib.compress(b"".join(map(packed, pixels())), 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"PLTE", palette)
        + chunk(b"IDAT", data)
        + chunk(b"IEND", b"")
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(picture())
