from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.drawing import draw

from customlabels.core.errors import LayoutError, SettingsError
from customlabels.datasets.model import (
    Box,
    Dataset,
    Hashes,
    ImageInfo,
    ImageRecord,
    Side,
    content_digest,
    label_counts,
)
from customlabels.datasets.split import balance, group_by, grouped, split, together, too_many, untrained
from customlabels.manifests.formats import load_dataset

INFO = ImageInfo(100, 100, "JPEG", 1000)


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
        tested = label_counts(test)[label]
        assert 1 <= tested <= count - 1
        assert abs(tested - fraction * count) <= 3
    assert split(whole, fraction=fraction, seed=seed) == divided


@given(
    st.dictionaries(st.text("abcdef", min_size=1), st.integers(20, 60), min_size=2, max_size=4),
    st.integers(1, 30),
    st.integers(0, 3),
)
def test_an_image_keeps_its_side_when_others_are_added(counts: dict[str, int], more: int, seed: int) -> None:
    before = split(dataset(counts), fraction=0.3, seed=seed)
    after = split(dataset({label: count + more for label, count in counts.items()}), fraction=0.3, seed=seed)
    sides = {record.name: record.side for record in after.records}
    assert all(sides[record.name] is record.side for record in before.records)


def test_many_images_are_divided_as_asked_and_none_moves() -> None:
    before = split(dataset({"a": 1000, "b": 1000}), fraction=0.2, seed=3)
    after = split(dataset({"a": 1500, "b": 1000, "c": 50}), fraction=0.2, seed=3)
    assert all(0.17 < count / 1000 < 0.23 for count in label_counts(before.side(Side.TEST)).values())
    sides = {record.name: record.side for record in after.records}
    assert all(sides[record.name] is record.side for record in before.records)


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


def divided_as(sides: dict[Side, dict[str, int]]) -> Dataset:
    records = [
        replace(record, name=f"{side}/{record.name}", side=side)
        for side, counts in sides.items()
        for record in dataset(counts).records
    ]
    return Dataset(Path("images"), tuple(records))


@pytest.mark.parametrize(
    ("train", "test"),
    [({"good": 4}, {"good": 2, "color": 3, "cut": 3}), ({"good": 4}, {"good": 2, "crack": 3}), ({"a": 3}, {"b": 3})],
)
def test_a_split_that_trains_on_none_of_most_labels_is_refused_and_resplit_is_named(
    train: dict[str, int], test: dict[str, int]
) -> None:
    with pytest.raises(LayoutError, match="its train part has no image of") as caught:
        split(divided_as({Side.TRAIN: train, Side.TEST: test}), fraction=0.2, seed=0)
    assert "--resplit" in str(caught.value.hint)


@pytest.mark.parametrize(("side", "missing"), [(Side.TRAIN, "test"), (Side.TEST, "train")])
def test_a_list_that_only_its_name_makes_a_part_is_refused_with_what_to_do(side: Side, missing: str) -> None:
    with pytest.raises(LayoutError, match=f"no image in its {missing} part") as caught:
        split(divided_as({side: {"a": 4, "b": 4}}), fraction=0.2, seed=0)
    assert f"{side.value}.manifest" in str(caught.value.hint)
    assert "divide all images anew with --resplit" in str(caught.value.hint)


def test_a_rare_label_that_is_tested_alone_is_told() -> None:
    given = divided_as({Side.TRAIN: {"a": 3, "b": 3}, Side.TEST: {"a": 1, "b": 1, "c": 2}})
    assert split(given, fraction=0.2, seed=0) == given
    assert untrained(given) == ["c"]


@pytest.mark.parametrize(
    ("region", "sides", "says"),
    [
        (None, {Side.TRAIN: {"a": 1500}, Side.TEST: {"a": 1000}}, []),
        (None, {Side.TEST: {"a": 1001}}, ["label 'a' has 1,001 images to test; the service takes 1,000"]),
        ("eu-west-1", {Side.TRAIN: {"a": 28_001}}, []),
        ("eu-west-2", {Side.TRAIN: {"a": 28_001}}, ["28,001 images to train; the service takes 28,000 in eu-west-2"]),
        (
            "ap-south-1",
            {Side.TEST: {f"l{number}": 900 for number in range(8)}},
            ["7,200 images to test; the service takes 7,000 in ap-south-1"],
        ),
    ],
)
def test_more_images_than_the_service_takes_are_told(
    region: str | None, sides: dict[Side, dict[str, int]], says: list[str]
) -> None:
    assert too_many(divided_as(sides), region) == says


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
    hashes = {record.name: "0" * 64 for record in records}
    assert content_digest(records, hashes) == content_digest(records[::-1], hashes)
    assert content_digest(records, hashes) != content_digest(records, hashes | {records[0].name: "1" * 64})
    for change in ({"labels": ("b",)}, {"boxes": ()}, {"boxes": (Box("a", 1, 2, 3, 4),)}):
        changed = (replace(records[0], **change), *records[1:])
        assert content_digest(records, hashes) != content_digest(changed, hashes)


def test_a_group_never_lands_on_both_sides() -> None:
    whole = dataset({"a": 60, "b": 60})
    group = group_by(r"/(\d+?)\d?\.jpg")
    divided = split(whole, fraction=0.2, seed=5, group=group)
    sides = [{group(record) for record in divided.side(side)} for side in Side]
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


