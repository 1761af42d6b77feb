"""Small pictures of images, to look many through."""

import io

from customlabels.core.errors import LayoutError

_SIDE = 320
_MAX_PIXELS = 89_000_000


def thumbnail(body: bytes) -> bytes:
    """A JPEG of at most 320 pixels a side, as the image is seen.

    Raises
    ------
    LayoutError : it is no JPEG or PNG, or too large to be decoded
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(body), formats=("JPEG", "PNG")) as opened:
            if opened.width * opened.height > _MAX_PIXELS:
                raise LayoutError("the image has too many pixels")
            opened.draft("RGB", (_SIDE, _SIDE))
            image = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise LayoutError(f"the image cannot be decoded ({error})") from error
    image.thumbnail((_SIDE, _SIDE))
    written = io.BytesIO()
    image.save(written, "JPEG", quality=80)
    return written.getvalue()
