"""What the pipeline's functions decide by themselves; their calls are tried in tests/e2e/test_pipeline.py."""

from datetime import UTC, datetime
from typing import Any

import pytest
from support.local_services import Service

from customlabels.core.errors import ServiceError, TrainingFailed
from customlabels.core.settings import GateSettings
from customlabels.pipelines.sagemaker.functions import training
from customlabels.pipelines.sagemaker.functions.judging import gate_of

NOTHING: dict[str, Any] = {
    **dict.fromkeys(("min_f1", "min_precision", "min_recall", "min_label_f1"), 0.0),
    "min_label": {},
    "min_test_images": 0,
    "max_regression": -1.0,
}


@pytest.mark.parametrize(
    ("asked", "gate"),
    [
        ({}, GateSettings()),
        ({"min_f1": 0.8, "min_test_images": 5}, GateSettings(min_f1=0.8, min_test_images=5)),
        ({"min_f1": "0.8", "max_regression": "0.02"}, GateSettings(min_f1=0.8, max_regression=0.02)),
        ({"max_regression": 0.0}, GateSettings(max_regression=0.0)),
        ({"min_label": {"crack": "0.9"}}, GateSettings(min_label={"crack": "0.9"})),
    ],
)
def test_the_gate_of_a_definition_is_that_of_the_settings(asked: dict[str, Any], gate: GateSettings) -> None:
    assert gate_of({**NOTHING, **asked}) == gate


def test_looks_at_a_training_grow_rarer_until_every_five_minutes() -> None:
    assert [training.pause(looks) for looks in (1, 2, 3, 4, 5, 6, 400)] == [15, 30, 60, 120, 240, 300, 300]


def test_a_training_is_not_started_on_datasets_that_another_run_has_changed(service: Service) -> None:
    arn = service.rekognition.create_project(ProjectName="line-7")["ProjectArn"]
    ticket = {
        "project": "line-7",
        "project_arn": arn,
        "version": "v1",
        "dataset_tag": "customlabels:digest",
        "datasets": {"train": "1", "test": "2"},
    }
    with pytest.raises(ServiceError, match="another run has changed the train dataset of line-7"):
        training.start(service.rekognition, ticket)


def test_a_version_that_is_gone_is_not_waited_for(service: Service) -> None:
    arn = service.rekognition.create_project(ProjectName="line-8")["ProjectArn"]
    now = datetime.now(UTC)
    with pytest.raises(TrainingFailed, match="version v1 has been deleted"):
        training.ended(service.rekognition, arn, "v1", now, now)
