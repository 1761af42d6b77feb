"""What a printed policy is for, and what every stack's takes. Pure."""

from dataclasses import dataclass
from typing import Any

from customlabels.aws.stacks.statements import Arn, Site, Statement, allow, key, objects, project
from customlabels.aws.stacks.statements import bucket as bucket_arn

Policy = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a policy is for: whose project, in which region, with which bucket and folder, keys and listeners."""

    account: str
    region: str
    project: str
    bucket: str
    prefix: str
    kms_key: str | None = None
    topic: str | None = None
    event_bus: str | None = None
    images: str | None = None
    """s3://bucket/folder of images that are trained on where they lie."""
    watched: str | None = None
    """s3://bucket/folder of images that are inspected as they arrive."""
    defects_to: str | None = None
    """s3://bucket/folder where defective images go."""
    archives: tuple[str, ...] = ()
    """s3://bucket/folder of images beside those that batches may look at, too."""
    stream: str | None = None
    """Name of the stream of Kinesis Video that writes those images."""
    packages: str | None = None
    """Name of the model package group that follows the champion."""
    job_role: str | None = None
    """The role as which Rekognition tells that a job on a video is done."""
    job_queue: str | None = None
    """The URL of the queue that hears it."""
    to_project: str | None = None
    """Where copies go, in this account; another account gets a policy of its own."""

    @property
    def site(self) -> Site:
        return Site(self.region, self.account)

    @property
    def own(self) -> Arn:
        """The project, and all that is in it."""
        return project(self.site, self.project)

    @property
    def bucket_arn(self) -> Arn:
        return bucket_arn(self.site, self.bucket)

    @property
    def folder(self) -> Arn:
        return objects(self.site, self.bucket, self.prefix)


def stack_code(scope: Scope, folder: str) -> list[Statement]:
    """What putting a stack's code into the bucket and having it read there take."""
    below = objects(scope.site, scope.bucket, "/".join(filter(None, (scope.prefix.strip("/"), scope.project, folder))))
    return [
        allow(["s3:ListBucket"], [scope.bucket_arn], sid="Bucket"),
        allow(["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], [below], sid="Code"),
        *key(scope.site, scope.kms_key, writes=True, sid="Key"),
    ]
