"""Spots, groups and hashes are those that OpenCV, SciPy and imagehash find, which only the tests need."""

from pathlib import Path

import cv2
import imagehash
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter
from scipy.cluster.hierarchy import DisjointSet

from customlabels.datasets import spots as spots_module
from customlabels.datasets.fingerprints import HASH_SIDE, fingerprint
from customlabels.datasets.groups import connected
from customlabels.datasets.spots import spots


@st.composite
def layers(draw: st.DrawFn) -> "np.ndarray[tuple[int, int], np.dtype[np.bool_]]":
    height, width = draw(st.integers(1, 24)), draw(st.integers(1, 24))
    density = draw(st.sampled_from([0.1, 0.4, 0.5, 0.6, 0.9, 1.0]))
    return np.random.default_rng(draw(st.integers(0, 1000))).random((height, width)) < density


@given(layers())
def test_spots_are_those_of_opencv(layer: "np.ndarray[tuple[int, int], np.dtype[np.bool_]]") -> None:
    _, _, stats, _ = cv2.connectedComponentsWithStats(layer.astype(np.uint8), connectivity=8)
    assert sorted(spots(layer)) == sorted(map(tuple, stats[1:].tolist()))
    assert [spot[1::-1] for spot in spots(layer)] == sorted(spot[1::-1] for spot in spots(layer))


def test_a_spiral_hangs_together() -> None:
    layer = np.zeros((41, 41), np.bool_)
    for inset in range(0, 20, 4):
        layer[inset : 41 - inset, [inset, 40 - inset]] = True
        layer[[inset, 40 - inset], inset : 41 - inset] = True
        layer[inset + 1 : inset + 5, inset + 3] = True
        layer[inset + 2, inset] = False
    _, _, stats, _ = cv2.connectedComponentsWithStats(layer.astype(np.uint8), connectivity=8)
    assert sorted(spots(layer)) == sorted(map(tuple, stats[1:].tolist()))


def test_noise_is_no_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spots_module, "MOST_RUNS", 10)
    with pytest.raises(ValueError, match="over 10 runs"):
        spots(np.indices((6, 6)).sum(axis=0) % 2 == 0)


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12))))
def test_groups_are_those_of_scipy(pairs: list[tuple[int, int]]) -> None:
    sets = DisjointSet({thing for pair in pairs for thing in pair})
    for pair in pairs:
        sets.merge(*pair)
    assert sorted(map(sorted, connected(pairs))) == sorted(map(sorted, sets.subsets()))


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "CMYK"])
def test_hashes_are_those_of_imagehash(tmp_path: Path, mode: str) -> None:
    noise = np.random.default_rng(3).integers(0, 255, (90, 120, 3), np.uint8)
    path = tmp_path / "noise.tiff"
    Image.fromarray(noise).filter(ImageFilter.GaussianBlur(4)).convert(mode).save(path)
    with Image.open(path) as image:
        theirs = imagehash.phash(image, hash_size=HASH_SIDE).hash
    assert fingerprint(path) == np.packbits(theirs.ravel()).tobytes()
