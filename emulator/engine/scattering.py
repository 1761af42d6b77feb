"""Texture and what breaks it: what wavelets answer to an image, and what wavelets answer to those answers.

After J. Bruna, S. Mallat, "Invariant scattering convolution networks", IEEE PAMI 35 (2013).
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from customlabels.emulator.engine.blurring import blurred

_SIDE = 160
_MARGIN = 16
"""Pixels that the image is mirrored outwards by, so that its borders are no edges; divisible by the coarsest step."""

_OCTAVES = 4
_DIRECTIONS = 8
_FLOOR = 1e-4

Spectra = NDArray[np.complex64]
Answers = NDArray[np.float32]


def scattered(grey: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Figures that tell the sides' directions from the corners', and figures that tell no direction from another.

    Both hardly change where the image is turned by quarters, and the first where it is mirrored: a defect is the same
    defect whichever way it lies. Means tell the texture, maxima what stands out of it.

    Parameters
    ----------
    grey : (height, width)
    """
    plane = np.log(cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) + 8)
    plane -= blurred(plane, _SIDE / 8)
    plane /= max(float(plane.std()), 1e-3)
    spectrum: Spectra = fft.fftshift(fft.fft2(np.pad(plane, _MARGIN, mode="reflect")))
    first, second = [], []
    for octave in range(_OCTAVES):
        answers = _answers(spectrum if octave else np.pad(spectrum, len(spectrum) // 2, mode="wrap"), octave)
        inner = _inner(answers, octave)
        mean, upper = inner.mean(axis=-1) + 1e-6, round(0.98 * (inner.shape[-1] - 1))
        first.append([mean, np.partition(inner, upper, axis=-1)[:, upper] / mean, inner.max(axis=-1) / mean])
        deeper: Spectra = fft.fftshift(fft.fft2(answers), axes=(-2, -1))
        for further in range(1, _OCTAVES - octave):
            inner = _inner(_answers(deeper, further), octave + further)
            second.append([inner.mean(axis=-1) / mean[:, None], inner.max(axis=-1) / mean[:, None]])
    return _figures(np.log(np.array(first) + _FLOOR), np.log(np.array(second) + _FLOOR))


def _figures(
    first: NDArray[np.float64], second: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Parameters
    ----------
    first : (octaves, 3, directions), mean, upper quantile and maximum
    second : (pairs of octaves, 2, directions, directions), mean and maximum
    """
    direction = np.arange(_DIRECTIONS)
    # The second direction is counted from the first, so that turning the image moves one axis only.
    second = second[:, :, direction[:, None], (direction[:, None] + direction) % _DIRECTIONS]
    mirrored = second[:, :, -direction][:, :, :, -direction]
    upright = (second + mirrored) / 2
    quarters = (upright + np.roll(upright, _DIRECTIONS // 2, axis=2)) / 2
    sided = quarters[:, :, : _DIRECTIONS // 4 + 1]
    free = [np.sort(first[:, 0], axis=1), first[:, 1:].mean(axis=2), first[:, 1:].max(axis=2)]
    free += [second.mean(axis=2), second[:, 1].max(axis=1)]
    return sided.ravel(), np.concatenate([part.ravel() for part in free])


def _answers(spectra: Spectra, octave: int) -> Answers:
    """How strongly the wavelets of an octave answer, a value every 2**octave pixels.

    Only strengths are asked for, so a spectrum may be cut around the wavelet's own frequency instead of around 0:
    the answer comes out coarser at once, at a fraction of the time.

    Parameters
    ----------
    spectra : (..., height, width), frequency 0 in the middle; for octave 0 going round half of itself on each side

    Returns
    -------
    (..., directions, height / 2**octave, width / 2**octave)
    """
    side = spectra.shape[-1] if octave else spectra.shape[-1] // 2
    corners, wavelets = _wavelets(side, octave)
    middle, window = spectra.shape[-1] // 2, side >> octave
    cut = np.empty((*spectra.shape[:-2], *wavelets.shape), dtype=np.complex64)
    for direction, (row, column) in enumerate(corners):
        down, across = (slice(middle + start, middle + start + window) for start in (row, column))
        part = spectra[..., down, across]
        np.multiply(part, wavelets[direction], out=cut[..., direction, :, :])
    answers: Answers = np.abs(fft.ifft2(cut, overwrite_x=True))
    return answers


def _inner(answers: Answers, octave: int) -> Answers:
    """(..., values) without the margin, `answers` having a value every 2**octave pixels."""
    margin = _MARGIN >> octave
    inside = answers[..., margin:-margin, margin:-margin]
    return inside.reshape(*inside.shape[:-2], -1)


@cache
def _wavelets(side: int, octave: int) -> tuple[list[tuple[int, int]], NDArray[np.float32]]:
    """Morlet wavelets, each within the part of the spectrum where it lies.

    Returns
    -------
    where those parts begin, row and column from frequency 0; (directions, window, window) values there, window =
    side / 2**octave
    """
    width, frequency, window = 0.8 * 2**octave, 0.75 * np.pi / 2**octave, side >> octave
    corners, values = [], []
    for angle in np.arange(_DIRECTIONS) * np.pi / _DIRECTIONS:
        row, column = (
            round(frequency * part / (2 * np.pi) * side) - window // 2 for part in (np.sin(angle), np.cos(angle))
        )
        rows, columns = row + np.arange(window)[:, None], column + np.arange(window)[None, :]
        # The spectrum goes round: a frequency above the highest is a negative one.
        down, across = (((at / side + 0.5) % 1 - 0.5) * 2 * np.pi for at in (rows, columns))
        along = across * np.cos(angle) + down * np.sin(angle)
        aside = (width * _DIRECTIONS / 4 * (down * np.cos(angle) - across * np.sin(angle))) ** 2
        bump = np.exp(-((width * (along - frequency)) ** 2 + aside) / 2)
        level = np.exp(-((width * frequency) ** 2) / 2) * np.exp(-((width * along) ** 2 + aside) / 2)
        corners.append((row, column))
        values.append((bump - level) / 4**octave)
    return corners, np.array(values, dtype=np.float32)
