"""AWS as every room uses it.

`clients` makes the clients, `refusals` turns what AWS refuses into sentences; `s3` is the one way to objects and
`s3_reading` to their bytes, `s3_folders` tells what an address means, `many_puts` is the quick one for many that are
put; `parameters` is for SSM parameters, `topics` for SNS, `queues` counts messages, `metric_queries` asks CloudWatch,
`ranges` reads parts of objects, `bucket` looks at the bucket that a run works in; `kinesis_video` is for its streams;
`function_log` is what Lambda functions say; `unaided` does without an account; `stacks` deploys.
"""

__all__ = [
    "bucket",
    "clients",
    "function_log",
    "kinesis_video",
    "many_puts",
    "metric_queries",
    "parameters",
    "queues",
    "ranges",
    "refusals",
    "regions",
    "s3",
    "s3_folders",
    "s3_reading",
    "topics",
    "unaided",
]
