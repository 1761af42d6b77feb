"""`customlabels versions list` with 100 versions, beside the AWS CLI's own listing: python benchmarks/versions.py"""

import os
import tempfile
from pathlib import Path

import boto3
from detection import BUCKET, trained
from timing import compare, customlabels, peer

from customlabels.core.waiting import wait_for
from customlabels.emulator.server import address
from customlabels.emulator.testing import local_service

VERSIONS = 100


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        local_service(Path(folder, "state"), address.Pace(scale=0.001)) as endpoint,
    ):
        version = trained(Path(folder))
        rekognition = boto3.client("rekognition")
        project = rekognition.describe_projects()["ProjectDescriptions"][0]["ProjectArn"]
        for number in range(1, VERSIONS):
            copy = rekognition.copy_project_version(
                SourceProjectArn=project,
                SourceProjectVersionArn=version,
                DestinationProjectArn=project,
                VersionName=f"v{number}",
                OutputConfig={"S3Bucket": BUCKET, "S3KeyPrefix": f"copy-{number}"},
            )["ProjectVersionArn"]
            name = copy.split("/")[3]

            def copied(name: str = name) -> bool | None:
                (description,) = rekognition.describe_project_versions(ProjectArn=project, VersionNames=[name])[
                    "ProjectVersionDescriptions"
                ]
                return True if description["Status"] == "COPYING_COMPLETED" else None

            wait_for(copied, what="copy", most=60)
        os.environ["AWS_ENDPOINT_URL"] = endpoint
        compare(
            f"versions list, {VERSIONS} versions",
            customlabels("versions", "list", "--project", "bench", "--endpoint-url", endpoint, "--region", "us-east-1"),
            {
                "aws rekognition describe-project-versions": peer(
                    "aws", "rekognition", "describe-project-versions", "--project-arn", project
                )
            },
        )


if __name__ == "__main__":
    main()
