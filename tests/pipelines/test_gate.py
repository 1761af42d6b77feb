import pytest

from customlabels.core.settings import GateSettings
from customlabels.pipelines.evaluation import Evaluation, LabelMetrics
from customlabels.pipelines.gate import shortfalls

EVALUATION = Evaluation(
    version="v1",
    training_images=80,
    testing_images=20,
    precision=0.9,
    recall=0.8,
    f1=0.85,
    labels=(LabelMetrics("crack", 10, 0.9, 0.6, 0.72, 0.4), LabelMetrics("ok", 10, 0.9, 1.0, 0.98, 0.5)),
)


@pytest.mark.parametrize(
    ("gate", "missed"),
    [
        (GateSettings(), 0),
        (GateSettings(min_f1=0.85), 0),
        (GateSettings(min_f1=0.86), 1),
        (GateSettings(min_label_f1=0.72), 0),
        (GateSettings(min_label_f1=0.99), 2),
        (GateSettings(min_f1=0.9, min_label_f1=0.9), 2),
    ],
)
def test_each_demand_that_is_missed_is_named(gate: GateSettings, missed: int) -> None:
    assert len(shortfalls(EVALUATION, gate)) == missed
