import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.core.thresholds import halfway, margin

CONFIDENCES = st.floats(0, 1)


@given(CONFIDENCES, CONFIDENCES)
def test_a_threshold_halfway_accepts_and_refuses_the_same_scores(first: float, second: float) -> None:
    refused, accepted = sorted((first, second))
    if refused < accepted:
        assert refused < halfway(accepted, refused) <= accepted
    assert 0 <= halfway(accepted, None) <= accepted


@pytest.mark.parametrize(
    ("scores", "threshold", "fragility"),
    [
        ([0.05, 0.1, 0.45, 0.48, 0.52, 0.56, 0.9], 0.5, None),
        ([0.1, 0.9], 0.5, "no score lies within 0.1 of it: on these images any from 0.100 to 0.900 does"),
        ([0.1, 0.55, 0.9], 0.5, "one score lies within 0.1 of it: on these images any from 0.100 to 0.550 does"),
        ([0.42, 0.45, 0.495, 0.505], 0.5, "scores lie within 0.02 on both sides of it: a little noise decides"),
        ([0.2], 0.1, "one score lies within 0.1 of it: on these images any from 0.000 to 0.200 does"),
        ([0.1, 0.2], 1.0, "no score reaches it"),
        ([], 0.5, "no score reaches it"),
    ],
)
def test_a_threshold_is_fragile_where_few_scores_hold_it(
    scores: list[float], threshold: float, fragility: str | None
) -> None:
    assert margin(scores, threshold).fragility == fragility
