"""Whether a version is good enough."""

from customlabels.core.settings import GateSettings
from customlabels.pipelines.evaluation import Evaluation


def shortfalls(evaluation: Evaluation, gate: GateSettings) -> list[str]:
    """A sentence for each demand of the gate that the version does not meet; none where it passes."""
    found = []
    if gate.min_f1 is not None and evaluation.f1 < gate.min_f1:
        found.append(f"F1 is {evaluation.f1:.3f}, the gate asks for {gate.min_f1:.3f}")
    if gate.min_label_f1 is not None:
        found += [
            f"F1 of {metrics.label!r} is {metrics.f1:.3f}, the gate asks for {gate.min_label_f1:.3f} a label"
            for metrics in evaluation.labels
            if metrics.f1 < gate.min_label_f1
        ]
    return found
