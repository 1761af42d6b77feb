"""Every Custom Labels operation answers, and refuses what it does not know as the service documents it."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.local_services import BUCKET, Service

from customlabels.emulator.server.protocol import service_model

STEM = "arn:aws:rekognition:us-east-1:123456789012:project/nobody"
PROJECT, VERSION = f"{STEM}/1700000000000", f"{STEM}/version/none/1700000000000"
TRAIN, TEST = f"{STEM}/dataset/train/1700000000000", f"{STEM}/dataset/test/1700000000000"
OUTPUT = {"S3Bucket": BUCKET, "S3KeyPrefix": "none"}
POLICY = (
    '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"rekognition:CopyProjectVersion",'
    '"Resource":"arn:aws:rekognition:us-east-1:123456789012:project/x/version/*"}]}'
)

ABSENT: dict[str, dict[str, Any]] = {
    "DeleteProject": {"ProjectArn": PROJECT},
    "PutProjectPolicy": {"ProjectArn": PROJECT, "PolicyName": "p", "PolicyDocument": POLICY},
    "ListProjectPolicies": {"ProjectArn": PROJECT},
    "DeleteProjectPolicy": {"ProjectArn": PROJECT, "PolicyName": "p"},
    "CreateDataset": {"ProjectArn": PROJECT, "DatasetType": "TRAIN"},
    "DescribeDataset": {"DatasetArn": TRAIN},
    "DeleteDataset": {"DatasetArn": TRAIN},
    "UpdateDatasetEntries": {"DatasetArn": TRAIN, "Changes": {"GroundTruth": b"{}\n"}},
    "ListDatasetEntries": {"DatasetArn": TRAIN},
    "ListDatasetLabels": {"DatasetArn": TRAIN},
    "DistributeDatasetEntries": {"Datasets": [{"Arn": TRAIN}, {"Arn": TEST}]},
    "CreateProjectVersion": {"ProjectArn": PROJECT, "VersionName": "v", "OutputConfig": OUTPUT},
    "DescribeProjectVersions": {"ProjectArn": PROJECT},
    "DeleteProjectVersion": {"ProjectVersionArn": VERSION},
    "StartProjectVersion": {"ProjectVersionArn": VERSION, "MinInferenceUnits": 1},
    "StopProjectVersion": {"ProjectVersionArn": VERSION},
    "CopyProjectVersion": {
        "SourceProjectArn": PROJECT,
        "SourceProjectVersionArn": VERSION,
        "DestinationProjectArn": PROJECT,
        "VersionName": "v",
        "OutputConfig": OUTPUT,
    },
    "DetectCustomLabels": {"ProjectVersionArn": VERSION, "Image": {"Bytes": b"x"}},
    "TagResource": {"ResourceArn": PROJECT, "Tags": {"a": "b"}},
    "UntagResource": {"ResourceArn": VERSION, "TagKeys": ["a"]},
    "ListTagsForResource": {"ResourceArn": TRAIN},
}
"""A call of each operation that names a resource, about one that is not there."""


def refusal(service: Service, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    call = getattr(service.rekognition, "".join(f"_{c.lower()}" if c.isupper() else c for c in operation).lstrip("_"))
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return dict(caught.value.response)


@pytest.mark.parametrize("operation", ABSENT)
def test_what_is_not_there_is_not_found(service: Service, operation: str) -> None:
    answer = refusal(service, operation, ABSENT[operation])
    assert answer["Error"]["Code"] == "ResourceNotFoundException"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    documented = {shape.name for shape in service_model().operation_model(operation).error_shapes}
    assert "ResourceNotFoundException" in documented


@pytest.mark.parametrize(
    "operation", [name for name, given in ABSENT.items() if any(key.endswith("Arn") for key in given)]
)
def test_an_address_of_another_form_fails_validation(service: Service, operation: str) -> None:
    wrong = {
        name: "arn:aws:s3:::nothing-like-it-at-all" if name.endswith("Arn") else value
        for name, value in ABSENT[operation].items()
    }
    code = refusal(service, operation, wrong)["Error"]["Code"]
    # The ARN of a tagged resource may be any; it is merely not there.
    assert code == ("ResourceNotFoundException" if "ResourceArn" in wrong else "ValidationException")


PAGED = {
    "DescribeProjects": {},
    "DescribeProjectVersions": {"ProjectArn": ""},
    "ListProjectPolicies": {"ProjectArn": ""},
}


@pytest.mark.parametrize("operation", PAGED)
def test_a_page_that_was_never_given_is_refused(service: Service, operation: str) -> None:
    name = f"paged-{operation}"
    arn = service.rekognition.create_project(ProjectName=name)["ProjectArn"]
    parameters = dict.fromkeys(PAGED[operation], arn) | {"NextToken": "never given"}
    assert refusal(service, operation, parameters)["Error"]["Code"] == "InvalidPaginationTokenException"
    most = dict.fromkeys(PAGED[operation], arn) | {"MaxResults": 101}
    assert refusal(service, operation, most)["Error"]["Code"] == "ValidationException"


def test_nothing_of_custom_labels_is_left_to_another_service() -> None:
    from customlabels.emulator.server.application import OPERATIONS

    assert OPERATIONS.keys() == ABSENT.keys() | {"CreateProject", "DescribeProjects"}
