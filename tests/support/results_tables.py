"""Tables of DynamoDB with the keys of an inspection's results."""

from collections.abc import Iterator
from contextlib import contextmanager

from customlabels.inspection.claims import Table
from support.local_services import Service, client


@contextmanager
def results_table(service: Service, name: str) -> Iterator[Table]:
    """A table of that name, for as long as the block."""
    dynamodb = client(service, "dynamodb")
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    yield Table(dynamodb, name)
    dynamodb.delete_table(TableName=name)
