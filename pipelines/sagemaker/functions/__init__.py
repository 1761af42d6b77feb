"""The Lambda functions of the pipeline's steps."""

__all__ = ["promotion_step"]
