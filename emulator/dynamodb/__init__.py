"""DynamoDB: tables that answer about a key without looking at every item."""

__all__ = ["tables"]
