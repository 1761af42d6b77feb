"""How bright and how sharp an image is, by its pixels."""

import io

import numpy as np

_SIDE = 512
_MAX_PIXELS = 89_000_000


def quality(body: bytes) -> tuple[float, float]:
    """Mean lightness in 0..100, and sharpness: the logarithm of the variance of the Laplacian, at 512 pixels a side.

    Raises
    ------
    ValueError : it is no JPEG or PNG, or too large to be decoded

    Source: J. L. Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy" (2000).
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(body), formats=("JPEG", "PNG")) as opened:
            if opened.width * opened.height > _MAX_PIXELS:
                raise ValueError("it has too many pixels")
            opened.draft("L", (_SIDE, _SIDE))
            image = opened.convert("L")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"it cannot be decoded ({error})") from error
    image.thumbnail((_SIDE, _SIDE))
    pixels = np.asarray(image, np.float64)
    if min(pixels.shape) < 3:
        raise ValueError("it is too small")
    inner = pixels[1:-1, 1:-1]
    edges = pixels[:-2, 1:-1] + pixels[2:, 1:-1] + pixels[1:-1, :-2] + pixels[1:-1, 2:] - 4 * inner
    return float(pixels.mean() / 255 * 100), float(np.log10(edges.var() + 1))
