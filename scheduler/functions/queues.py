"""The queue of images as the sweep looks at it: since when something is in it, whether it feeds the function, how fast.

Imports the standard library and this package alone; botocore comes with the clients. Sources: SQS
developer guide, "Available CloudWatch metrics for Amazon SQS"; Lambda API reference, GetEventSourceMapping.
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from customlabels.aws.metric_queries import metric_query

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient

_PERIOD = timedelta(minutes=1)
_BACK = timedelta(minutes=20)
"""How old a datapoint may be: the queue's metrics come up to a quarter of an hour late where it was idle."""

_STATES = {"Enabled": True, "Disabled": False}


def oldest(cloudwatch: "CloudWatchClient", queue_arn: str, now: datetime) -> datetime | None:
    """When the oldest message of a queue came, or up to a minute before; None where CloudWatch does not tell.

    However late a datapoint comes: a message that was so old then came at that time.
    """
    dimensions = {"QueueName": queue_arn.rpartition(":")[2]}
    query = metric_query(
        "age", "ApproximateAgeOfOldestMessage", dimensions, period=_PERIOD, stat="Maximum", namespace="AWS/SQS"
    )
    answer = cloudwatch.get_metric_data(MetricDataQueries=[query], StartTime=now - _BACK, EndTime=now + _PERIOD)
    (result,) = answer["MetricDataResults"]
    ages = dict(zip(result["Timestamps"], result["Values"], strict=True))
    newest = max(ages, default=None)
    if newest is None or not ages[newest]:
        return None
    return newest.astimezone(UTC) - timedelta(seconds=ages[newest])


def feeds(functions: "LambdaClient", mapping: str) -> bool | None:
    """Whether a queue's messages go to the function; None while that is changing, or the mapping is made or deleted."""
    return _STATES.get(functions.get_event_source_mapping(UUID=mapping).get("State", ""))


def feed(functions: "LambdaClient", mapping: str, *, on: bool) -> None:
    """Has a queue's messages go to the function, or stay where they are."""
    functions.update_event_source_mapping(UUID=mapping, Enabled=on)


def pace(dynamodb: "DynamoDBClient", table: str, version: str, rate: float) -> str:
    """Sets how many images a second all workers of a version take together; the turn that they have come to.

    Which turn is next is theirs, and left as it is; empty where they have taken none.
    """
    answer = dynamodb.update_item(
        TableName=table,
        Key={"pk": {"S": f"pace#{version}"}, "sk": {"S": "-"}},
        UpdateExpression="SET #rate = :rate",
        ExpressionAttributeNames={"#rate": "rate"},
        ExpressionAttributeValues={":rate": {"N": f"{rate:g}"}},
        ReturnValues="ALL_NEW",
    )
    turn = answer.get("Attributes", {}).get("nxt", {})
    return str(next(iter(turn.values()), ""))
