"""The JavaScript SDK as it comes, pointed at the local service by AWS_ENDPOINT_URL."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.line_stack import template
from support.local_services import BUCKET, Service, connect

from customlabels.emulator.server import address
from customlabels.manifests.lines import entry_line

FLOW = """
import {
  RekognitionClient, CreateProjectCommand, CreateDatasetCommand, DescribeDatasetCommand, UpdateDatasetEntriesCommand,
  DeleteDatasetCommand, TagResourceCommand, ListTagsForResourceCommand, paginateListDatasetEntries,
} from "@aws-sdk/client-rekognition";
const client = new RekognitionClient({});
const done = async (arn) => {
  for (;;) {
    const { DatasetDescription } = await client.send(new DescribeDatasetCommand({ DatasetArn: arn }));
    if (!DatasetDescription.Status.endsWith("IN_PROGRESS")) return DatasetDescription;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
const { ProjectArn } = await client.send(new CreateProjectCommand({ ProjectName: "javascript" }));
const { DatasetArn } = await client.send(new CreateDatasetCommand({ ProjectArn, DatasetType: "TRAIN" }));
await done(DatasetArn);
const GroundTruth = new TextEncoder().encode(process.argv[2]);
await client.send(new UpdateDatasetEntriesCommand({ DatasetArn, Changes: { GroundTruth } }));
const described = await done(DatasetArn);
const entries = [];
for await (const page of paginateListDatasetEntries({ client, pageSize: 2 }, { DatasetArn, Labeled: true }))
  entries.push(...page.DatasetEntries);
await client.send(new TagResourceCommand({ ResourceArn: DatasetArn, Tags: { team: "line 7" } }));
const { Tags } = await client.send(new ListTagsForResourceCommand({ ResourceArn: DatasetArn }));
let refused;
try {
  await client.send(new CreateProjectCommand({ ProjectName: "javascript" }));
} catch (error) {
  refused = error.name;
}
await client.send(new DeleteDatasetCommand({ DatasetArn }));
const { Status, LastUpdatedTimestamp } = described;
console.log(JSON.stringify({ Status, dated: LastUpdatedTimestamp instanceof Date, entries, Tags, refused }));
"""


LIFE = """
import {
  CloudFormationClient, CreateStackCommand, DeleteStackCommand, DescribeStackResourceCommand,
  waitUntilStackCreateComplete, waitUntilStackDeleteComplete,
} from "@aws-sdk/client-cloudformation";
import { DynamoDBClient, ListTablesCommand, PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { S3Client, DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { SQSClient, GetQueueAttributesCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
const stacks = new CloudFormationClient({}), tables = new DynamoDBClient({}), sqs = new SQSClient({});
const s3 = new S3Client({ forcePathStyle: true }), StackName = "line", waiting = { maxWaitTime: 60, minDelay: 1 };
await stacks.send(new CreateStackCommand({ StackName, TemplateBody: process.argv[2] }));
await waitUntilStackCreateComplete({ client: stacks, ...waiting }, { StackName });
await s3.send(new PutObjectCommand({ Bucket: "images-of-the-line", Key: "a b.jpg", Body: "x" }));
const Entries = [{ Source: "line", DetailType: "seen", Detail: "{}" }];
await new EventBridgeClient({}).send(new PutEventsCommand({ Entries }));
const asked = { StackName, LogicalResourceId: "Work" };
const { StackResourceDetail } = await stacks.send(new DescribeStackResourceCommand(asked));
const QueueUrl = StackResourceDetail.PhysicalResourceId;
await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "hello" }));
let count = 0;
for (let turn = 0; turn < 120 && count < 4; turn++) {
  count = (await tables.send(new ScanCommand({ TableName: "parts" }))).Count;
  await new Promise((resolve) => setTimeout(resolve, 250));
}
const claim = { TableName: "parts", Item: { k: { S: "claimed" } }, ConditionExpression: "attribute_not_exists(k)" };
await tables.send(new PutItemCommand(claim));
let held;
try {
  await tables.send(new PutItemCommand({ ...claim, ReturnValuesOnConditionCheckFailure: "ALL_OLD" }));
} catch (error) {
  held = [error.name, error.Item.k.S];
}
const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
await s3.send(new DeleteObjectCommand({ Bucket: "images-of-the-line", Key: "a b.jpg" }));
await stacks.send(new DeleteStackCommand({ StackName }));
await waitUntilStackDeleteComplete({ client: stacks, ...waiting }, { StackName });
const { TableNames } = await tables.send(new ListTablesCommand({}));
console.log(JSON.stringify({ count, held, hidden: Attributes.VisibilityTimeout, TableNames }));
"""

CLIENTS = ("cloudformation", "dynamodb", "eventbridge", "rekognition", "s3", "sqs")


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which Node finds the SDK."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs Node and npm")
    folder = tmp_path_factory.mktemp("node")
    command = [
        npm,
        "install",
        "--no-audit",
        "--no-fund",
        "--silent",
        *(f"@aws-sdk/client-{name}@3" for name in CLIENTS),
    ]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=100)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip("the SDK cannot be had from npm here")
    return folder


def run(service: Service, sdk: Path, script: str, argument: str) -> Any:
    """What a script prints, given an argument."""
    (sdk / "script.mjs").write_text(script)
    done = subprocess.run(
        ["node", "script.mjs", argument],
        cwd=sdk,
        env={
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": service.endpoint_url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": service.key,
            "AWS_SECRET_ACCESS_KEY": "any",
        },
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def kind(tmp_path: Path) -> Iterator[Service]:
    """A service that answers at once, and any key: the flow reads what it has just written."""
    started = connect(tmp_path / "state", pace=address.FAST)
    started.s3.create_bucket(Bucket=BUCKET)
    yield started
    address.stop(started.state)


@pytest.mark.around
def test_the_javascript_sdk_goes_through_a_flow_of_its_own(kind: Service, sdk: Path) -> None:
    lines = [entry_line(f"s3://{BUCKET}/js/{number}.jpg", ("ok",)) for number in range(5)]
    text = b"".join([*lines, entry_line(f"s3://{BUCKET}/js/new.jpg", ())]).decode()
    found = run(kind, sdk, FLOW, text)
    assert (found["Status"], found["dated"]) == ("UPDATE_COMPLETE", True)
    assert [json.loads(one)["source-ref"][-5] for one in found["entries"]] == list("01234")
    assert found["Tags"] == {"team": "line 7"}
    assert found["refused"] == "ResourceInUseException"


@pytest.mark.around
def test_a_stack_lives_its_whole_life_by_the_javascript_sdk(kind: Service, sdk: Path) -> None:
    assert run(kind, sdk, LIFE, template()) == {
        "count": 4,
        "held": ["ConditionalCheckFailedException", "claimed"],
        "hidden": "30",
        "TableNames": [],
    }
