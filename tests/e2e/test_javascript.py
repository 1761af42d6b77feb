"""The JavaScript SDK as it comes, pointed at the local service by AWS_ENDPOINT_URL."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
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


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which Node finds the SDK."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs Node and npm")
    folder = tmp_path_factory.mktemp("node")
    command = [npm, "install", "--no-audit", "--no-fund", "--silent", "@aws-sdk/client-rekognition@3"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=100)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip("the SDK cannot be had from npm here")
    return folder


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
    (sdk / "flow.mjs").write_text(FLOW)
    done = subprocess.run(
        ["node", "flow.mjs", b"".join([*lines, entry_line(f"s3://{BUCKET}/js/new.jpg", ())]).decode()],
        cwd=sdk,
        env={
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": kind.endpoint_url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
        },
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["Status"], found["dated"]) == ("UPDATE_COMPLETE", True)
    assert [json.loads(one)["source-ref"][-5] for one in found["entries"]] == list("01234")
    assert found["Tags"] == {"team": "line 7"}
    assert found["refused"] == "ResourceInUseException"
