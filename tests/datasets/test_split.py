from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.core.errors import LayoutError, SettingsError
from customlabels.datasets.model import Dataset, ImageInfo, ImageRecord, Side, content_digest, label_counts
from customlabels.datasets.split import group_by, split, together

INFO = ImageInfo(100, 100, "JPEG", 1000, "0" * 64, "0" * 32)


def dataset(counts: dict[str, int]) -> Dataset:
    records = [
        ImageRecord(f"{label}/{number}.jpg", Path(f"{label}/{number}.jpg"), (label,), INFO)
        for label, count in counts.items()
        for number in range(count)
    ]
    return Dataset(Path("images"), tuple(records))


@given(
    st.dictionaries(st.text("abcdef", min_size=1), st.integers(2, 60), min_size=2, max_size=5),
    st.floats(0.01, 0.99),
    st.integers(),
)
def test_it_is_disjoint_covers_and_gives_each_label_both_sides(
    counts: dict[str, int], fraction: float, seed: int
) -> None:
    whole = dataset(counts)
    divided = split(whole, fraction=fraction, seed=seed)
    train, test = divided.side(Side.TRAIN), divided.side(Side.TEST)
    assert {record.name for record in train} | {record.name for record in test} == {r.name for r in whole.records}
    assert len(train) + len(test) == len(whole.records)
    assert set(label_counts(train)) == set(label_counts(test)) == set(counts)
    for label, count in counts.items():
        assert abs(label_counts(test)[label] - count * fraction) <= 1
    assert split(whole, fraction=fraction, seed=seed) == divided


def test_another_seed_gives_another_split() -> None:
    whole = dataset({"a": 50, "b": 50})
    assert split(whole, fraction=0.2, seed=1) != split(whole, fraction=0.2, seed=2)


def test_a_split_that_is_there_is_kept() -> None:
    whole = dataset({"a": 4, "b": 4})
    given = replace(
        whole,
        records=tuple(
            replace(record, side=Side.TEST if record.name.endswith("0.jpg") else Side.TRAIN) for record in whole.records
        ),
    )
    assert split(given, fraction=0.5, seed=3) == given


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ({"a": 10}, "one label only"),
        ({"a": 10, "b": 1, "c": 1}, "label 'b' has a single image"),
    ],
)
def test_too_little_to_train_and_test_with_is_refused(counts: dict[str, int], says: str) -> None:
    with pytest.raises(LayoutError, match=says) as caught:
        split(dataset(counts), fraction=0.2, seed=0)
    assert len(caught.value.details) == sum(1 for count in counts.values() if count == 1) - (counts.get("b") == 1)


def test_the_digest_hangs_on_content_and_not_on_order() -> None:
    records = dataset({"a": 3, "b": 3}).records
    assert content_digest(records) == content_digest(records[::-1])
    changed = (replace(records[0], info=replace(INFO, sha256="1" * 64)), *records[1:])
    assert content_digest(records) != content_digest(changed)
    assert content_digest(records) != content_digest((replace(records[0], labels=("b",)), *records[1:]))


def test_a_group_never_lands_on_both_sides() -> None:
    whole = dataset({"a": 60, "b": 60})
    group = group_by(r"/(\d+?)\d?\.jpg")
    divided = split(whole, fraction=0.2, seed=5, group=group)
    sides = [{group(record.name) for record in divided.side(side)} for side in Side]
    assert sides[0].isdisjoint(sides[1])
    assert set(label_counts(divided.side(Side.TEST))) == {"a", "b"}
    assert together(divided, group) == []
    assert together(split(whole, fraction=0.2, seed=5), group) != []


def test_an_image_that_the_pattern_does_not_match_is_a_group_by_itself() -> None:
    whole = dataset({"a": 20, "b": 20})
    assert split(whole, fraction=0.2, seed=5, group=group_by("nowhere")) == split(whole, fraction=0.2, seed=5)


def test_a_label_of_one_group_is_refused() -> None:
    with pytest.raises(LayoutError, match="label 'a': all its images are of one group"):
        split(dataset({"a": 20, "b": 20}), fraction=0.2, seed=0, group=group_by("^a/"))


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="no regular expression"):
        group_by("(")
