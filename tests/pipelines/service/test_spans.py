"""Spans against truth that is written out, and the laws that hold of any."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.pipelines.service.spans import Moment, Span, spans

moments = st.lists(
    st.builds(
        Moment,
        st.integers(0, 200).map(float),
        st.dictionaries(st.sampled_from("abc"), st.floats(0, 100), max_size=3),
    ),
    max_size=60,
    unique_by=lambda moment: moment.seconds,
)


def of(frames: list[Moment], begin: float = 60, hold: float = 40, gap: float = 2) -> list[Span]:
    return spans(frames, begins=lambda label: begin, holds=lambda label: hold, gap=gap)


def script(text: str) -> list[Moment]:
    """A digit a second: tens of per cent of label a; a dot where it is not seen."""
    return [Moment(float(at), {} if sign == "." else {"a": 10.0 * int(sign)}) for at, sign in enumerate(text)]


@pytest.mark.parametrize(
    ("frames", "truth"),
    [
        ("..........", []),
        ("..9.......", [(2, 2, 1)]),
        ("..4565411.", [(2, 6, 5)]),
        ("..45.5411.", []),
        ("..67.76...", [(2, 6, 4)]),
        ("..67..76..", [(2, 3, 2), (6, 7, 2)]),
        ("9........9", [(0, 0, 1), (9, 9, 1)]),
        ("5555555556", [(0, 9, 10)]),
        ("3333333333", []),
        ("9393939393", [(0, 8, 5)]),
    ],
)
def test_spans_are_those_of_the_script(frames: str, truth: list[tuple[int, int, int]]) -> None:
    assert [(span.begin, span.end, span.frames) for span in of(script(frames))] == truth


@given(moments)
def test_the_order_of_frames_does_not_matter(frames: list[Moment]) -> None:
    shuffled = sorted(frames, key=lambda moment: hash((moment.seconds, 7)))
    assert of(shuffled) == of(frames)


@given(moments)
def test_every_frame_that_may_begin_a_span_lies_in_one_of_its_label(frames: list[Moment]) -> None:
    found = of(frames)
    for moment in frames:
        for label, confidence in moment.labels.items():
            around = [span for span in found if span.label == label and span.begin <= moment.seconds <= span.end]
            assert len(around) <= 1
            assert around or confidence < 60


@given(moments, st.floats(0, 10))
def test_spans_of_a_label_lie_further_apart_than_the_gap_and_reach_their_peak(frames: list[Moment], gap: float) -> None:
    found = of(frames, gap=gap)
    assert found == sorted(found, key=lambda span: (span.begin, span.label))
    for span in found:
        assert span.begin <= span.at <= span.end
        assert span.peak >= 60
        after = [other for other in found if other.label == span.label and other.begin > span.begin]
        assert all(other.begin - span.end > gap for other in after)


@given(moments)
def test_a_video_that_runs_backwards_has_the_same_spans_mirrored(frames: list[Moment]) -> None:
    mirrored = [Moment(-moment.seconds, moment.labels) for moment in frames]
    assert {(span.label, -span.end, -span.begin, span.frames, span.peak) for span in of(mirrored)} == {
        (span.label, span.begin, span.end, span.frames, span.peak) for span in of(frames)
    }


@given(moments, st.floats(60, 100), st.floats(2, 20))
def test_a_higher_beginning_only_takes_spans_away_and_a_longer_gap_only_joins_them(
    frames: list[Moment], begin: float, gap: float
) -> None:
    assert {*of(frames, begin=begin)} <= {*of(frames)}
    wider = of(frames, gap=gap)
    assert all(
        any(other.label == span.label and other.begin <= span.begin and span.end <= other.end for other in wider)
        for span in of(frames)
    )
