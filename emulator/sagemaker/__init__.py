"""SageMaker: pipelines that really run, and packages of models."""
