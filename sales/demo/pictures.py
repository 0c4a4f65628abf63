"""Pictures of the demo goods, drawn with a few shapes. No file from anywhere else."""

import io
from collections.abc import Callable
from functools import cache

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageDraw

SIZE = 320
Draw = ImageDraw.ImageDraw
# Paper and ink of each picture: calm pairs that stand on a light and on a dark sheet.
PAIRS = (
    ("#e9e2d4", "#8a5a2b"), ("#dfe8dc", "#3f6b3a"), ("#dde6ee", "#2f5f8a"), ("#f0e0dc", "#a04a3a"),
    ("#ece6f0", "#66508a"), ("#f1ead0", "#8a7a1e"),
)  # fmt: skip


def picture_of(shape: str, index: int) -> str:
    """The name of a stored picture; each shape has one a pair of colours, shared by its goods."""
    return _picture(shape, index % len(PAIRS))


@cache
def _picture(shape: str, pair: int) -> str:
    name = f"products/demo-{shape}-{pair}.webp"
    if not default_storage.exists(name):
        paper, ink = PAIRS[pair]
        image = Image.new("RGB", (SIZE, SIZE), paper)
        SHAPES[shape](ImageDraw.Draw(image), ink, paper)
        file = io.BytesIO()
        image.save(file, "WEBP", quality=82)
        default_storage.save(name, ContentFile(file.getvalue()))
    return name


def _loaf(draw: Draw, ink: str, paper: str) -> None:
    draw.rounded_rectangle((60, 120, 260, 230), 55, fill=ink)
    for x in (105, 150, 195):
        draw.line((x, 135, x + 25, 185), fill=paper, width=8)


def _leaf(draw: Draw, ink: str, paper: str) -> None:
    draw.ellipse((75, 110, 215, 250), fill=ink)
    draw.ellipse((140, 85, 250, 195), fill=ink)
    draw.line((160, 110, 175, 55), fill=ink, width=10)
    draw.arc((100, 140, 190, 230), 180, 260, fill=paper, width=7)


def _carton(draw: Draw, ink: str, paper: str) -> None:
    draw.polygon(((105, 120), (160, 65), (215, 120)), fill=ink)
    draw.rectangle((105, 122, 215, 260), fill=ink)
    draw.rectangle((105, 165, 215, 215), fill=paper)


def _jar(draw: Draw, ink: str, paper: str) -> None:
    draw.rounded_rectangle((110, 70, 210, 105), 8, fill=ink)
    draw.rounded_rectangle((95, 112, 225, 260), 26, fill=ink)
    draw.rectangle((95, 160, 225, 215), fill=paper)


def _bottle(draw: Draw, ink: str, paper: str) -> None:
    draw.rounded_rectangle((142, 50, 178, 130), 8, fill=ink)
    draw.rounded_rectangle((115, 115, 205, 270), 28, fill=ink)
    draw.rectangle((115, 170, 205, 220), fill=paper)


def _cup(draw: Draw, ink: str, paper: str) -> None:
    draw.arc((185, 135, 255, 210), -90, 90, fill=ink, width=14)
    draw.rounded_rectangle((85, 120, 215, 235), 30, fill=ink)
    for x in (120, 150, 180):
        draw.arc((x - 12, 60, x + 12, 105), 90, 270, fill=ink, width=7)


def _board(draw: Draw, ink: str, paper: str) -> None:
    draw.rounded_rectangle((85, 110, 235, 265), 22, fill=ink)
    draw.rounded_rectangle((143, 50, 177, 125), 14, fill=ink)
    draw.ellipse((153, 64, 167, 78), fill=paper)


def _candle(draw: Draw, ink: str, paper: str) -> None:
    draw.rounded_rectangle((120, 125, 200, 265), 10, fill=ink)
    draw.line((160, 125, 160, 108), fill=ink, width=6)
    draw.ellipse((146, 58, 174, 110), fill=ink)


def _soap(draw: Draw, ink: str, paper: str) -> None:
    draw.rounded_rectangle((70, 140, 250, 235), 46, fill=ink)
    draw.rounded_rectangle((115, 168, 205, 206), 18, fill=paper)
    draw.ellipse((205, 80, 240, 115), outline=ink, width=7)
    draw.ellipse((170, 60, 192, 82), outline=ink, width=6)


def _tin(draw: Draw, ink: str, paper: str) -> None:
    draw.rectangle((95, 100, 225, 245), fill=ink)
    draw.ellipse((95, 75, 225, 125), fill=ink)
    draw.ellipse((95, 220, 225, 270), fill=ink)
    draw.ellipse((110, 84, 210, 116), fill=paper)
    draw.rectangle((95, 155, 225, 205), fill=paper)


def _book(draw: Draw, ink: str, paper: str) -> None:
    draw.rounded_rectangle((95, 65, 225, 260), 10, fill=ink)
    draw.line((118, 65, 118, 260), fill=paper, width=6)
    draw.rectangle((142, 105, 203, 140), fill=paper)


def _bag(draw: Draw, ink: str, paper: str) -> None:
    draw.arc((118, 60, 202, 170), 180, 360, fill=ink, width=12)
    draw.polygon(((85, 120), (235, 120), (250, 265), (70, 265)), fill=ink)
    draw.ellipse((110, 145, 126, 161), fill=paper)
    draw.ellipse((194, 145, 210, 161), fill=paper)


SHAPES: dict[str, Callable[[Draw, str, str], None]] = {
    "loaf": _loaf, "leaf": _leaf, "carton": _carton, "jar": _jar, "bottle": _bottle, "cup": _cup,
    "board": _board, "candle": _candle, "soap": _soap, "tin": _tin, "book": _book, "bag": _bag,
}  # fmt: skip
