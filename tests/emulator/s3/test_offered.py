"""What of S3 is not offered is refused, and touches nothing."""

import http.client
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError
from support.local_services import Service, client

METRICS: Any = {"Id": "x"}


@pytest.mark.parametrize(
    "ask",
    [
        lambda s3: s3.put_bucket_metrics_configuration(Bucket="whole", Id="x", MetricsConfiguration=METRICS),
        lambda s3: s3.delete_bucket_metrics_configuration(Bucket="whole", Id="x"),
        lambda s3: s3.delete_bucket_inventory_configuration(Bucket="whole", Id="x"),
        lambda s3: s3.get_bucket_request_payment(Bucket="whole"),
        lambda s3: s3.get_object_retention(Bucket="whole", Key="k"),
        lambda s3: s3.get_object_torrent(Bucket="whole", Key="k"),
    ],
)
def test_a_part_of_a_bucket_that_is_not_offered_is_not_taken_for_the_bucket(
    service: Service, ask: Callable[[Any], Any]
) -> None:
    service.s3.create_bucket(Bucket="whole")
    with pytest.raises(ClientError, match="is not offered by the local service") as caught:
        ask(service.s3)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert "whole" in [bucket["Name"] for bucket in service.s3.list_buckets()["Buckets"]]


def test_what_is_offered_of_a_bucket_is_there(service: Service) -> None:
    s3 = service.s3
    s3.create_bucket(Bucket="offered")
    s3.put_object(Bucket="offered", Key="k", Body=b"x", Tagging="a=b")
    s3.put_bucket_versioning(Bucket="offered", VersioningConfiguration={"Status": "Enabled"})
    s3.delete_objects(Bucket="offered", Delete={"Objects": [{"Key": "none"}]})
    assert s3.get_bucket_location(Bucket="offered")["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert s3.list_object_versions(Bucket="offered")["Versions"]
    assert s3.get_object_attributes(Bucket="offered", Key="k", ObjectAttributes=["ObjectSize"])["ObjectSize"] == 1
    assert s3.get_object_tagging(Bucket="offered", Key="k")["TagSet"]


@pytest.mark.parametrize(
    ("service_name", "target"), [("sqs", "AmazonSQS.None"), ("dynamodb", "DynamoDB_20120810.None")]
)
def test_an_operation_that_no_service_has_is_refused(service: Service, service_name: str, target: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(service.endpoint_url).netloc)
    scope = f"AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/{service_name}/aws4_request"
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0", "Authorization": scope}
    connection.request("POST", "/", b"{}", headers)
    answer = connection.getresponse()
    assert (answer.status, b"is not offered by the local service" in answer.read()) == (400, True)


def test_nothing_that_moto_makes_up_is_answered(service: Service) -> None:
    with pytest.raises(ClientError, match="is not offered by the local service"):
        client(service, "sns").list_phone_numbers_opted_out()
