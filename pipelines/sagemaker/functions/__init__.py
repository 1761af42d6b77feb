"""The Lambda functions of the pipeline's steps."""
