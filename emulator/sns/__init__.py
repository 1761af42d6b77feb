"""SNS: what topics hand to functions."""

__all__ = ["subscriptions"]
