"""A barcode as one SVG path: black bars that any printer draws at its own resolution."""

from dataclasses import dataclass
from itertools import groupby

import zxingcpp

QUIET = 10  # Blank modules that a scanner needs on either side (ISO/IEC 15417).
TALL = 40


@dataclass(frozen=True, slots=True)
class Bars:
    """What `_bars.html` draws: `width` modules, quiet zones among them, `height` tall."""

    text: str
    width: int
    height: int
    path: str


def code128(text: str) -> Bars:
    """`text` in Code 128. ValueError for what it cannot say (ASCII only)."""
    symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.Code128)
    image = symbol.to_image(scale=1, add_quiet_zones=False)
    _tall, wide = image.shape
    row = bytes(memoryview(image))[:wide]  # Every row of it is the same.
    path, at = "", QUIET
    for shade, same in groupby(row):
        size = len(list(same))
        if shade == 0:
            path += f"M{at} 0h{size}v{TALL}h-{size}z"
        at += size
    return Bars(text=text, width=at + QUIET, height=TALL, path=path)
