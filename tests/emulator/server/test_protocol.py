from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from support.local_services import Service

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

PROJECT = "arn:aws:rekognition:us-east-1:123456789012:project/absent/1"
VERSION = "arn:aws:rekognition:us-east-1:123456789012:project/absent/version/v1/1"
DATASET = "arn:aws:rekognition:us-east-1:123456789012:project/absent/dataset/train/1"
OUTPUT = {"S3Bucket": "plant-7", "S3KeyPrefix": "out"}


def refused(client: "RekognitionClient", operation: str, parameters: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        client._make_api_call(operation, parameters)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("CreateProject", {"ProjectName": "has blank"}, "ValidationException"),
        ("CreateProject", {"ProjectName": "x" * 256}, "ValidationException"),
        ("CreateProject", {"ProjectName": "x", "Feature": "ELSE"}, "ValidationException"),
        ("CreateProject", {"ProjectName": "x", "Feature": "CONTENT_MODERATION"}, "InvalidParameterException"),
        ("CreateProject", {"ProjectName": "x", "AutoUpdate": "ENABLED"}, "InvalidParameterException"),
        ("CreateProject", {"ProjectName": "x", "Tags": {"aws:own": "1"}}, "ValidationException"),
        ("DescribeProjects", {"MaxResults": 101}, "ValidationException"),
        ("DescribeProjects", {"NextToken": "made-up"}, "InvalidPaginationTokenException"),
        ("DeleteProject", {"ProjectArn": PROJECT}, "ResourceNotFoundException"),
        ("DeleteProject", {"ProjectArn": VERSION}, "ValidationException"),
        ("CreateDataset", {"ProjectArn": PROJECT, "DatasetType": "TRAIN"}, "ResourceNotFoundException"),
        ("CreateDataset", {"ProjectArn": PROJECT, "DatasetType": "train"}, "ValidationException"),
        ("DescribeDataset", {"DatasetArn": DATASET}, "ResourceNotFoundException"),
        ("ListDatasetEntries", {"DatasetArn": DATASET}, "ResourceNotFoundException"),
        ("ListDatasetLabels", {"DatasetArn": DATASET}, "ResourceNotFoundException"),
        ("DeleteDataset", {"DatasetArn": DATASET}, "ResourceNotFoundException"),
        (
            "CreateProjectVersion",
            {"ProjectArn": PROJECT, "VersionName": "v1", "OutputConfig": OUTPUT},
            "ResourceNotFoundException",
        ),
        ("DescribeProjectVersions", {"ProjectArn": PROJECT}, "ResourceNotFoundException"),
        ("StartProjectVersion", {"ProjectVersionArn": VERSION, "MinInferenceUnits": 1}, "ResourceNotFoundException"),
        (
            "StartProjectVersion",
            {"ProjectVersionArn": VERSION, "MinInferenceUnits": 2, "MaxInferenceUnits": 1},
            "InvalidParameterException",
        ),
        ("StartProjectVersion", {"ProjectVersionArn": VERSION, "MinInferenceUnits": 6}, "LimitExceededException"),
        ("StopProjectVersion", {"ProjectVersionArn": VERSION}, "ResourceNotFoundException"),
        ("DeleteProjectVersion", {"ProjectVersionArn": VERSION}, "ResourceNotFoundException"),
        ("DetectCustomLabels", {"ProjectVersionArn": VERSION, "Image": {"Bytes": b"x"}}, "ResourceNotFoundException"),
        (
            "DetectCustomLabels",
            {"ProjectVersionArn": VERSION, "Image": {"Bytes": b"x"}, "MinConfidence": 101},
            "ValidationException",
        ),
        ("ListTagsForResource", {"ResourceArn": PROJECT}, "ResourceNotFoundException"),
    ],
)
def test_what_the_service_refuses_is_refused_with_its_code(
    service: Service, operation: str, parameters: dict[str, Any], code: str
) -> None:
    assert refused(service.rekognition, operation, parameters)[0] == code


def test_every_value_out_of_range_is_named_in_one_go(service: Service) -> None:
    code, text = refused(
        service.rekognition,
        "CreateProjectVersion",
        {"ProjectArn": "x" * 30, "VersionName": "a b", "OutputConfig": {"S3Bucket": "a!b", "S3KeyPrefix": ""}},
    )
    assert code == "ValidationException"
    assert text.startswith("3 validation errors detected: ")
    assert "'versionName'" in text
    assert "'outputConfig.s3Bucket'" in text


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "SerializationException"),
        (b"[]", "SerializationException"),
        (b'{"ProjectName": 7}', "SerializationException"),
    ],
)
def test_a_body_that_is_no_request_is_refused(service: Service, body: bytes, code: str) -> None:
    import json
    import urllib.error
    import urllib.request

    request = urllib.request.Request(
        service.endpoint_url, body, {"X-Amz-Target": "RekognitionService.CreateProject", "Content-Type": "x"}
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert json.load(caught.value)["__type"] == code


@pytest.mark.parametrize("header", [{"Host": "evil.example:80"}, {"Origin": "http://evil.example"}])
def test_a_page_in_a_browser_is_turned_away(service: Service, header: dict[str, str]) -> None:
    import urllib.error
    import urllib.request

    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(service.endpoint_url + "/plant-7", headers=header))
    assert caught.value.code == 403
