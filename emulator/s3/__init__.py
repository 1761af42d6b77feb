"""S3: objects kept on disk."""

__all__ = ["bodies", "keys", "notifications", "objects", "offered", "owners"]
