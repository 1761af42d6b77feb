"""Versions logged on an MLflow server, and its registered model's champion; only `server` imports mlflow."""

__all__ = ["keeping", "server"]
