import io
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.drawing import drawn

from customlabels.emulator.engine.features import decode, describe
from customlabels.emulator.engine.kept_features import KeptFeatures, digest_of, features_of
from customlabels.emulator.server.address import FEATURES_FILE

LENGTH = 300


def row(seed: int, length: int = LENGTH) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, length).astype(np.float32)


def jpeg(seed: int) -> bytes:
    buffer = io.BytesIO()
    drawn(0, seed).save(buffer, "JPEG")
    return buffer.getvalue()


@settings(max_examples=10)
@given(st.dictionaries(st.binary(min_size=1, max_size=40), st.integers(0, 2**32 - 1), max_size=8))
def test_what_is_kept_comes_back_to_whoever_opens_the_file(
    tmp_path_factory: pytest.TempPathFactory, seeds: dict[bytes, int]
) -> None:
    state = tmp_path_factory.mktemp("state")
    rows = {digest_of(body): row(seed) for body, seed in seeds.items()}
    first = KeptFeatures(state)
    first.put(rows)
    for kept in (first, KeptFeatures(state)):
        for digest, wanted in rows.items():
            np.testing.assert_array_equal(kept.get(digest), wanted)
        assert kept.get(digest_of(b"")) is None


def test_an_image_is_described_once(tmp_path: Path) -> None:
    kept, body = KeptFeatures(tmp_path), jpeg(0)
    described = features_of(body, kept)
    np.testing.assert_array_equal(described, describe(decode(body)))
    np.testing.assert_array_equal(kept.get(digest_of(body)), described)
    kept.put({digest_of(body): row(1)})
    np.testing.assert_array_equal(features_of(body, KeptFeatures(tmp_path)), row(1))


def test_the_oldest_make_room_and_the_file_stays_within_its_bound(tmp_path: Path) -> None:
    bound = 200_000
    kept = KeptFeatures(tmp_path, bound)
    digests = [digest_of(str(number).encode()) for number in range(400)]
    for start in range(0, 400, 10):
        kept.put({digest: row(0) for digest in digests[start : start + 10]})
    kept_still = [kept.get(digest) is not None for digest in digests]
    assert kept_still == sorted(kept_still)
    assert 0.5 * bound < sum(kept_still) * LENGTH * 4 < bound
    assert (tmp_path / FEATURES_FILE).stat().st_size <= 1.1 * bound


@pytest.mark.parametrize(
    "spoil",
    [
        lambda whole: b"no database " * 1000,
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:4096] + b"\xff" * (len(whole) - 4096),
        lambda whole: b"",
    ],
)
def test_a_damaged_file_is_begun_anew(tmp_path: Path, spoil: object) -> None:
    kept = KeptFeatures(tmp_path)
    kept.put({digest_of(str(number).encode()): row(number) for number in range(50)})
    kept.close()
    file = tmp_path / FEATURES_FILE
    whole = file.read_bytes()
    for end in ("-wal", "-shm"):
        (tmp_path / (FEATURES_FILE + end)).unlink(missing_ok=True)
    file.write_bytes(spoil(whole))  # type: ignore[operator]
    again = KeptFeatures(tmp_path)
    for number in range(50):
        features = again.get(digest_of(str(number).encode()))
        assert features is None or np.array_equal(features, row(number))
    for _ in range(2):
        again.put({digest_of(b"new"): row(7)})
    np.testing.assert_array_equal(again.get(digest_of(b"new")), row(7))


def test_a_row_that_is_damaged_is_not_believed(tmp_path: Path) -> None:
    kept = KeptFeatures(tmp_path)
    kept.put({digest_of(b"a"): row(0)})
    with closing(sqlite3.connect(tmp_path / FEATURES_FILE)) as connection, connection:
        connection.execute("UPDATE features SET row = zeroblob(length(row))")
    assert kept.get(digest_of(b"a")) is None
    kept.put({digest_of(b"a"): row(0)})
    np.testing.assert_array_equal(kept.get(digest_of(b"a")), row(0))


def test_where_nothing_can_be_written_images_are_described_all_the_same(tmp_path: Path) -> None:
    (tmp_path / FEATURES_FILE).mkdir()
    body = jpeg(1)
    for _ in range(2):
        np.testing.assert_array_equal(features_of(body, KeptFeatures(tmp_path)), describe(decode(body)))
