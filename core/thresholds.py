"""Where a threshold lies between the scores that it parts, and how much it rests on."""

from collections.abc import Iterable
from typing import NamedTuple

NEAR = 0.1
_FEW, _TIGHT = 3, 0.02


def halfway(accepted: float, refused: float | None) -> float:
    """The confidence in the middle between the lowest accepted and the highest refused score.

    On the accepted score itself, a new image that looks a little less like its label than all tested ones gets none,
    and another processor's rounding decides about a tested one.

    Parameters
    ----------
    accepted : the lowest score at which the label counts as found, 0..1
    refused : the highest score below it, 0..1; None where there is none, so that 0 bounds it
    """
    lower = 0.0 if refused is None else refused
    middle = (accepted + lower) / 2
    # Between neighbouring floats there is no middle, and a refused score has to stay refused.
    return middle if middle > lower else accepted


class Margin(NamedTuple):
    """The scores that a threshold parts, all 0..1.

    Parameters
    ----------
    refused, accepted : the highest score below the threshold and the lowest from it on; None where there is none
    near : how many scores lie within NEAR of the threshold
    """

    refused: float | None
    accepted: float | None
    near: int

    @property
    def fragility(self) -> str | None:
        """Why new images may well fall on the other side of the threshold; None where the scores hold it."""
        if self.accepted is None:
            return "no score reaches it"
        lower = 0.0 if self.refused is None else self.refused
        if self.accepted - lower < _TIGHT:
            return f"scores lie within {_TIGHT:g} on both sides of it: a little noise decides"
        if self.near < _FEW:
            scores = "no score lies" if not self.near else "one score lies" if self.near == 1 else "two scores lie"
            return f"{scores} within {NEAR:g} of it: on these images any from {lower:.3f} to {self.accepted:.3f} does"
        return None


def margin(scores: Iterable[float], threshold: float) -> Margin:
    """What `threshold` parts `scores` into; all 0..1."""
    ordered = sorted(scores)
    accepted = next((score for score in ordered if score >= threshold), None)
    refused = next((score for score in reversed(ordered) if score < threshold), None)
    return Margin(refused, accepted, sum(abs(score - threshold) <= NEAR for score in ordered))
