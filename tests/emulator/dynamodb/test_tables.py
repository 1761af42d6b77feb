"""Tables as the toolkit uses them: claims by condition, queries of one key, expiry, and nothing lost."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.local_services import Service, client, kill_and_return


def make(service: Service, name: str) -> Any:
    """A client of DynamoDB, with a table of two keys and an index."""
    tables = client(service, "dynamodb")
    tables.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk", "verdict")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "verdicts",
                "KeySchema": [
                    {"AttributeName": "verdict", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    return tables


def item(pk: str, sk: str, **texts: str) -> Any:
    return {name: {"S": text} for name, text in {"pk": pk, "sk": sk, **texts}.items()}


def test_a_claim_that_is_lost_tells_who_has_it(service: Service) -> None:
    tables = make(service, "claims")
    claim: Any = {
        "TableName": "claims",
        "ConditionExpression": "attribute_not_exists(pk) OR ends < :now",
        "ExpressionAttributeValues": {":now": {"N": "100"}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    tables.put_item(Item={**item("i#1", "a#1", by="first"), "ends": {"N": "150"}}, **claim)
    with pytest.raises(ClientError) as caught:
        tables.put_item(Item={**item("i#1", "a#1", by="second"), "ends": {"N": "250"}}, **claim)
    assert caught.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
    held: Any = caught.value.response
    assert held["Item"]["by"] == {"S": "first"}
    claim["ExpressionAttributeValues"] = {":now": {"N": "200"}}
    tables.put_item(Item={**item("i#1", "a#1", by="third"), "ends": {"N": "300"}}, **claim)
    with pytest.raises(ClientError) as caught:
        tables.update_item(
            TableName="claims",
            Key=item("i#1", "a#1"),
            UpdateExpression="SET done = :yes",
            ConditionExpression="#by = :me",
            ExpressionAttributeNames={"#by": "by"},
            ExpressionAttributeValues={":yes": {"BOOL": True}, ":me": {"S": "first"}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    held = caught.value.response
    assert held["Item"]["by"] == {"S": "third"}


def test_a_query_gives_a_key_s_items_in_order_page_by_page(service: Service) -> None:
    tables = make(service, "pages")
    for pk in ("i#1", "i#2"):
        for number in range(12):
            verdict = "defect" if number % 3 == 0 else "pass"
            tables.put_item(TableName="pages", Item=item(pk, f"k#{number:02}", verdict=verdict))
        # What lacks the index's key is not in it.
        tables.put_item(TableName="pages", Item=item(pk, "a#"))
    asked: Any = {"TableName": "pages", "ExpressionAttributeValues": {":pk": {"S": "i#2"}, ":k": {"S": "k#0"}}}
    pages = tables.get_paginator("query").paginate(
        KeyConditionExpression="pk = :pk AND begins_with(sk, :k)", PaginationConfig={"PageSize": 4}, **asked
    )
    keys = [[found["sk"]["S"] for found in page["Items"]] for page in pages]
    assert [key for page in keys for key in page] == [f"k#{number:02}" for number in range(10)]
    assert max(map(len, keys)) <= 4
    last = tables.query(
        TableName="pages",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "i#1"}},
        ScanIndexForward=False,
        Limit=1,
    )["Items"]
    assert [found["sk"]["S"] for found in last] == ["k#11"]
    defects = tables.query(
        TableName="pages",
        IndexName="verdicts",
        KeyConditionExpression="verdict = :defect",
        ExpressionAttributeValues={":defect": {"S": "defect"}},
    )["Items"]
    assert [found["sk"]["S"] for found in defects] == [f"k#{number:02}" for number in (0, 0, 3, 3, 6, 6, 9, 9)]
    none = tables.query(
        TableName="pages", KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": "none"}}
    )
    assert none["Count"] == 0


def test_expiry_and_recovery_are_told_and_items_are_there_after_kill_9(own_service: Service) -> None:
    tables = make(own_service, "kept")
    tables.update_time_to_live(TableName="kept", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
    tables.update_continuous_backups(
        TableName="kept", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    for number in range(200):
        tables.put_item(TableName="kept", Item={**item(f"i#{number}", "a#1"), "expires": {"N": "1"}})
    tables = client(kill_and_return(own_service), "dynamodb")
    assert tables.describe_time_to_live(TableName="kept")["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "expires",
    }
    backups = tables.describe_continuous_backups(TableName="kept")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    # AWS deletes what has expired by and by, within days: until then it is read as anything else.
    assert tables.scan(TableName="kept", Select="COUNT")["Count"] == 200
    assert tables.get_item(TableName="kept", Key=item("i#7", "a#1"))["Item"]["expires"] == {"N": "1"}
