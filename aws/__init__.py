"""AWS as every room uses it.

`clients` makes the clients and turns what AWS refuses into sentences; `s3` is the one way to objects, `parameters` to
SSM parameters, `topics` to SNS, `bucket` looks at the bucket that a run works in; `stacks` deploys.
"""

__all__ = ["bucket", "clients", "parameters", "regions", "s3", "topics"]
