"""The Lambda functions of a schedule; their zip holds what `handlers` imports, and nothing else."""

__all__ = ["again", "messages", "observation", "queues"]
