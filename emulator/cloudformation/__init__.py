"""CloudFormation made whole: stacks that fail, change and go as AWS's do, and the types that moto lacks."""

__all__ = ["stacks"]
