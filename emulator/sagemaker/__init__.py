"""SageMaker: pipelines that really run, and packages of models."""

__all__ = ["executions", "model_packages", "tokens"]
