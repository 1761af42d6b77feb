"""Which images people are asked about, and with what chance."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.pipelines.service.detection import DetectedLabel
from customlabels.review.pick import Candidate, Cut, Group, Shares, Stratum, Thresholds, pick

CUT = Cut(Thresholds(None, {"crack": 50.0, "ok": 50.0}), frozenset({"ok"}))


def candidate(image: str, *seen: tuple[str, float]) -> Candidate:
    return Candidate(image, f"{image}.png", f"/images/{image}.png", tuple(DetectedLabel(*label) for label in seen))


@pytest.mark.parametrize(
    ("seen", "group"),
    [
        ((), Group.REST),
        ((("crack", 50.0),), Group.NEAR),
        ((("crack", 35.0),), Group.NEAR),
        ((("crack", 34.9),), Group.REST),
        ((("crack", 65.1),), Group.DEFECT),
        ((("ok", 99.0),), Group.REST),
        ((("ok", 60.0), ("crack", 99.0)), Group.NEAR),
        ((("ok", 99.0), ("crack", 99.0)), Group.DEFECT),
        ((("unheard-of", 1.0),), Group.DEFECT),
    ],
)
def test_an_image_is_near_a_threshold_or_a_defect_or_neither(seen: tuple[tuple[str, float], ...], group: Group) -> None:
    assert CUT.group(candidate("a", *seen).seen) is group


CONFIDENCES = st.lists(st.floats(0, 100), min_size=1, max_size=80)


@given(CONFIDENCES, st.integers(1, 100), st.integers(0, 5))
def test_a_pick_has_as_many_images_as_are_asked_for_each_once(confidences: list[float], count: int, seed: int) -> None:
    candidates = [candidate(str(number), ("crack", value)) for number, value in enumerate(confidences)]
    result = pick([*candidates, *candidates], CUT, count, seed=seed)
    images = [picked.candidate.image for picked in result.new]
    assert len(images) == len(set(images)) == min(count, len(candidates))
    assert sum(result.groups.values()) == len(candidates)
    assert all(0 < picked.chance <= 1 for picked in result.new)


@given(CONFIDENCES, st.integers(1, 100), st.integers(0, 5))
def test_every_image_of_a_group_is_picked_with_the_same_chance_and_they_stand_for_the_group(
    confidences: list[float], count: int, seed: int
) -> None:
    candidates = [candidate(str(number), ("crack", value)) for number, value in enumerate(confidences)]
    result = pick(candidates, CUT, count, seed=seed)
    for group in Group:
        own = [picked for picked in result.new if picked.group is group]
        assert len({picked.chance for picked in own}) <= 1
        if own:
            assert sum(1 / picked.chance for picked in own) == pytest.approx(result.groups[group])


@given(CONFIDENCES, st.integers(1, 30), st.integers(1, 30), st.integers(0, 5))
def test_nobody_is_asked_twice_and_two_picks_come_to_the_chances_of_one(
    confidences: list[float], first: int, second: int, seed: int
) -> None:
    candidates = [candidate(str(number), ("crack", value)) for number, value in enumerate(confidences)]
    before = pick(candidates, CUT, first, seed=seed)
    chances = {picked.candidate.image: picked.chance for picked in before.new}
    after = pick(candidates, CUT, second, asked=chances, seed=seed)
    assert not chances.keys() & {picked.candidate.image for picked in after.new}
    assert {picked.candidate.image for picked in after.again} <= chances.keys()
    chances |= {picked.candidate.image: picked.chance for picked in (*after.new, *after.again)}
    assert all(picked.chance > 0 for picked in after.again)
    groups = {picked.candidate.image: picked.group for picked in (*before.new, *after.new)}
    for group in Group:
        own = [chances[image] for image in groups if groups[image] is group]
        if own:
            assert len(set(own)) == 1
            assert sum(1 / chance for chance in own) == pytest.approx(after.groups[group])


def test_strata_have_their_shares_and_what_one_lacks_is_random() -> None:
    near = [candidate(f"n{number}", ("crack", 50.0)) for number in range(300)]
    defects = [candidate(f"d{number}", ("crack", 99.0)) for number in range(10)]
    rest = [candidate(f"r{number}") for number in range(5000)]
    result = pick([*near, *defects, *rest], CUT, 200)
    counts = Counter(picked.stratum for picked in result.new)
    assert counts[Stratum.NEAR] == 80
    assert 5 <= counts[Stratum.DEFECT] <= 10
    assert counts.total() == 200


def test_the_random_stratum_is_of_all_groups_as_production_has_them() -> None:
    candidates = [candidate(str(number), ("crack", 100.0 * number / 3000)) for number in range(3000)]
    result = pick(candidates, CUT, 600)
    random = Counter(picked.group for picked in result.new if picked.stratum is Stratum.RANDOM)
    for group, images in result.groups.items():
        assert random[group] / random.total() == pytest.approx(images / 3000, abs=0.08)


def test_the_order_of_what_was_picked_tells_nothing_of_it() -> None:
    candidates = [candidate(str(number), ("crack", 100.0 * number / 2000)) for number in range(2000)]
    picked = pick(candidates, CUT, 400).new
    first = Counter(image.stratum for image in picked[:200])
    assert all(
        0.3 < first[stratum] / count < 0.7 for stratum, count in Counter(image.stratum for image in picked).items()
    )


def test_of_images_that_look_the_same_one_is_asked_about_and_stands_for_them() -> None:
    candidates = [candidate(name, ("crack", 99.0)) for name in "abc"] + [candidate("d", ("crack", 2.0))]
    result = pick(candidates, CUT, 10, alike=[["a", "b", "d"]])
    assert {picked.candidate.image: picked.stands_for for picked in result.new} == {"a": 2, "c": 1, "d": 1}


def test_an_image_that_looks_like_one_asked_about_before_is_not_asked_about() -> None:
    candidates = [candidate(name, ("crack", 99.0)) for name in "ab"]
    result = pick(candidates, CUT, 10, asked={"b": 0.5}, alike=[["a", "b"]])
    assert result.new == ()


@given(st.lists(st.floats(0, 1), min_size=2).map(sorted))
def test_the_better_a_version_is_the_more_is_chosen_by_it_and_never_more_than_usual(figures: list[float]) -> None:
    shares = [Shares.by(f1) for f1 in figures]
    assert [share.near for share in shares] == sorted(share.near for share in shares)
    assert all(0 <= share.near <= Shares().near and 0 <= share.defect <= Shares().defect for share in shares)
    assert (Shares.by(0.0), Shares.by(1.0)) == (Shares(0.0, 0.0), Shares())