def test_labels_of_an_image_with_several_are_all_on_both_sides() -> None:
    records = tuple(
        ImageRecord(f"{number}.jpg", Path(f"{number}.jpg"), labels, INFO)
        for number in range(30)
        for labels in [("a", "b") if number % 10 == 0 else ("a",) if number % 2 else ("c",)]
    )
    divided = split(Dataset(Path("images"), records), fraction=0.2, seed=1)
    assert all(set(label_counts(divided.side(side))) == {"a", "b", "c"} for side in Side)


def test_images_that_bring_a_side_keep_it_and_draw_their_group_along() -> None:
    whole = dataset({"a": 40, "b": 40})
    records = tuple(
        replace(record, group=record.name[:4], side=Side.TEST if record.name == "a/30.jpg" else None)
        for record in whole.records
    )
    divided = split(replace(whole, records=records), fraction=0.2, seed=0)
    assert {record.side for record in divided.records if record.group == "a/30.jpg"[:4]} == {Side.TEST}
    assert len({record.side for record in divided.records}) == 2


def test_groups_that_touch_become_one() -> None:
    whole = dataset({"a": 4, "b": 4})
    one, two, three, *_ = whole.records
    joined = grouped(whole, [(one, two), (two, three)]).records
    assert joined[0].group == joined[1].group == joined[2].group != None  # noqa: E711
    assert {record.group for record in joined[3:]} == {None}


def test_what_could_not_be_balanced_is_said() -> None:
    whole = dataset({"a": 50, "b": 50})
    group = group_by(r"^(a)/[1-4]")
    divided = split(whole, fraction=0.2, seed=1, group=group)
    rows = {row.label: row for row in balance(divided, 0.2, group)}
    assert (rows["a"].images, rows["a"].groups) == (50, 7)
    assert "its largest group has 44 images" in rows["a"].note
    assert rows["b"].note == ""


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="no regular expression"):
        group_by("(")


def hashed_as(contents: dict[str, str], name: str) -> Dataset:
    """Images by what stands for their bytes, with a label each; `name` makes their names of both."""
    records = [
        ImageRecord(
            name.format(label=label, content=content, number=number),
            Path("nowhere"),
            (label,),
            INFO,
            hashes=Hashes(content, content),
        )
        for number, (content, label) in enumerate(contents.items())
    ]
    return Dataset(Path("images"), tuple(sorted(records, key=lambda record: record.name)))


def sides(divided: Dataset) -> dict[str, Side | None]:
    return {record.hashes.md5: record.side for record in divided.records if record.hashes}


NAMES = ["{label}/{content}.jpg", "images/{number}.png", "export/{number:05}_{label}.jpg", "{content}/{number}.jpg"]


@given(
    st.dictionaries(st.text("0123456789abcdef", min_size=8, max_size=8), st.sampled_from("abc"), min_size=8),
    st.integers(0, 5),
    st.floats(0.05, 0.6),
    st.permutations(NAMES),
)
def test_no_image_changes_sides_when_it_is_renamed_moved_or_exported(
    contents: dict[str, str], seed: int, fraction: float, names: list[str]
) -> None:
    counts = Counter(contents.values())
    assume(len(counts) > 1 and min(counts.values()) > 1)
    first, *others = (split(hashed_as(contents, name), fraction=fraction, seed=seed) for name in names)
    assert all(sides(other) == sides(first) for other in others)


@given(st.integers(), st.integers(1, 60), st.integers(0, 5), st.sampled_from(NAMES))
def test_no_image_changes_sides_when_others_are_added(first: int, more: int, seed: int, name: str) -> None:
    contents = {f"{first}-{number}": "ab"[number % 2] for number in range(500)}
    added = contents | {f"added-{number}": "ab"[number % 2] for number in range(more)}
    before = sides(split(hashed_as(contents, NAMES[0]), fraction=0.3, seed=seed))
    after = sides(split(hashed_as(added, name), fraction=0.3, seed=seed))
    assert {content: after[content] for content in before} == before


def test_the_same_images_in_another_format_are_divided_the_same(tmp_path: Path) -> None:
    draw(tmp_path / "folders", {"crack": 12, "ok": 12})
    rows = ["image,label"]
    for number, path in enumerate(sorted((tmp_path / "folders").rglob("*.jpg"))):
        target = tmp_path / f"table/{97 * number % 100}.jpg"
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(path.read_bytes())
        rows.append(f"{target.name},{path.parent.name}")
    (tmp_path / "table/labels.csv").write_text("\n".join(rows) + "\n")
    folders, table = (split(load_dataset(tmp_path / name), fraction=0.25, seed=4) for name in ("folders", "table"))
    assert sides(folders) == sides(table)
    assert len(sides(folders)) == 24


def test_groups_of_images_that_look_alike_keep_their_side_when_renamed() -> None:
    contents = {f"{number:08x}": "ab"[number % 2] for number in range(60)}
    found = []
    for name in NAMES:
        whole = hashed_as(contents, name)
        by_content = {record.hashes.md5: record for record in whole.records if record.hashes}
        pairs = [(by_content[f"{number:08x}"], by_content[f"{number + 2:08x}"]) for number in range(0, 56, 4)]
        found.append(sides(split(grouped(whole, pairs), fraction=0.3, seed=1)))
    assert all(other == found[0] for other in found)
