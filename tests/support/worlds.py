"""Simulated productions, of which the truth is known."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from customlabels.pipelines.service.detection import DetectedLabel
from customlabels.review.estimates import LabelEstimate, Weighed, estimates
from customlabels.review.pick import Candidate, Cut, Picked, Thresholds, pick

CUT = Cut(Thresholds(50.0))


def world(seed: int, images: int) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which images have a crack, 3 %, and the confidences of a model that a tenth of them surprise."""
    rng = np.random.default_rng(seed)
    true = rng.random(images) < 0.03
    surprising = true & (rng.random(images) < 0.1)
    decisions = np.where(true & ~surprising, rng.normal(2.46, 1.6, images), rng.normal(-4, 1.45, images))
    return true, 100 / (1 + np.exp(-decisions))


def candidates(confidences: NDArray[np.float64]) -> list[Candidate]:
    return [
        Candidate(str(number), "", "", (DetectedLabel("crack", float(confidence)),))
        for number, confidence in enumerate(confidences)
    ]


def weighed(true: NDArray[np.bool_], picked: Iterable[Picked]) -> list[Weighed]:
    """Picked images as people answer who are always right."""
    return [
        Weighed(
            image.group,
            image.chance,
            frozenset(label.label for label in CUT.accepted(image.candidate.seen)),
            frozenset({"crack"} if true[int(image.candidate.image)] else ()),
            image.stands_for,
        )
        for image in picked
    ]


def reviewed(true: NDArray[np.bool_], confidences: NDArray[np.float64], count: int, seed: int) -> LabelEstimate:
    """What is estimated of the world after `count` images were picked and answered."""
    (estimate,) = estimates(
        weighed(true, pick(candidates(confidences), CUT, count, seed=seed).new), draws=1000, seed=seed
    )
    return estimate
