from hypothesis import given
from hypothesis import strategies as st
from support.videos import moving, plain

from customlabels.datasets.videos.choosing import Thinned, Wanted, due, spread
from customlabels.datasets.videos.decoding import sketch

times = st.lists(st.floats(0, 500), max_size=200).map(sorted)


def taken(times: list[float], every: float) -> list[float]:
    last, chosen = -1, []
    for seconds in times:
        turn = due(seconds, every, last)
        if turn is not None:
            last = turn
            chosen.append(seconds)
    return chosen


@given(times, st.floats(0.1, 20))
def test_a_turn_takes_one_frame_and_a_frame_waits_for_its_turn(times: list[float], every: float) -> None:
    chosen = taken(times, every)
    turns = [int((seconds + 0.0005) / every) for seconds in chosen]
    assert turns == sorted({int((seconds + 0.0005) / every) for seconds in times})


@given(st.integers(1, 120), st.integers(1, 200))
def test_frames_of_an_even_camera_come_every_so_often(rate: int, count: int) -> None:
    seconds = [number / rate for number in range(count)]
    assert taken(seconds, 1.0) == [second for number, second in enumerate(seconds) if number % rate == 0]


@given(st.integers(0, 500), st.integers(1, 40))
def test_at_most_so_many_are_kept_evenly_and_never_twice_as_many_are_held(count: int, most: int) -> None:
    held: set[int] = set()
    thinned = Thinned[int](most, held.remove)
    for number in range(count):
        if thinned.takes():
            held.add(number)
            thinned.keep(number)
            assert len(held) < 2 * most
    kept = thinned.end()
    assert set(kept) == held
    assert kept == sorted(kept)
    assert len(kept) == min(count, most)
    if count:
        assert kept[0] == 0
        gaps = [after - before for before, after in zip(kept, [*kept[1:], count], strict=True)]
        assert max(gaps) <= 4 * max(1, count / most)


@given(st.integers(0, 100), st.integers(1, 100))
def test_spread_takes_as_many_as_there_may_be(count: int, most: int) -> None:
    chosen = spread(count, most)
    assert len(chosen) == min(count, most)
    assert chosen <= {*range(count)}


def test_frames_that_show_the_same_are_left_out_and_what_is_small_is_seen() -> None:
    import numpy as np

    noise = np.random.default_rng(0)

    def noisy(picture):  # type: ignore[no-untyped-def]
        return (picture + noise.normal(0, 4, picture.shape)).clip(0, 255).astype(np.uint8)

    scratched = plain(120, (640, 480))
    scratched[200:206, 300:340] = 60
    pictures = [noisy(plain(120, (640, 480))), noisy(plain(120, (640, 480))), noisy(scratched), noisy(scratched)]
    wanted = Wanted(skip_similar=True)
    assert [wanted.wants(sketch(picture)) for picture in pictures] == [True, False, True, False]


def test_a_scene_gives_its_first_frame() -> None:
    wanted = Wanted(scenes=True)
    pictures = [moving(0), moving(1), plain(200), plain(198), moving(3), moving(4)]
    assert [wanted.wants(sketch(picture)) for picture in pictures] == [True, False, True, False, True, False]
