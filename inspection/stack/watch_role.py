"""What the role of the hourly function may do: read results, ask the project's versions, tell the topic, and no more.

Source: Service Authorization Reference, "Actions, resources, and condition keys" of each service.
"""

from collections.abc import Sequence
from typing import Any

from customlabels.aws.stacks.statements import IN_TEMPLATE, Statement, allow, objects, sub
from customlabels.core.addresses import S3Address
from customlabels.inspection.stack.roles import looking, using_keys


def watch_statements(
    name: str,
    topic: Any,
    *,
    table: str,
    results: tuple[str, str],
    golden: S3Address | None,
    keys: Sequence[str],
) -> list[Statement]:
    """What the function may do that looks every hour whether production has changed.

    Parameters
    ----------
    name : the project's
    topic : ARN, or a reference to it
    table : name of the results table
    results : bucket and prefix where trainings leave their evaluations
    golden : where golden images lie
    keys : KMS keys of the buckets that it reads
    """
    site = IN_TEMPLATE
    read = [objects(site, *results)]
    if golden is not None:
        read.append(site.arn("s3", f"{golden.bucket}/{golden.key}"))
    tables = [site.arn("dynamodb", f"table/{table}"), site.arn("dynamodb", f"table/{table}/index/*")]
    return [
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], [sub("${WatchLog.Arn}")]),
        *looking(name, table, ()),
        allow(["dynamodb:BatchGetItem", "dynamodb:Query"], tables),
        allow(["s3:GetObject"], read),
        allow(["sns:Publish"], [topic]),
        *using_keys(keys),
    ]
