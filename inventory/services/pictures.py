"""Pictures of products: whatever was sent, what is kept is a small WebP and nothing else."""

from io import BytesIO
from typing import IO

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from regalpos import ids
from regalpos.errors import Invalid

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 50_000_000  # a good phone's; a file of kilobytes can claim billions
LONGEST_SIDE = 800
QUALITY = 82


def keep_picture(file: IO[bytes]) -> str:
    """The stored picture's name, for `Product.image`. Touches files, not the database.

    It is decoded and encoded anew, upright and at most 800 pixels a side, so that neither where it
    was taken nor what was hidden in it is kept. Raises Invalid for `image`.
    """
    file.seek(0, 2)
    if file.tell() > settings.UPLOAD_MAX_MB * 1024 * 1024:
        raise _unfit(
            _("The picture is larger than %(most)s MB.") % {"most": settings.UPLOAD_MAX_MB}
        )
    file.seek(0)
    try:
        webp = _encoded(file)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        raise _unfit(_("This is not a picture that can be read. JPEG, PNG or WebP.")) from None
    return default_storage.save(f"products/{ids.new().hex}.webp", ContentFile(webp))


def forget_picture(name: str) -> None:
    """The file is gone. To be called when no product names it any more."""
    if name:
        default_storage.delete(name)


def _encoded(file: IO[bytes]) -> bytes:
    # Opening reads the header only; the size is judged before a single pixel is decoded.
    with Image.open(file, formats=FORMATS) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise _unfit(_("The picture has more than 50 million pixels."))
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        upright = ImageOps.exif_transpose(picture)
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        mode = "RGBA" if upright.has_transparency_data else "RGB"
        kept = BytesIO()
        upright.convert(mode).save(kept, "WEBP", quality=QUALITY, method=4)
        return kept.getvalue()


def _unfit(words: str) -> Invalid:
    return Invalid(fields={"image": [words]})
