"""What a project's dataset holds, noted with it: by a tag, and where datasets take none, by an object beside manifests.

AWS's references disagree on whether a dataset may be tagged (the operations' pages name models alone, the IAM reference
names datasets too). Both notes are read; where they differ, what the dataset holds is not known.
Light: functions use it too.
"""

from typing import TYPE_CHECKING

from customlabels.aws.clients import explained
from customlabels.aws.s3 import put
from customlabels.aws.s3_reading import get_if_there
from customlabels.core.addresses import S3Address, join_key
from customlabels.core.errors import ServiceError
from customlabels.pipelines.training.ticket import DATASET_TAG, Ticket

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_s3 import S3Client

REFUSED = frozenset(
    {
        *("AccessDeniedException", "InvalidParameterException", "ValidationException"),
        *("ResourceNotFoundException", "UnknownOperationException"),
    }
)
"""What a service that tags no datasets may answer; which, nobody has seen."""


def mark_address(manifests: S3Address, side: str, dataset_arn: str) -> S3Address:
    """Where the object is that tells what a dataset holds; a dataset that is made anew has another.

    Parameters
    ----------
    manifests : the folder of the project's manifests
    """
    name = f"dataset-{dataset_arn.rpartition('/')[2]}.digest"
    return S3Address(manifests.bucket, join_key(manifests.key, side, name))


def manifests_of(ticket: Ticket) -> S3Address:
    """The folder of the manifests of the ticket's project."""
    return S3Address(ticket.bucket, join_key(ticket.output.removesuffix(f"output/{ticket.version}"), "manifests"))


def read_mark(rekognition: "RekognitionClient", s3: "S3Client", dataset_arn: str, address: S3Address) -> str:
    """The digest that the dataset was marked with; empty where it has none, or two that differ."""
    tag = ""
    try:
        with explained("reading the dataset's tags"):
            tag = rekognition.list_tags_for_resource(ResourceArn=dataset_arn)["Tags"].get(DATASET_TAG, "")
    except ServiceError as error:
        if error.code not in REFUSED:
            raise
    try:
        body = get_if_there(s3, address)
    except ServiceError as error:
        # Without the right to list, S3 answers so for what is not there; the tag is enough.
        if not tag or error.code not in {"AccessDenied", "403"}:
            raise
        body = None
    written = body.decode(errors="replace") if body is not None else ""
    return tag if tag == written or not written else (written if not tag else "")


def write_mark(
    rekognition: "RekognitionClient",
    s3: "S3Client",
    dataset_arn: str,
    address: S3Address,
    digest: str,
    *,
    kms_key: str | None,
) -> None:
    """Notes what the dataset holds."""
    try:
        with explained("tagging the dataset"):
            rekognition.tag_resource(ResourceArn=dataset_arn, Tags={DATASET_TAG: digest})
    except ServiceError as error:
        if error.code not in REFUSED:
            raise
        put(s3, address, digest.encode(), kms_key=kms_key, content_type="text/plain")
